"""Compare the directions in which neighbouring phases' actors differ: the same switches in every two runs of an arm."""

import argparse
import json
from itertools import product

import pandas as pd

from goalsplice.agent.checkpoint import load_checkpoint
from goalsplice.agent.recipe import Recipe
from goalsplice.agent.schedule import objective_of
from goalsplice.errors import run
from goalsplice.measure.directions import BETWEEN_COLUMNS, COSINE_COLUMNS, between_runs
from goalsplice.measure.tables import write_table


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--recipes", type=json.loads, required=True, help="each arm's recipe, as JSON")
    parser.add_argument("--seeds", type=int, nargs="+", required=True)
    parser.add_argument("--phases", type=int, nargs="+", required=True, help="neighbouring ones, in order")
    parser.add_argument(
        "--checkpoints", nargs="+", required=True, help="of each arm, in it of each seed, in it of each phase"
    )
    parser.add_argument("--schemas", required=True, help="workflow/schemas/tables.yaml")
    parser.add_argument("--output", required=True, help="where the directions_between_runs table goes")
    options = parser.parse_args()

    actors = {}
    runs = list(product(options.recipes, options.seeds, options.phases))
    for (arm, seed, phase), path in zip(runs, options.checkpoints, strict=True):
        recipe = Recipe.from_json(json.dumps(options.recipes[arm]))
        agent, _ = load_checkpoint(path, recipe, arm=arm, seed=seed, phase=phase)
        actors[arm, seed, phase] = agent.actor.state_dict()
    rows = []
    for arm, recipe in options.recipes.items():
        objectives = [objective_of(recipe["schedule"], phase, tuple(recipe["objectives"])) for phase in options.phases]
        of_arm = {seed: [actors[arm, seed, phase] for phase in options.phases] for seed in options.seeds}
        rows += [{"arm": arm, **row} for row in between_runs(of_arm, options.phases, objectives, arm)]
    # Named, since a study of one seed has nothing to compare and so no rows.
    table = pd.DataFrame(rows, columns=["arm", *BETWEEN_COLUMNS, *COSINE_COLUMNS])
    write_table(options.output, table, options.schemas, "directions_between_runs")


if __name__ == "__main__":
    run(main)
