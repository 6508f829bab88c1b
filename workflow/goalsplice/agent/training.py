"""Training one seed of one arm: a pure function of recipe, arm and seed."""

import time
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import torch

from goalsplice.agent.fast.cuda_graph import DeviceLearner
from goalsplice.agent.fast.learner import Learner
from goalsplice.agent.fast.policy import policy_of
from goalsplice.agent.fast.rollout import collect
from goalsplice.agent.network import Agent
from goalsplice.agent.numerics import arithmetic, check_kernels
from goalsplice.agent.ppo import PlainLearner
from goalsplice.agent.recipe import Recipe
from goalsplice.agent.rollout import Rollout
from goalsplice.agent.seeding import sequence
from goalsplice.io.errors import StudyError
from goalsplice.settings.schedule import MIXED, objective_of, paying
from goalsplice.world.simulator import RUNNING, Worlds, colour_numbers, create

CPU = torch.device("cpu")


class Progress(NamedTuple):
    """Where training stands after a rollout.

    Attributes:
        row: the rollout's row of the training table, but for arm and seed.
        seconds: wall-clock time of the rollout and its update.
        agent: the networks as they are now; they change when the iteration goes on.
    """

    row: dict
    seconds: float
    agent: Agent


def summary(rollout: Rollout, outcomes: Sequence[str]) -> dict:
    """Episodes that ended in a rollout: their number, mean return and length, and outcome shares.

    The means are NaN where no episode ended.

    Args:
        outcomes: their names.
    """
    ended = rollout.outcomes != RUNNING
    episodes = int(ended.sum())
    counts = np.bincount(rollout.outcomes[ended], minlength=len(outcomes))
    some = episodes or np.nan
    return {
        "episodes": episodes,
        "mean_return": float(rollout.rewards[ended].sum(dtype=np.float64) / some),
        "mean_length": float(rollout.lengths[ended].sum() / some),
        **{f"episode_share_{outcome}": float(count / some) for outcome, count in zip(outcomes, counts, strict=True)},
    }


def learner_of(agent: Agent, recipe: Recipe, device: torch.device) -> Learner | DeviceLearner:
    """What trains `agent`: on the CPU the compiled update, elsewhere the one in PyTorch."""
    return Learner(agent, recipe) if device.type == "cpu" else DeviceLearner(agent, recipe, device)


def train_step(
    learner: PlainLearner | Learner | DeviceLearner, worlds: Worlds, objective: str, generator: np.random.Generator
) -> dict:
    """One rollout and its update: what the training table says of them.

    Args:
        learner: changed in place.
        worlds: changed in place; their level_distribution are those of the learner's recipe.
        objective: the outcome that pays, or `MIXED`: in each world one of the recipe's objectives.
        generator: draws the minibatches.

    Raises:
        StudyError: training diverged: a loss or a weight is not a number.
    """
    recipe = learner.recipe
    with arithmetic(recipe.precision):
        rollout = collect(
            worlds,
            policy_of(learner.agent.actor.state_dict(), learner.encoding),
            learner.encoding,
            recipe.rules,
            colour_numbers(recipe.level_distribution),
            np.array([recipe.outcomes.index(name) for name in paying(objective, recipe.objectives, recipe.num_envs)]),
            recipe.num_steps,
        )
        losses = learner.learn(rollout, generator)
    weights = learner.flat.detach().numpy()
    learned = {**losses._asdict(), "weight_norm": float(np.sqrt(np.dot(weights, weights)))}
    for name, value in learned.items():
        if not np.isfinite(value):
            raise StudyError(
                f"training diverged: {name} is {value}; for this arm choose a smaller learning_rate or "
                "max_gradient_norm in the configuration"
            )
    return {**summary(rollout, recipe.outcomes), **learned}


class Training:
    """A run between two rollouts: it goes on by `advance`, and what it goes on from can be written down and restored.

    Each objective has worlds of its own, which stand still while another objective is trained.

    Source: the recipe that the post's author published.

    Args:
        recipe: the arm's.
        arm, seed: all randomness derives from them.
        device: where the networks are updated.

    Raises:
        StudyError: as `check_kernels`.
    """

    def __init__(self, recipe: Recipe, arm: str, seed: int, device: torch.device = CPU):
        check_kernels()
        # Those that are mixed share their worlds.
        names = (MIXED,) if recipe.schedule == "mixed" else recipe.objectives
        initial, order, *places = sequence(arm, seed).spawn(2 + len(names))
        agent = Agent(
            recipe.world.inputs,
            recipe.hidden_size,
            torch.Generator().manual_seed(int(initial.generate_state(1, np.uint64)[0] >> np.uint64(1))),
        )
        self.recipe, self.seed, self.done = recipe, seed, 0
        self.learner = learner_of(agent, recipe, device)
        self._minibatches = np.random.default_rng(order)
        self._worlds = {
            objective: create(
                recipe.num_envs, recipe.level_distribution, np.random.default_rng(place), recipe.grid_size
            )
            for objective, place in zip(names, places, strict=True)
        }

    def advance(self) -> Progress:
        """One rollout and its update.

        Raises:
            StudyError: training diverged.
        """
        start, recipe = time.perf_counter(), self.recipe
        phase = self.done // recipe.phase_rollouts
        objective = objective_of(recipe.schedule, phase, recipe.objectives, self.seed)
        learned = train_step(self.learner, self._worlds[objective], objective, self._minibatches)
        self.done += 1
        row = {
            "rollout": self.done,
            "phase": phase,
            "objective": objective,
            "environment_steps": self.done * recipe.batch_size,
            **learned,
        }
        return Progress(row, time.perf_counter() - start, self.learner.agent)

    def state(self) -> dict[str, np.ndarray]:
        """All that `advance` changes, by name: copies of arrays."""
        bits = self._minibatches.bit_generator.state
        # PCG64's state is two integers of 128 bits, and perhaps a half of the last number drawn.
        words = [word >> shift & (2**64 - 1) for word in bits["state"].values() for shift in (64, 0)]
        return {
            **{f"learner.{name}": array for name, array in self.learner.state().items()},
            **{
                f"worlds.{objective}.{field}": array.copy()
                for objective, worlds in self._worlds.items()
                for field, array in worlds._asdict().items()
            },
            "minibatches": np.array([*words, bits["has_uint32"], bits["uinteger"]], dtype=np.uint64),
            "done": np.array(self.done),
        }

    def restore(self, state: dict[str, np.ndarray]) -> None:
        """Go on from what `state` returned, in another process perhaps: bit by bit as if nothing had been between.

        Raises:
            ValueError, KeyError: the state is not of such a run.
        """
        own = self.state()
        if own.keys() != state.keys() or any(own[name].shape != state[name].shape for name in own):
            raise ValueError("its arrays are not those of this run")
        self.learner.restore({name: state[f"learner.{name}"] for name in self.learner.state()})
        for objective, worlds in self._worlds.items():
            for field, array in worlds._asdict().items():
                array[:] = state[f"worlds.{objective}.{field}"]
        high, low, high_step, low_step, has_half, half = (int(word) for word in state["minibatches"])
        self._minibatches.bit_generator.state = {
            "bit_generator": "PCG64",
            "state": {"state": high << 64 | low, "inc": high_step << 64 | low_step},
            "has_uint32": has_half,
            "uinteger": half,
        }
        self.done = int(state["done"])


def train(recipe: Recipe, arm: str, seed: int) -> Iterator[Progress]:
    """Train a whole run, and yield after each rollout and its update."""
    training = Training(recipe, arm, seed)
    while training.done < recipe.rollouts:
        yield training.advance()
