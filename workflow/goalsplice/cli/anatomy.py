"""Take apart the differences between neighbouring phases' actors of one training run."""

import argparse
from itertools import pairwise

import pandas as pd

from goalsplice.agent.checkpoint import load_checkpoint
from goalsplice.agent.numerics import prepare_process
from goalsplice.agent.recipe import Recipe
from goalsplice.agent.seeding import generator
from goalsplice.cli.common import parse
from goalsplice.experiments.anatomy import anatomy
from goalsplice.experiments.exchange import exchanges
from goalsplice.io.errors import run
from goalsplice.io.frames import write_frame


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--arm", required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--recipe", type=Recipe.from_json, required=True, help="as JSON")
    parser.add_argument("--checkpoints", nargs="+", required=True, help="each phase's checkpoint, in order")
    parser.add_argument("--anatomy-output", required=True, help="where the anatomy table goes")
    parser.add_argument("--exchanges-output", required=True, help="where the exchanges table goes")
    options = parse(parser)
    prepare_process()
    recipe = options.recipe

    loaded = [
        load_checkpoint(path, recipe, arm=options.arm, seed=options.seed, phase=phase)
        for phase, path in enumerate(options.checkpoints)
    ]
    parts, swaps = [], []
    for (recipient, before), (donor, after) in pairwise(loaded):
        pair = {
            "recipient_phase": before.phase,
            "donor_phase": after.phase,
            "recipient_objective": before.objective,
            "donor_objective": after.objective,
        }
        actors = recipient.actor.state_dict(), donor.actor.state_dict()
        numbers = generator(options.arm, options.seed, "anatomy", before.phase)
        parts += [{**pair, **row} for row in anatomy(*actors, recipe.world, numbers)]
        swaps += [{**pair, **row} for row in exchanges(*actors, recipe.world)]
    write_frame(options.anatomy_output, pd.DataFrame(parts))
    write_frame(options.exchanges_output, pd.DataFrame(swaps))


if __name__ == "__main__":
    run(main)
