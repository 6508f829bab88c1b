"""Which weights make the difference to what an actor does: attribution by integrated gradients.

The goal's preference of an actor is the mean log-likelihood that it gives to the donor's choices, E_s[sum_a donor(a|s)
log actor(a|s)], over observations s that recipient and donor meet. It grows by the sum over the weights of
(donor - recipient) times its gradient, integrated along the straight path between the two (Sundararajan et al. 2017,
"Axiomatic Attribution for Deep Networks"); each weight's part of that sum is its attribution.
"""

import torch
from torch import Tensor

from goalsplice.agent.network import ACTOR_LAYERS, Weights, forward
from goalsplice.edits.delta import WeightDelta
from goalsplice.edits.edit import Context
from goalsplice.edits.weights import add

POINTS = 8
"""Points on the path at which gradients are taken: the whole effort of the search, in gradients."""


def log_probabilities(actor: Weights, inputs: Tensor) -> Tensor:
    """The actor's log-probabilities (n, 7) for inputs (n, inputs), with gradients."""
    return torch.log_softmax(forward(actor, inputs)[ACTOR_LAYERS[-1]], dim=1)


class Preference:
    """The goal's preference, of the context's donor over what is met: for any actor, its value and its gradient."""

    def __init__(self, context: Context):
        self._inputs, self._frequency = context.inputs, context.frequency
        self._choices = log_probabilities(context.actors[1], self._inputs).exp()

    def of(self, actor: Weights) -> Tensor:
        """Mean log-likelihood, in nats, that the actor gives to the donor's choices."""
        return (self._frequency[:, None] * self._choices * log_probabilities(actor, self._inputs)).sum()

    def gradient(self, actor: Weights) -> tuple[float, dict[str, Tensor]]:
        """The preference, and its gradient by every weight."""
        leaves = {name: tensor.detach().clone().requires_grad_() for name, tensor in actor.items()}
        value = self.of(leaves)
        return value.item(), dict(zip(leaves, torch.autograd.grad(value, list(leaves.values())), strict=True))


def attribution(context: Context) -> dict[str, Tensor]:
    """Every weight's share of the preference's growth from recipient to donor, in nats."""
    recipient, donor = context.actors
    preference, difference = Preference(context), WeightDelta(recipient, donor).tensors
    total = {name: torch.zeros_like(part) for name, part in difference.items()}
    for point in range(POINTS):
        between = add(recipient, difference, (point + 0.5) / POINTS)
        for name, part in preference.gradient(between)[1].items():
            total[name] += part / POINTS
    return {name: difference[name] * total[name] for name in difference}
