"""Checkpoints fine-tuned on another objective, evaluated after each rollout: rows of the finetuning table."""

from collections.abc import Iterator
from dataclasses import replace
from math import nan
from typing import NamedTuple

import torch

from goalsplice.agent.finetuning import finetune
from goalsplice.agent.network import Agent, Weights
from goalsplice.agent.runs import Run
from goalsplice.edits.delta import WeightDelta
from goalsplice.experiments.evaluation import evaluate, shares_of
from goalsplice.io.errors import StudyError
from goalsplice.settings.labels import NEW, TRAINED
from goalsplice.settings.schedule import objective_of
from goalsplice.settings.sections import FineTuning
from goalsplice.world.simulator import Worlds


def movement(origin: Weights, actor: Weights) -> dict[str, float]:
    """How far an actor moved, as the finetuning table has it: distance, layer1_variance_share, layer1_effective_rank.

    The latter two are NaN where it did not move.
    """
    delta = WeightDelta(origin, actor)
    return {
        "distance": delta.norm,
        "layer1_variance_share": delta.layer_share("layer1"),
        "layer1_effective_rank": delta.effective_rank("layer1.weight"),
    }


class Tuned(NamedTuple):
    """A checkpoint after some rollouts on another objective.

    Attributes:
        row: of the finetuning table but for arm and seed.
        agent: changes when the iteration goes on.
        seconds: that the rollout and its update took.
    """

    row: dict
    agent: Agent
    seconds: float


def objectives_of(run: Run, phase: int, target: str) -> list[str]:
    """What a phase's checkpoint is fine-tuned on: the target, and the next phase's objective if it is another one.

    Raises:
        StudyError: the recipe trains on the target itself.
    """
    recipe = run.recipe
    if target in recipe.objectives:
        raise StudyError(
            f"the recipe's objectives name {target}, which is new to no checkpoint then; leave this arm out"
        )
    now, following = (objective_of(recipe.schedule, one, recipe.objectives, run.seed) for one in (phase, phase + 1))
    return [target] if following == now else [target, following]


def finetuned(
    run: Run, phase: int, objective: str, settings: FineTuning, on: Worlds, device: torch.device
) -> Iterator[Tuned]:
    """Fine-tune a checkpoint on an objective: first as it is, then after each rollout.

    Args:
        run: the checkpoint's; it stays as it is.
        phase: the checkpoint's.
        objective: which colour pays.
        settings: for how long, on what, and what the actors are tested on.
        on: the levels of the tests.
        device: where the networks are updated.
    """
    origin = run.checkpoints[phase]
    recipe = replace(run.recipe, level_distribution=settings.training_level_distribution)

    def row(rollout: int, training_return: float, actor: Weights) -> dict:
        measured = evaluate(actor, recipe, on, settings.action_selection)
        return {
            "phase": phase,
            "wanted": origin.objective,
            "objective": objective,
            "towards": TRAINED if objective in recipe.objectives else NEW,
            "training_level_distribution": settings.training_level_distribution,
            "level_distribution": settings.level_distribution,
            "action_selection": settings.action_selection,
            "rollout": rollout,
            "training_return": training_return,
            **shares_of(measured, objective=objective),
            "return_objective": measured[f"return_{objective}"],
            **measured,
            **movement(origin.actor, actor),
        }

    yield Tuned(row(0, nan, origin.actor), origin.agent, 0.0)
    key = (run.arm, run.seed, phase, objective)
    for progress in finetune(origin.agent, recipe, *key, settings.rollouts, device):
        trained, actor = progress.row, progress.agent.actor.state_dict()
        yield Tuned(row(trained["rollout"], trained["mean_return"], actor), progress.agent, progress.seconds)
