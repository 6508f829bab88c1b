"""Fine-tuning a checkpoint on one objective, such as one that its run was never trained on.

Checkpoints hold actor and critic and nothing else, so Adam starts anew: without moments, its bias corrections as at a
run's start. Within a run Adam's moments live on from phase to phase. So a run's own next phase differs from training
its checkpoint further on the same objective: by Adam's moments, by the episodes and by the draw of the minibatches.
"""

import copy
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from goalsplice.agent.checkpoint import Header, read, save_checkpoint
from goalsplice.agent.network import Agent
from goalsplice.agent.recipe import Recipe
from goalsplice.agent.seeding import sequence
from goalsplice.agent.training import CPU, Progress, learner_of, train_step
from goalsplice.io.errors import StudyError
from goalsplice.world.simulator import create


def finetune(
    agent: Agent,
    recipe: Recipe,
    arm: str,
    seed: int,
    phase: int,
    objective: str,
    rollouts: int,
    device: torch.device = CPU,
) -> Iterator[Progress]:
    """Train a copy of a checkpoint's agent further, and yield after each rollout and its update.

    Args:
        agent: actor and critic of the checkpoint; they stay as they are.
        recipe: as for `training.train`, but for its schedule, objectives and number of rollouts, which do not count.
        arm, seed, phase: of the checkpoint. With `objective`, all randomness derives from them.
        objective: the outcome that pays throughout, which the run need not have been trained on.
        device: where the networks are updated.

    Yields:
        Rows that have the keys `rollout`, from 1, and `objective`, and those of `training.train_step`. The agent
        changes when the iteration goes on.
    """
    order, place = sequence(arm, seed, "fine-tuning", phase, objective).spawn(2)
    learner = learner_of(copy.deepcopy(agent), recipe, device)
    minibatch_generator = np.random.default_rng(order)
    worlds = create(recipe.num_envs, recipe.level_distribution, np.random.default_rng(place), recipe.grid_size)
    for number in range(1, rollouts + 1):
        start = time.perf_counter()
        row = {
            "rollout": number,
            "objective": objective,
            **train_step(learner, worlds, objective, minibatch_generator),
        }
        yield Progress(row, time.perf_counter() - start, learner.agent)


def save_actor(path: str | Path, agent: Agent, header: Header) -> None:
    """Write the actor alone, as checkpoints are written.

    Args:
        header: of the checkpoint that was fine-tuned, with the objective that it was trained on instead.
    """
    save_checkpoint(path, agent.actor, header)


def load_actor(path: str | Path, recipe: Recipe, **expected: object) -> tuple[dict[str, Tensor], Header]:
    """Read an actor that was fine-tuned from a checkpoint of a run with `recipe`, as its state dict.

    Args:
        expected: values that fields of the header must have, such as `phase=3, objective="yellow"`.

    Raises:
        StudyError: the file is missing, damaged, of another checkpoint or recipe, or does not fit the network's shapes.
    """
    tensors, header = read(Path(path))
    for field, value in {"encoding": recipe.encoding, "recipe": recipe.digest(), **expected}.items():
        found = getattr(header, field)
        if found != value:
            raise StudyError(f"{path} is of {field} {found!r}, not {value!r}; name the right file or make it anew")
    actor = Agent(recipe.world.inputs, recipe.hidden_size).actor.state_dict()
    shapes, found = ({name: tensor.shape for name, tensor in parts.items()} for parts in (actor, tensors))
    numbers = all(part.dtype == torch.float32 and torch.isfinite(part).all() for part in tensors.values())
    if shapes != found or not numbers:
        raise StudyError(
            f"{path} does not hold an actor of this recipe's shapes in finite float32; delete it and make it anew"
        )
    return {name: tensors[name] for name in actor}, header
