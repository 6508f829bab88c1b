"""Play given levels with an unedited and an edited actor, and write down every step."""

import argparse
from pathlib import Path

from goalsplice.agent.checkpoint import load_checkpoint
from goalsplice.agent.continuation import load_actor
from goalsplice.agent.numerics import prepare_process
from goalsplice.agent.recipe import Recipe
from goalsplice.cli.common import parse
from goalsplice.experiments.behaviour import record
from goalsplice.io.errors import run
from goalsplice.io.tables import write_table
from goalsplice.world.vocabulary import THIRD_KEY_COLOURS


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--arm", required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--phase", type=int, required=True)
    parser.add_argument("--checkpoint", type=Path, required=True, help="the unedited agent's")
    parser.add_argument("--edited", type=Path, required=True, help="the edited actor, of the same run and phase")
    parser.add_argument("--recipe", type=Recipe.from_json, required=True, help="as JSON")
    parser.add_argument("--layouts", choices=THIRD_KEY_COLOURS, default="three_colours", help="of the levels")
    parser.add_argument("--levels-seed", type=int, required=True, help="where levels are drawn from")
    parser.add_argument("--level", type=int, nargs="+", required=True, help="number of the level, from 0, or several")
    parser.add_argument("--policy", choices=["sampling", "greedy"], default="sampling", help="how actions follow")
    parser.add_argument("--schemas", required=True, help="workflow/schemas/tables.yaml")
    parser.add_argument("--output", required=True, help="where the behaviour table goes")
    options = parse(parser)
    recipe = options.recipe
    prepare_process()

    wanted_run = {"arm": options.arm, "seed": options.seed, "phase": options.phase}
    agent, header = load_checkpoint(options.checkpoint, recipe, **wanted_run)
    edited, _ = load_actor(options.edited, recipe, **wanted_run)
    actors = {"unedited": agent.actor.state_dict(), "edited": edited}
    frame = record(actors, recipe, options.layouts, options.level, options.levels_seed, options.policy)
    wanted = {"arm": header.arm, "seed": header.seed, "phase": header.phase, "wanted": header.objective}
    write_table(options.output, frame.assign(**wanted), options.schemas, "behaviour")


if __name__ == "__main__":
    run(main)
