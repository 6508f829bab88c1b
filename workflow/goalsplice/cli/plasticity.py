"""Measure how able to learn one run's networks still are at the end of each phase."""

import argparse
from pathlib import Path

import pandas as pd

from goalsplice.agent.checkpoint import load_checkpoint
from goalsplice.agent.numerics import prepare_process
from goalsplice.agent.recipe import Recipe
from goalsplice.cli.common import parse
from goalsplice.edits.attribution import observations
from goalsplice.experiments.plasticity import plasticity
from goalsplice.io.errors import run
from goalsplice.io.frames import write_frame


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--arm", required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--recipe", type=Recipe.from_json, required=True, help="as JSON")
    parser.add_argument("--checkpoints", type=Path, nargs="+", required=True, help="each phase's checkpoint, in order")
    parser.add_argument("--output", required=True, help="where the plasticity table goes")
    options = parse(parser)
    recipe = options.recipe
    prepare_process()

    rows = []
    for phase, path in enumerate(options.checkpoints):
        agent, header = load_checkpoint(path, recipe, arm=options.arm, seed=options.seed, phase=phase)
        key = (options.arm, options.seed, "plasticity", phase)
        met = observations((agent.actor.state_dict(),), recipe, recipe.layouts, key)
        for name, network in (("actor", agent.actor), ("critic", agent.critic)):
            identity = {"phase": phase, "objective": header.objective, "network": name}
            rows += [{**identity, **row} for row in plasticity(network, met.inputs, met.frequency)]
    write_frame(options.output, pd.DataFrame(rows))


if __name__ == "__main__":
    run(main)
