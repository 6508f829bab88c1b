"""Splices of hidden units: their incoming weights and bias, their outgoing weights, or both."""

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from goalsplice.agent.network import Weights
from goalsplice.edits.delta import WeightDelta
from goalsplice.edits.edit import Context, Edit, Make
from goalsplice.edits.weights import in_use, take, top_mask

COUNTS = (1, 2, 4, 8, 16, 32, 64, 128)
_HIDDEN = (("layer1", "layer2"), ("layer2", "layer3"), ("layer3", "layer4"))
"""Hidden layers: where a unit's incoming weights are, and where its outgoing ones."""

Choose = Callable[[Weights, Weights], Tensor]
"""Which units of recipient and donor: bool (3 H,)."""

_SIDES = {"incoming": (True, False), "outgoing": (False, True), "incoming and outgoing": (True, True)}


def unit_totals(parts: Weights, incoming: bool, outgoing: bool) -> Tensor:
    """For each hidden unit of the three layers in turn, the sum over its weights: (3 H,)."""
    totals = []
    for layer, following in _HIDDEN:
        total = torch.zeros_like(parts[f"{layer}.bias"])
        if incoming:
            total = total + parts[f"{layer}.weight"].sum(dim=1) + parts[f"{layer}.bias"]
        if outgoing:
            total = total + parts[f"{following}.weight"].sum(dim=0)
        totals.append(total)
    return torch.cat(totals)


def take_units(recipient: Weights, donor: Weights, units: Tensor, incoming: bool, outgoing: bool) -> Weights:
    """The recipient with some hidden units, bool (3 H,), from the donor."""
    masks = {name: torch.zeros_like(tensor, dtype=torch.bool) for name, tensor in recipient.items()}
    for mine, (layer, following) in zip(units.chunk(len(_HIDDEN)), _HIDDEN, strict=True):
        if incoming:
            masks[f"{layer}.weight"] |= mine[:, None]
            masks[f"{layer}.bias"] |= mine
        if outgoing:
            masks[f"{following}.weight"] |= mine[None, :]
    return take(recipient, donor, masks)


def _squares(recipient: Weights, donor: Weights, incoming: bool, outgoing: bool) -> Tensor:
    """Squared norm of the difference in each unit's weights: (3 H,)."""
    squares = {name: part.square() for name, part in WeightDelta(recipient, donor).tensors.items()}
    return unit_totals(squares, incoming, outgoing)


def _largest(count: int, incoming: bool, outgoing: bool) -> Choose:
    return lambda recipient, donor: top_mask(_squares(recipient, donor, incoming, outgoing), count)


def _take_chosen(choose: Choose, incoming: bool, outgoing: bool) -> Make:
    def make(context: Context) -> Weights:
        return take_units(*context.actors, choose(*context.actors), incoming, outgoing)

    return make


def _random_units(choose: Choose, total: int, incoming: bool, outgoing: bool) -> Callable[[np.random.Generator], Make]:
    """As many units in each hidden layer as are chosen there, of those in which recipient and donor differ.

    Many units are inactive, their weights zero in both or next to it.
    """

    def at_random(generator: np.random.Generator) -> Make:
        order = torch.from_numpy(1.0 + generator.permutation(total))

        def at_random_of(recipient: Weights, donor: Weights) -> Tensor:
            layers = (choose(recipient, donor), _squares(recipient, donor, incoming, outgoing).sqrt(), order)
            drawn = []
            for own, sizes, places in zip(*(part.chunk(len(_HIDDEN)) for part in layers), strict=True):
                active = in_use(sizes)
                drawn.append(top_mask(places * active, min(int(own.sum()), int(active.sum()))))
            return torch.cat(drawn)

        return _take_chosen(at_random_of, incoming, outgoing)

    return at_random


def unit_edits(attributions: Weights) -> list[Edit]:
    """The k hidden units, of all three layers together, that differ most or matter most.

    `by size`: largest L2 norm of the difference in the weights that are taken; `by attribution`: largest sum of those
    weights' attributions (`attribution.py`), which are for one pair of recipient and donor: with another donor in a
    control the units stay the same.
    """
    edits = []
    total = sum(len(attributions[f"{layer}.bias"]) for layer, _ in _HIDDEN)
    for side, taken in _SIDES.items():
        scores = unit_totals(attributions, *taken)
        for count in COUNTS:
            if count > total:
                continue
            important = top_mask(scores, count)
            orders = {
                "by size": (_largest(count, *taken), ("random_weights", "complement", "same_goal_donor")),
                "by attribution": (
                    lambda *_, important=important: important,
                    ("random_weights", "permuted", "gaussian", "complement", "sign_flipped", "same_goal_donor"),
                ),
            }
            edits += [
                Edit(
                    "units",
                    f"{side}, {order}",
                    _take_chosen(choose, *taken),
                    count,
                    controls,
                    _random_units(choose, total, *taken),
                )
                for order, (choose, controls) in orders.items()
            ]
    return edits
