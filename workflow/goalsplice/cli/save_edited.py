"""Save a checkpoint's actor with the chosen edit for the new colour, in a file like a checkpoint's."""

import argparse
import json
from dataclasses import replace
from pathlib import Path

from goalsplice.agent.checkpoint import load_checkpoint
from goalsplice.agent.continuation import save_actor
from goalsplice.agent.numerics import prepare_process
from goalsplice.agent.recipe import Recipe
from goalsplice.cli.common import parse
from goalsplice.cli.retarget import MAIN, settings_of
from goalsplice.edits.least_squares import seen
from goalsplice.edits.retargets import Subject, below, few_weights
from goalsplice.io.errors import run


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--arm", required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--phase", type=int, required=True)
    parser.add_argument("--checkpoint", type=Path, required=True)
    parser.add_argument("--recipe", type=Recipe.from_json, required=True, help="as JSON")
    parser.add_argument("--retargets", type=json.loads, required=True, help="config.yaml's retargets, as JSON")
    parser.add_argument("--output", required=True, help="where the edited actor goes")
    options = parse(parser)
    prepare_process()
    recipe, settings = options.recipe, settings_of(options.retargets, options.recipe.encoding)
    agent, header = load_checkpoint(options.checkpoint, recipe, arm=options.arm, seed=options.seed, phase=options.phase)
    actor = agent.actor.state_dict()
    key = (header.arm, header.seed, header.phase)
    met = seen(actor, recipe, MAIN, key)
    subject = Subject(actor, header.objective, header.objective, met, None, (), None, None, key)
    edit = few_weights if recipe.encoding == "onehot" else below
    agent.actor.load_state_dict(edit(subject, recipe, settings))
    save_actor(options.output, agent, replace(header, objective=settings.target))


if __name__ == "__main__":
    run(main)
