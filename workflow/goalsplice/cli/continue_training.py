"""Train a run's checkpoints further, on yellow and on the run's next objective: what it takes to learn a new one."""

import argparse
import json
import sys
from dataclasses import replace
from math import nan
from pathlib import Path
from typing import NamedTuple

import pandas as pd
import torch

from goalsplice.agent.checkpoint import Header, load_checkpoint
from goalsplice.agent.continuation import continue_training, save_actor
from goalsplice.agent.device import DEVICES, resolve
from goalsplice.agent.network import Agent
from goalsplice.agent.numerics import prepare_process
from goalsplice.agent.recipe import Recipe
from goalsplice.cli.common import parse
from goalsplice.experiments.continuation import movement
from goalsplice.experiments.evaluation import evaluate, levels
from goalsplice.io.errors import StudyError, run
from goalsplice.io.frames import write_frame
from goalsplice.settings.schedule import objective_of
from goalsplice.world.simulator import Worlds

NEW = "yellow"
"""The objective that no main arm is trained on."""


def objectives_of(recipe: Recipe, phase: int, seed: int) -> list[str]:
    """What a phase's checkpoint is trained further on: the new objective, and the next phase's if that is another one.

    Raises:
        StudyError: the recipe trains the new objective itself.
    """
    if NEW in recipe.objectives:
        raise StudyError(f"the recipe's objectives name {NEW}, which is new to no checkpoint then; leave this arm out")
    following = objective_of(recipe.schedule, phase + 1, recipe.objectives, seed)
    return [NEW] if following == objective_of(recipe.schedule, phase, recipe.objectives, seed) else [NEW, following]


class Test(NamedTuple):
    """What actors are tested on: levels of `layouts`, and the `policy` that they are played with."""

    on: Worlds
    layouts: str
    policy: str


def table_row(rollout: int, training_return: float, origin: dict, actor: dict, recipe: Recipe, test: Test) -> dict:
    """What the continued table says of an actor; `origin` is the checkpoint's."""
    return {
        "layouts": test.layouts,
        "policy": test.policy,
        "levels": len(test.on.agent),
        "rollout": rollout,
        "training_return": training_return,
        **evaluate(actor, recipe, test.on, test.policy),
        **movement(origin, actor),
    }


def line(row: dict, rollouts: int, seconds: float) -> str:
    """One line of progress for the log."""
    return (
        f"phase {row['phase']}, {row['wanted']} to {row['objective']}  rollout {row['rollout']}/{rollouts}  "
        f"return {row['return_' + row['objective']]:.3f}  distance {row['distance']:.3f}  "
        f"{seconds:.1f} s"
    )


def continued(
    agent: Agent, header: Header, objective: str, recipe: Recipe, rollouts: int, test: Test, device: torch.device
) -> tuple[list[dict], Agent]:
    """Train a checkpoint further on an objective.

    Args:
        agent, header: the checkpoint's; they stay as they are.
        recipe: the run's, with the layouts to train on.
        device: where the networks are updated.

    Returns:
        Rows of the continued table, from the untouched checkpoint on, and the agent at the end.
    """
    origin = agent.actor.state_dict()
    identity = {"phase": header.phase, "wanted": header.objective, "objective": objective}
    identity["training_layouts"] = recipe.layouts
    rows, last = [{**identity, **table_row(0, nan, origin, origin, recipe, test)}], agent
    key = (header.arm, header.seed, header.phase, objective)
    for progress in continue_training(agent, recipe, *key, rollouts, device):
        rollout, last = progress.row["rollout"], progress.agent
        actor = last.actor.state_dict()
        rows.append({**identity, **table_row(rollout, progress.row["mean_return"], origin, actor, recipe, test)})
        print(line(rows[-1], rollouts, progress.seconds), file=sys.stderr, flush=True)
    return rows, last


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--arm", required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--recipe", type=Recipe.from_json, required=True, help="as JSON")
    parser.add_argument("--device", choices=DEVICES, required=True, help="where the networks are updated")
    parser.add_argument(
        "--settings",
        type=json.loads,
        required=True,
        help="as JSON: rollouts, training_layouts, and levels, layouts and policy of the evaluation",
    )
    parser.add_argument("--levels-seed", type=int, required=True, help="where levels are drawn from")
    parser.add_argument("--phases", type=int, nargs="+", required=True, help="phases of --checkpoints")
    parser.add_argument("--checkpoints", type=Path, nargs="+", required=True, help="those phases' checkpoints")
    parser.add_argument("--actors", type=Path, nargs="+", required=True, help="where those trained on yellow go")
    parser.add_argument("--output", required=True, help="where the continued table goes")
    options = parse(parser)
    recipe, settings = options.recipe, options.settings
    prepare_process()
    device = resolve(options.device)

    on = levels(settings["layouts"], settings["levels"], options.levels_seed, recipe.grid_size)
    test = Test(on, settings["layouts"], settings["policy"])
    practice = replace(recipe, layouts=settings["training_layouts"])
    rows = []
    for phase, path, actor_path in zip(options.phases, options.checkpoints, options.actors, strict=True):
        agent, header = load_checkpoint(path, recipe, arm=options.arm, seed=options.seed, phase=phase)
        for objective in objectives_of(recipe, phase, options.seed):
            more, last = continued(agent, header, objective, practice, settings["rollouts"], test, device)
            rows += more
            if objective == NEW:
                save_actor(actor_path, last, replace(header, objective=objective))
    write_frame(options.output, pd.DataFrame(rows))


if __name__ == "__main__":
    run(main)
