"""Which hidden unit of one actor corresponds to which of another: alignment by permutation.

The hidden units of a layer can change places, with their incoming and outgoing weights, and the network computes the
same. So two runs may have learned alike, in another order. Source: Ainsworth et al. 2023, "Git Re-Basin: Merging Models
modulo Permutation Symmetries".
"""

from collections.abc import Mapping
from itertools import pairwise

import numpy as np
import torch
from scipy.optimize import linear_sum_assignment
from torch import Tensor

from goalsplice.agent.network import ACTOR_LAYERS, Weights
from goalsplice.edits.weights import in_use

Order = tuple[np.ndarray, ...]
"""For each hidden layer, int64 (H,): which unit comes to each place."""

_HIDDEN = tuple(pairwise(ACTOR_LAYERS))
"""Hidden layers: where a unit's incoming weights are, and where its outgoing ones."""

_SWEEPS = 100
"""Most sweeps over the layers; a few are usually enough."""


def permute(weights: Weights, order: Order) -> dict[str, Tensor]:
    """The same weights with the hidden units of each layer in another order. Linear, so differences may be permuted."""
    out = dict(weights)
    for (layer, following), places in zip(_HIDDEN, map(torch.from_numpy, order), strict=True):
        out[f"{layer}.weight"] = out[f"{layer}.weight"][places]
        out[f"{layer}.bias"] = out[f"{layer}.bias"][places]
        out[f"{following}.weight"] = out[f"{following}.weight"][:, places]
    return out


def _incoming(
    ours: Mapping[str, np.ndarray], theirs: Mapping[str, np.ndarray], number: int, order: list[np.ndarray]
) -> np.ndarray:
    """Inner products (H, H) of the incoming weights of our units with those of theirs."""
    layer, _ = _HIDDEN[number]
    weight = theirs[f"{layer}.weight"]
    if number > 0:
        weight = weight[:, order[number - 1]]
    return ours[f"{layer}.weight"] @ weight.T + np.outer(ours[f"{layer}.bias"], theirs[f"{layer}.bias"])


def _outgoing(
    ours: Mapping[str, np.ndarray], theirs: Mapping[str, np.ndarray], number: int, order: list[np.ndarray]
) -> np.ndarray:
    """Inner products (H, H) of the outgoing weights of our units with those of theirs."""
    _, following = _HIDDEN[number]
    weight = theirs[f"{following}.weight"]
    if number + 1 < len(_HIDDEN):
        weight = weight[order[number + 1]]
    return ours[f"{following}.weight"].T @ weight


def match(reference: Weights, other: Weights) -> Order:
    """The order in which the units of `other` correspond to those of `reference`, by their weights alone.

    Weight matching, algorithm 1 of Git Re-Basin: each hidden layer in turn takes the order that makes the inner product
    of the two actors largest while the others keep theirs, a linear assignment problem, until no layer gains. That need
    not be the best of all orders. Unlike there, nothing is random: the first sweep goes up from the inputs, whose order
    is known, and compares incoming weights only. So a permuted copy comes back in its order, but for units of equal
    weights.
    """
    ours, theirs = ({name: tensor.double().numpy() for name, tensor in actor.items()} for actor in (reference, other))
    order: list[np.ndarray] = []
    for number in range(len(_HIDDEN)):
        order.append(linear_sum_assignment(_incoming(ours, theirs, number, order), maximize=True)[1])
    for _ in range(_SWEEPS):
        settled = True
        for number in range(len(_HIDDEN)):
            products = _incoming(ours, theirs, number, order) + _outgoing(ours, theirs, number, order)
            units, places = linear_sum_assignment(products, maximize=True)
            gain = products[units, places].sum() - products[units, order[number]].sum()
            # Rounding could make equal orders take turns for ever.
            if gain > 1e-9 * np.abs(products).max():
                order[number], settled = places, False
        if settled:
            break
    return tuple(order)


def _sizes(weights: Weights, layer: str, following: str) -> Tensor:
    """Size (H,) of a layer's units: norm of the incoming weights times norm of the outgoing ones."""
    return weights[f"{layer}.weight"].norm(dim=1) * weights[f"{following}.weight"].norm(dim=0)


def random_order(reference: Weights, other: Weights, generator: np.random.Generator) -> Order:
    """The units of `other` in a random order, but such that large ones come where `reference` has units in use.

    Weight decay leaves many units without weights. An order that is random throughout would bring most of what a unit
    does to places from where it has no effect, and be too weak a control.
    """
    order = []
    for layer, following in _HIDDEN:
        ours, theirs = _sizes(reference, layer, following), _sizes(other, layer, following)
        used = int(in_use(ours).sum())
        largest_first = np.argsort(-theirs.numpy(), kind="stable")
        places = np.empty_like(largest_first)
        places[np.argsort(-ours.numpy(), kind="stable")] = np.concatenate(
            [generator.permutation(largest_first[:used]), generator.permutation(largest_first[used:])]
        )
        order.append(places)
    return tuple(order)
