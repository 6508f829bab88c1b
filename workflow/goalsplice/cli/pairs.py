"""What the stages that score edits share: their arguments, a run's pairs of checkpoints, and the levels."""

import argparse
import json
from collections.abc import Iterator
from pathlib import Path

import torch

from goalsplice.agent.checkpoint import load_checkpoint
from goalsplice.agent.network import Agent
from goalsplice.agent.recipe import Recipe
from goalsplice.agent.seeding import sequence
from goalsplice.edits.attribution import observations
from goalsplice.edits.edit import Weights
from goalsplice.experiments.evaluation import levels
from goalsplice.experiments.scoring import Levels, Pair, first
from goalsplice.settings.study import same_goal_phase


def arguments(description: str | None) -> argparse.ArgumentParser:
    """The arguments that name the run, its checkpoints and those that stand in for donors, and the settings."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--arm", required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--recipe", type=Recipe.from_json, required=True, help="as JSON")
    parser.add_argument("--splices", type=json.loads, required=True, help="config.yaml's splices, as JSON")
    parser.add_argument("--levels-seed", type=int, required=True, help="where levels are drawn from")
    parser.add_argument("--phases", type=int, nargs="+", required=True, help="phases of --checkpoints")
    parser.add_argument("--checkpoints", type=Path, nargs="+", required=True, help="those phases' checkpoints")
    parser.add_argument("--other-seed", type=int, help="the run of --other-checkpoints")
    parser.add_argument("--other-checkpoints", type=Path, nargs="*", default=[], help="the same phases of another run")
    return parser


def untrained(recipe: Recipe, arm: str, seed: int) -> Weights:
    """An actor of the run's shape that never learned anything."""
    weights = torch.Generator().manual_seed(int(sequence(arm, seed, "untrained").generate_state(1)[0]))
    return Agent(recipe.world.inputs, recipe.hidden_size, weights).actor.state_dict()


def _actors(options: argparse.Namespace, seed: int, paths: list[Path]) -> tuple[dict[int, Weights], dict[int, str]]:
    """Actors and objectives of a run's phases."""
    actors, objectives = {}, {}
    for phase, path in zip(options.phases, paths, strict=True):
        agent, header = load_checkpoint(path, options.recipe, arm=options.arm, seed=seed, phase=phase)
        actors[phase], objectives[phase] = agent.actor.state_dict(), header.objective
    return actors, objectives


def pairs_of_run(options: argparse.Namespace) -> Iterator[tuple[dict, Pair]]:
    """Every pair of the settings in both directions, each after the columns of the splices table that identify it."""
    recipe, settings = options.recipe, options.splices
    run_key = (options.arm, options.seed)
    mine, objectives = _actors(options, options.seed, options.checkpoints)
    others = _actors(options, options.other_seed, options.other_checkpoints)[0] if options.other_checkpoints else {}
    blank = untrained(recipe, *run_key)
    for recipient_phase, donor_phase in (way for pair in settings["pairs"] for way in (pair, pair[::-1])):
        recipient, donor = mine[recipient_phase], mine[donor_phase]
        key = (*run_key, recipient_phase, donor_phase)
        same_goal = mine.get(same_goal_phase(vars(recipe), recipient_phase))
        stand_ins = {"same_goal": same_goal, "other_seed": others.get(donor_phase), "untrained": blank}
        met = observations((recipient, donor), recipe, settings["layouts"], key)
        identity = {
            "recipient_phase": recipient_phase,
            "donor_phase": donor_phase,
            "recipient_objective": objectives[recipient_phase],
            "donor_objective": objectives[donor_phase],
        }
        yield identity, Pair(recipient, donor, met, {name: actor for name, actor in stand_ins.items() if actor}, key)


def levels_of(options: argparse.Namespace) -> Levels:
    """What the settings test networks on: the first levels of the evaluation with the same layouts."""
    settings = options.splices
    every = levels(settings["layouts"], settings["levels"], options.levels_seed, options.recipe.grid_size)
    return Levels(every, first(every, settings["control_levels"]), settings["layouts"], settings["policy"])
