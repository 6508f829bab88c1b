"""What all stages share: how they take their arguments."""

import argparse
import json

from goalsplice.io.provenance import begin


def parse(parser: argparse.ArgumentParser) -> argparse.Namespace:
    """A stage's arguments from the command line. Whatever it writes from now on says what made it."""
    parser.add_argument(
        "--made", type=json.loads, help="modules and settings behind the outputs, as JSON, from the rule"
    )
    options = parser.parse_args()
    recipe = getattr(options, "recipe", None)
    begin(
        options.made, getattr(options, "arm", None), getattr(options, "seed", None), recipe.digest() if recipe else None
    )
    return options
