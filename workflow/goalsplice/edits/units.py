"""Splices of hidden units: their incoming weights and bias, their outgoing weights, or both."""

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from goalsplice.edits.edit import Edit, Make, Weights, change, take

COUNTS = (1, 2, 4, 8, 16, 32, 64, 128)
_HIDDEN = (("layer1", "layer2"), ("layer2", "layer3"), ("layer3", "layer4"))
"""Hidden layers: where a unit's incoming weights are, and where its outgoing ones."""

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


def take_units(units: Tensor, incoming: bool, outgoing: bool) -> Make:
    """Take some hidden units, bool (3 H,), from the donor."""
    chosen = units.chunk(len(_HIDDEN))

    def make(recipient: Weights, donor: Weights) -> Weights:
        masks = {name: torch.zeros_like(tensor, dtype=torch.bool) for name, tensor in recipient.items()}
        for mine, (layer, following) in zip(chosen, _HIDDEN, strict=True):
            if incoming:
                masks[f"{layer}.weight"] |= mine[:, None]
                masks[f"{layer}.bias"] |= mine
            if outgoing:
                masks[f"{following}.weight"] |= mine[None, :]
        return take(recipient, donor, masks)

    return make


def _top(scores: Tensor, count: int) -> Tensor:
    chosen = torch.zeros(len(scores), dtype=torch.bool)
    chosen[torch.topk(scores, min(count, len(scores))).indices] = True
    return chosen


def _largest(count: int, incoming: bool, outgoing: bool) -> Make:
    def make(recipient: Weights, donor: Weights) -> Weights:
        squares = {name: part.square() for name, part in change(recipient, donor).items()}
        return take_units(_top(unit_totals(squares, incoming, outgoing), count), incoming, outgoing)(recipient, donor)

    return make


def _random_units(total: int, count: int, incoming: bool, outgoing: bool) -> Callable[[np.random.Generator], Make]:
    """As many units, of those in which recipient and donor differ: many units are dead, their weights zero."""

    def at_random(generator: np.random.Generator) -> Make:
        order = torch.from_numpy(1.0 + generator.permutation(total))

        def make(recipient: Weights, donor: Weights) -> Weights:
            squares = {name: part.square() for name, part in change(recipient, donor).items()}
            differing = unit_totals(squares, incoming, outgoing) > 0
            chosen = _top(order * differing, min(count, int(differing.sum())))
            return take_units(chosen, incoming, outgoing)(recipient, donor)

        return make

    return at_random


def unit_edits(attributions: Weights) -> list[Edit]:
    """The k hidden units, of all three layers together, that differ most or matter most.

    `by size`: largest L2 norm of the difference in the weights that are taken; `by attribution`: largest sum of those
    weights' attributions (`attribution.py`), which are for one pair of recipient and donor, so that such an edit cannot
    be made with another donor.
    """
    edits = []
    total = sum(len(attributions[f"{layer}.bias"]) for layer, _ in _HIDDEN)
    for side, (incoming, outgoing) in _SIDES.items():
        scores = unit_totals(attributions, incoming, outgoing)
        for count in COUNTS:
            if count > total:
                continue
            at_random = _random_units(total, count, incoming, outgoing)
            by_attribution = take_units(_top(scores, count), incoming, outgoing)
            edits += [
                Edit(
                    "units",
                    f"{side}, by size",
                    _largest(count, incoming, outgoing),
                    count,
                    ("random_sites", "complement", "same_goal"),
                    at_random,
                ),
                Edit(
                    "units",
                    f"{side}, by attribution",
                    by_attribution,
                    count,
                    ("random_sites", "complement"),
                    at_random,
                ),
            ]
    return edits
