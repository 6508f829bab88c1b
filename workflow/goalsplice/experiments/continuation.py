"""What training a checkpoint further does: how soon it works, how far it moves, and whether an edit moves likewise.

An origin is the checkpoint's actor; its change is another actor minus it.
"""

from collections.abc import Mapping
from math import nan

import numpy as np
from torch import Tensor

from goalsplice.experiments.anatomy import FIRST_LAYER, effective_rank, singular_values


def _change(
    origin: Mapping[str, Tensor],
    actor: Mapping[str, Tensor],
    layer: str | None = None,
    columns: np.ndarray | None = None,
) -> np.ndarray:
    """A change as one vector of float64: of all weights and biases, of a layer's, or of columns of layer 1's."""
    if columns is not None:
        return (actor[FIRST_LAYER].double() - origin[FIRST_LAYER].double()).numpy()[:, columns].ravel()
    names = [name for name in origin if layer is None or name.split(".")[0] == layer]
    return np.concatenate([(actor[name].double() - origin[name].double()).numpy().ravel() for name in names])


def distance(
    origin: Mapping[str, Tensor],
    actor: Mapping[str, Tensor],
    layer: str | None = None,
    columns: np.ndarray | None = None,
) -> float:
    """L2 norm of a change: of all weights and biases, of a layer's, or of columns, bool (inputs,), of layer 1's."""
    return float(np.linalg.norm(_change(origin, actor, layer, columns)))


def cosine(
    origin: Mapping[str, Tensor],
    one: Mapping[str, Tensor],
    other: Mapping[str, Tensor],
    layer: str | None = None,
    columns: np.ndarray | None = None,
) -> float:
    """Cosine of two changes of the same origin, such as further training's and an edit's; NaN if one is zero.

    Args:
        layer: compare the weights and biases of this layer alone.
        columns: compare these columns, bool (inputs,), of layer 1's weights alone.
    """
    mine, others = (_change(origin, actor, layer, columns) for actor in (one, other))
    lengths = np.linalg.norm(mine) * np.linalg.norm(others)
    return float(mine @ others / lengths) if lengths > 0 else nan


def layer_share(origin: Mapping[str, Tensor], actor: Mapping[str, Tensor], layer: str) -> float:
    """A layer's part, weights and biases, of a change's squared norm; NaN if nothing changed."""
    whole = distance(origin, actor)
    return (distance(origin, actor, layer) / whole) ** 2 if whole > 0 else nan


def rank_of_change(origin: Mapping[str, Tensor], actor: Mapping[str, Tensor], tensor: str = FIRST_LAYER) -> float:
    """Effective rank (`anatomy.effective_rank`) of a tensor's change; NaN if it did not change."""
    return effective_rank(singular_values((actor[tensor].double() - origin[tensor].double()).numpy()))


def movement(origin: Mapping[str, Tensor], actor: Mapping[str, Tensor]) -> dict[str, float]:
    """The continued table's columns on how far an actor moved: distance, layer1_share and layer1_effective_rank."""
    return {
        "distance": distance(origin, actor),
        "layer1_share": layer_share(origin, actor, "layer1"),
        "layer1_effective_rank": rank_of_change(origin, actor),
    }
