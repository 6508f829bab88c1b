"""Where two actors differ: how much in each layer, of what rank, and at which inputs of the first layer."""

from collections.abc import Iterator, Mapping
from math import nan
from typing import NamedTuple

import numpy as np
from minigrid.core.constants import COLOR_TO_IDX, OBJECT_TO_IDX, STATE_TO_IDX
from scipy.special import entr
from torch import Tensor

from goalsplice.world.observation import Encoding

FIRST_LAYER = "layer1.weight"
"""The tensor whose columns are the network's inputs."""


class Part(NamedTuple):
    """Some inputs of the first layer.

    Attributes:
        grouping: which division of the inputs it belongs to.
        name: of the field, type, colour or state; empty where a cell's inputs are taken together.
        view_column, view_row: cell of the view, NaN where all cells are taken together. Column 0 is leftmost, row 0
            farthest; the agent is in the middle column's last row and looks towards row 0.
        inputs: which ones: bool (view_size, view_size, channels), as `Encoding.images` orders them.
    """

    grouping: str
    name: str
    view_column: float
    view_row: float
    inputs: np.ndarray


def channels(encoding: str) -> list[tuple[str, str]]:
    """Field (type, colour or state) and name of each input of a cell; `integers` has one input a field, by its name."""
    fields = {"type": OBJECT_TO_IDX, "colour": COLOR_TO_IDX, "state": STATE_TO_IDX}
    if encoding == "integers":
        return [(field, field) for field in fields]
    return [(field, name) for field, names in fields.items() for name in names]


def first_layer_parts(encoding: Encoding) -> Iterator[Part]:
    """The first layer's inputs by field and cell; of one-hot inputs, also each field by its values.

    The parts of `field`, of `cell` and of `field_cell` each divide all inputs; those of `type`, `colour` and `state`
    divide a field's, and those of `colour_cell` the colours'. The last four are for one-hot inputs alone.
    """
    labels = channels(encoding.name)
    of_field = {field: [field == other for other, _ in labels] for field, _ in labels}
    of_value = {label: [label == other for other in labels] for label in labels}
    everywhere = np.ones((encoding.view_size, encoding.view_size, 1), dtype=bool)
    for field, chosen in of_field.items():
        yield Part("field", field, nan, nan, everywhere & chosen)
    values = of_value if encoding.name == "onehot" else {}
    for (field, name), chosen in values.items():
        yield Part(field, name, nan, nan, everywhere & chosen)
    for column, row in np.ndindex(encoding.view_size, encoding.view_size):
        here = np.zeros_like(everywhere)
        here[column, row] = True
        yield Part("cell", "", column, row, here & np.ones(len(labels), dtype=bool))
        for field, chosen in of_field.items():
            yield Part("field_cell", field, column, row, here & chosen)
        for (field, name), chosen in values.items():
            if field == "colour":
                yield Part("colour_cell", name, column, row, here & chosen)


def singular_values(matrix: np.ndarray) -> np.ndarray:
    """Singular values of a matrix, largest first."""
    return np.linalg.svd(matrix, compute_uv=False)


def effective_rank(singular: np.ndarray) -> float:
    """Exponential of the entropy (nats) of singular values divided by their sum; NaN if all are zero.

    Between 1 and the rank. Source: Roy and Vetterli 2007, "The effective rank: a measure of effective dimensionality".
    """
    total = singular.sum()
    return float(np.exp(entr(singular / total).sum())) if total > 0 else nan


def stable_rank(singular: np.ndarray) -> float:
    """Squared Frobenius norm over squared spectral norm, from singular values; NaN if all are zero.

    Between 1 and the rank. Source: Rudelson and Vershynin 2007, "Sampling from large matrices", numerical rank.
    """
    largest = singular.max()
    return float(((singular / largest) ** 2).sum()) if largest > 0 else nan


def _ranks(change: np.ndarray, generator: np.random.Generator) -> dict[str, float]:
    """Ranks of a change, and of the same values shuffled; a bias has none."""
    if change.ndim < 2:
        return {}
    mixed = generator.permuted(change.flatten()).reshape(change.shape)
    own, control = singular_values(change), singular_values(mixed)
    return {
        "effective_rank": effective_rank(own),
        "stable_rank": stable_rank(own),
        "shuffled_effective_rank": effective_rank(control),
        "shuffled_stable_rank": stable_rank(control),
    }


_NO_RANKS = _ranks(np.zeros((1, 1)), np.random.default_rng(0))


def _sums(change: np.ndarray, before: np.ndarray) -> np.ndarray:
    """Squared norms of a change and of what was there before, and their inner product."""
    return np.array([(change**2).sum(), (before**2).sum(), (change * before).sum()])


def _ratio(part: float, whole: float) -> float:
    """A quotient; NaN if there is nothing to divide by."""
    return part / whole if whole > 0 else nan


def anatomy(
    recipient: Mapping[str, Tensor], donor: Mapping[str, Tensor], encoding: Encoding, generator: np.random.Generator
) -> list[dict[str, object]]:
    """What the difference of two actors looks like, a row for each part of it.

    Args:
        recipient: the actor that counts as the origin.
        donor: the one that the difference leads to.
        encoding: how both see.
        generator: for the shuffled controls of the ranks.

    Returns:
        Rows with the columns of the anatomy table but for the run, the phases and their objectives: first the whole
        actor, then its tensors, then the `first_layer_parts`. A share is NaN where nothing differs.
    """
    origin = {name: tensor.double().numpy() for name, tensor in recipient.items()}
    changes = {name: donor[name].double().numpy() - values for name, values in origin.items()}
    sums = {name: _sums(change, origin[name]) for name, change in changes.items()}
    everything = np.sum(list(sums.values()), axis=0)
    total = everything[0]

    def row(grouping: str, name: str, weights: int, own: np.ndarray, whole: float, **more: float) -> dict:
        square, square_before, product = own.tolist()
        lengths = (square * square_before) ** 0.5
        return {
            "grouping": grouping,
            "part": name,
            "view_column": nan,
            "view_row": nan,
            "weights": weights,
            "norm": square**0.5,
            "rms": (square / weights) ** 0.5,
            "share": _ratio(square, total),
            "share_of_tensor": _ratio(square, whole),
            "recipient_norm": square_before**0.5,
            "cosine_with_recipient": _ratio(product, lengths),
            **_NO_RANKS,
            **more,
        }

    rows = [row("actor", "actor", sum(change.size for change in changes.values()), everything, nan)]
    for name, change in changes.items():
        rows.append(row("tensor", name, change.size, sums[name], sums[name][0], **_ranks(change, generator)))

    shape = (-1, encoding.view_size, encoding.view_size, encoding.channels)
    change, before = (values[FIRST_LAYER].reshape(shape) for values in (changes, origin))
    of_inputs = np.stack([(change**2).sum(0), (before**2).sum(0), (change * before).sum(0)])
    for part in first_layer_parts(encoding):
        own = of_inputs[:, part.inputs].sum(axis=1)
        where = {"view_column": float(part.view_column), "view_row": float(part.view_row)}
        weights = len(change) * int(part.inputs.sum())
        rows.append(row(part.grouping, part.name, weights, own, sums[FIRST_LAYER][0], **where))
    return rows
