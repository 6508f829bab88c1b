"""Splice parts of neighbouring phases' actors into each other, and test what comes out."""

import argparse
import json
from pathlib import Path

import pandas as pd

from goalsplice.agent.checkpoint import load_checkpoint
from goalsplice.agent.recipe import Recipe
from goalsplice.edits.layers import layer_splices
from goalsplice.errors import run
from goalsplice.frames import write_frame
from goalsplice.measure.evaluation import evaluate, levels

NO_CONTROL = "none"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--arm", required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--recipe", type=Recipe.from_json, required=True, help="as JSON")
    parser.add_argument("--splices", type=json.loads, required=True, help="config.yaml's splices, as JSON")
    parser.add_argument("--levels-seed", type=int, required=True, help="where levels are drawn from")
    parser.add_argument("--phases", type=int, nargs="+", required=True, help="phases of --checkpoints")
    parser.add_argument("--checkpoints", type=Path, nargs="+", required=True, help="those phases' checkpoints")
    parser.add_argument("--output", required=True, help="where the splices table goes")
    options = parser.parse_args()
    recipe, settings = options.recipe, options.splices

    on = levels(settings["layouts"], settings["levels"], options.levels_seed, recipe.grid_size)
    loaded = {
        phase: load_checkpoint(path, recipe, arm=options.arm, seed=options.seed, phase=phase)
        for phase, path in zip(options.phases, options.checkpoints, strict=True)
    }
    rows = []
    for first, second in settings["pairs"]:
        for recipient_phase, donor_phase in ((first, second), (second, first)):
            (recipient, recipient_header), (donor, donor_header) = loaded[recipient_phase], loaded[donor_phase]
            for edit in layer_splices(recipient.actor.state_dict(), donor.actor.state_dict()):
                rows.append(
                    {
                        "recipient_phase": recipient_phase,
                        "donor_phase": donor_phase,
                        "recipient_objective": recipient_header.objective,
                        "donor_objective": donor_header.objective,
                        "family": edit.family,
                        "edit": edit.name,
                        "control": NO_CONTROL,
                        "draw": 0,
                        "size": edit.size,
                        "layouts": settings["layouts"],
                        "policy": settings["policy"],
                        "levels": settings["levels"],
                        **evaluate(edit.weights, recipe, on, settings["policy"]),
                    }
                )
    write_frame(options.output, pd.DataFrame(rows))


if __name__ == "__main__":
    run(main)
