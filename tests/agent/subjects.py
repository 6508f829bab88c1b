"""Agents and rollouts that updates are tried on, and how near two updates must be."""

import numpy as np
import torch

from goalsplice.agent.fast.policy import policy_of
from goalsplice.agent.fast.rollout import collect
from goalsplice.agent.network import Agent
from goalsplice.agent.rollout import Rollout
from goalsplice.world.simulator import Rules, colour_numbers, create, observe

EPOCHS, STARTS = 2, range(5)
"""Epochs of a whole update that is compared with another one, and seeds of the networks and rollouts that it is for.

Rounding decides for a step at the clip's edge, and for a unit at zero that speaks for one observation. Adam, with
moments still tiny, makes whole steps of that: from the first of these starts, with weights disturbed by 1e-6 of
themselves, more than half of the updates were 2e-2 off after two epochs, and 5e-2 after eight. Of rounding alone it is
rare, and does not happen in most of several updates, whatever the processor and the number of threads."""


def agree(errors: list[float]) -> bool:
    """Whether relative errors of what updates change, one for each of `STARTS`, are such as rounding makes.

    Most were below 4e-6, on several kernels and one or two threads, and single ones 1e-4. With a step size that is off
    by a hundredth they are 3e-2.
    """
    return np.median(errors) < 1e-4 and max(errors) < 0.1


def relative_error(found: np.ndarray, expected: np.ndarray) -> float:
    """Norm of the difference by the norm of the expected."""
    return float(np.linalg.norm(found - expected) / np.linalg.norm(expected))


def vector(agent: Agent) -> np.ndarray:
    """All of an agent's weights, copied."""
    return np.concatenate([parameter.detach().numpy().ravel() for parameter in agent.parameters()])


def agent_of(recipe, seed: int = 0) -> Agent:
    """An agent with weights large enough that its policy is far from uniform."""
    agent = Agent(recipe.world.inputs, recipe.hidden_size, torch.Generator().manual_seed(seed))
    with torch.no_grad():
        agent.actor.layer4.weight *= 100
    return agent


def rollouts_of(recipe, agent: Agent, seed: int = 0, count: int = 1, max_steps: int = 20) -> list[Rollout]:
    """Rollouts with short episodes, one after the other, so that all outcomes occur, timeouts too."""
    worlds = create(recipe.num_envs, "training", np.random.default_rng(seed))
    policy, rules = policy_of(agent.actor.state_dict(), recipe.world), Rules(max_steps=max_steps)
    return [
        collect(worlds, policy, recipe.world, rules, colour_numbers("training"), 0, recipe.num_steps)
        for _ in range(count)
    ]


def observed_codes(encoding, count: int = 300) -> np.ndarray:
    """What agents see in some initial states."""
    worlds = create(count, "training", np.random.default_rng(0))
    return np.array([observe(worlds, i, encoding.geometry) for i in range(count)])
