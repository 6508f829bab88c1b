"""Compute the returns that the agents' are read against."""

import argparse

import pandas as pd

from goalsplice.agent.recipe import recipes_from_json
from goalsplice.cli.common import parse
from goalsplice.io.errors import run
from goalsplice.io.tables import write_table
from goalsplice.world.oracle import best_return, colour_blind_return
from goalsplice.world.vocabulary import OBJECTIVES, THIRD_KEY_COLOURS, WRONG_KEY_REWARD


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--recipes", type=recipes_from_json, required=True, help="each arm's, as JSON")
    parser.add_argument("--schemas", required=True, help="workflow/schemas/tables.yaml")
    parser.add_argument("--output", required=True)
    options = parse(parser)
    rows = []
    for arm, recipe in options.recipes.items():
        for level_distribution in THIRD_KEY_COLOURS:
            for objective, colour in zip(OBJECTIVES, recipe.key_colours, strict=True):
                case = (level_distribution, objective, recipe.rules, recipe.grid_size)
                rows.append(
                    {
                        "arm": arm,
                        "level_distribution": level_distribution,
                        "objective": colour,
                        "trained": level_distribution == recipe.level_distribution,
                        "best_return": best_return(*case),
                        "colour_blind_return": colour_blind_return(*case),
                        "wrong_key_return": WRONG_KEY_REWARD,
                    }
                )
    write_table(options.output, pd.DataFrame(rows), options.schemas, "references")


if __name__ == "__main__":
    run(main)
