"""Compare the directions in which neighbouring phases' actors differ: the same switches in two runs of an arm."""

import argparse

import pandas as pd

from goalsplice.agent.recipe import recipes_from_json
from goalsplice.agent.runs import load_run
from goalsplice.cli.common import parse
from goalsplice.experiments.similarity import BETWEEN_COLUMNS, COSINE_COLUMNS, between_runs, differences
from goalsplice.io.errors import run
from goalsplice.io.tables import write_table
from goalsplice.settings.study import compared, neighbours


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--recipes", type=recipes_from_json, required=True, help="each arm's, as JSON")
    parser.add_argument("--seeds", type=int, nargs="+", required=True)
    parser.add_argument("--others", type=int, required=True, help="how many that follow it a run is compared with")
    parser.add_argument("--phases", type=int, nargs="+", required=True, help="the late ones, in order")
    parser.add_argument("--checkpoint", required=True, help="where one is, with {arm}, {seed} and {phase}")
    parser.add_argument("--schemas", required=True, help="workflow/schemas/tables.yaml")
    parser.add_argument("--output", required=True, help="where the similarity_between_runs table goes")
    options = parse(parser)

    pairs, rows = compared(options.seeds, options.others), []
    for arm, recipe in options.recipes.items():
        # One switch at a time, as all checkpoints of hundreds of runs would fill the memory.
        for phases in neighbours(options.phases):
            switch = {}
            for seed in options.seeds:
                paths = [options.checkpoint.format(arm=arm, seed=seed, phase=phase) for phase in phases]
                switch[seed] = differences(load_run(arm, seed, recipe, phases, paths))
            rows += [{"arm": arm, **row} for row in between_runs(switch, pairs, arm, phases[0])]
    # Named, since a study of one seed has nothing to compare and so no rows.
    table = pd.DataFrame(rows, columns=["arm", *BETWEEN_COLUMNS, *COSINE_COLUMNS])
    write_table(options.output, table, options.schemas, "similarity_between_runs")


if __name__ == "__main__":
    run(main)
