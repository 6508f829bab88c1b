"""Evaluate all checkpoints of one training run on fixed levels."""

import argparse
import json

import pandas as pd

from goalsplice.agent.checkpoint import load_checkpoint
from goalsplice.agent.numerics import prepare_process
from goalsplice.agent.recipe import Recipe
from goalsplice.cli.common import parse
from goalsplice.experiments.evaluation import evaluate, levels
from goalsplice.io.errors import run
from goalsplice.io.frames import write_frame


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--arm", required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--recipe", type=Recipe.from_json, required=True, help="as JSON")
    parser.add_argument("--evaluation", type=json.loads, required=True, help="config.yaml's evaluation, as JSON")
    parser.add_argument("--checkpoints", nargs="+", required=True, help="each phase's checkpoint, in order")
    parser.add_argument("--output", required=True, help="where the evaluation table goes")
    options = parse(parser)
    prepare_process()
    recipe, settings = options.recipe, options.evaluation

    drawn = {
        layouts: levels(layouts, settings["levels"], settings["seed"], recipe.grid_size)
        for layouts in settings["layouts"]
    }
    rows = []
    for phase, path in enumerate(options.checkpoints):
        agent, header = load_checkpoint(path, recipe, arm=options.arm, seed=options.seed, phase=phase)
        for layouts, on in drawn.items():
            for policy in settings["policies"]:
                rows.append(
                    {
                        "phase": phase,
                        "objective": header.objective,
                        "layouts": layouts,
                        "policy": policy,
                        "levels": settings["levels"],
                        **evaluate(agent.actor.state_dict(), recipe, on, policy),
                    }
                )
    write_frame(options.output, pd.DataFrame(rows))


if __name__ == "__main__":
    run(main)
