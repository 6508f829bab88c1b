"""Compare the directions in which neighbouring phases' actors differ: all pairs of switches of one training run."""

import argparse

import pandas as pd

from goalsplice.agent.checkpoint import load_checkpoint
from goalsplice.agent.recipe import Recipe
from goalsplice.cli.common import parse
from goalsplice.experiments.directions import COSINE_COLUMNS, WITHIN_COLUMNS, within_run
from goalsplice.io.errors import run
from goalsplice.io.frames import write_frame


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--arm", required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--recipe", type=Recipe.from_json, required=True, help="as JSON")
    parser.add_argument("--checkpoints", nargs="+", required=True, help="each phase's checkpoint, in order")
    parser.add_argument("--output", required=True, help="where the directions table goes")
    options = parse(parser)

    actors, objectives = [], []
    for phase, path in enumerate(options.checkpoints):
        agent, header = load_checkpoint(path, options.recipe, arm=options.arm, seed=options.seed, phase=phase)
        actors.append(agent.actor.state_dict())
        objectives.append(header.objective)
    rows = within_run(actors, objectives, options.arm, options.seed)
    # Named, since a run of two phases has but one difference and so no rows.
    write_frame(options.output, pd.DataFrame(rows, columns=[*WITHIN_COLUMNS, *COSINE_COLUMNS]))


if __name__ == "__main__":
    run(main)
