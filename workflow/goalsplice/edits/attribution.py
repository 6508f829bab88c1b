"""Which weights make the difference to what an actor does: attribution by integrated gradients.

The goal's preference of an actor is the mean log-likelihood that it gives to the donor's choices, E_s[sum_a donor(a|s)
log actor(a|s)], over observations s that recipient and donor meet. It grows by the sum over the weights of
(donor - recipient) times its gradient, integrated along the straight path between the two (Sundararajan et al. 2017,
"Axiomatic Attribution for Deep Networks"); each weight's part of that sum is its attribution.
"""

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from goalsplice.agent.fast.policy import policy_of
from goalsplice.agent.fast.rollout import collect
from goalsplice.agent.network import ACTOR_LAYERS, forward
from goalsplice.agent.recipe import Recipe
from goalsplice.agent.seeding import Key, generator
from goalsplice.edits.edit import Weights, add, change
from goalsplice.world.simulator import colour_numbers, create

_WORLDS, _STEPS = 32, 16
POINTS = 8
"""Points on the path at which gradients are taken: the whole effort of the search, in gradients."""


class Observations(NamedTuple):
    """Distinct observations, and how often each was met.

    Attributes:
        inputs: float32 (n, inputs), as the network sees them.
        frequency: float32 (n,), sums to 1.
    """

    inputs: Tensor
    frequency: Tensor


def observations(actors: tuple[Weights, ...], recipe: Recipe, layouts: str, key: Key) -> Observations:
    """What some actors meet, on levels other than those of evaluations; `key` says which levels."""
    codes = []
    for number, actor in enumerate(actors):
        worlds = create(_WORLDS, layouts, generator(*key, "met for attribution", number), recipe.grid_size)
        policy = policy_of(actor, recipe.world)
        rollout = collect(worlds, policy, recipe.world, recipe.rules, colour_numbers(layouts), 0, _STEPS)
        codes.append(rollout.codes.ravel())
    distinct, counts = np.unique(np.concatenate(codes), return_counts=True)
    inputs = recipe.world.images(distinct).reshape(len(distinct), -1).astype(np.float32)
    return Observations(torch.from_numpy(inputs), torch.from_numpy((counts / counts.sum()).astype(np.float32)))


def log_probabilities(actor: Weights, inputs: Tensor) -> Tensor:
    """The actor's log-probabilities (n, 7) for inputs (n, inputs), with gradients."""
    return torch.log_softmax(forward(actor, inputs)[ACTOR_LAYERS[-1]], dim=1)


def preference(actor: Weights, met: Observations, choices: Tensor) -> Tensor:
    """Mean log-likelihood, in nats, that the actor gives to `choices`, probabilities (n, 7)."""
    return (met.frequency[:, None] * choices * log_probabilities(actor, met.inputs)).sum()


def gradient(actor: Weights, met: Observations, choices: Tensor) -> tuple[float, dict[str, Tensor]]:
    """The preference, and its gradient by every weight."""
    leaves = {name: tensor.detach().clone().requires_grad_() for name, tensor in actor.items()}
    value = preference(leaves, met, choices)
    return value.item(), dict(zip(leaves, torch.autograd.grad(value, list(leaves.values())), strict=True))


def attribution(recipient: Weights, donor: Weights, met: Observations) -> dict[str, Tensor]:
    """Every weight's share of the preference's growth from recipient to donor, in nats."""
    choices = log_probabilities(donor, met.inputs).exp()
    difference = change(recipient, donor)
    total = {name: torch.zeros_like(part) for name, part in difference.items()}
    for point in range(POINTS):
        between = add(recipient, difference, (point + 0.5) / POINTS)
        for name, part in gradient(between, met, choices)[1].items():
            total[name] += part / POINTS
    return {name: difference[name] * total[name] for name in difference}
