"""Where two actors differ: how much in each layer, of what rank, and at which inputs of the first layer."""

import math
from collections.abc import Iterator
from math import nan
from typing import NamedTuple

import numpy as np

from goalsplice.agent.network import Weights
from goalsplice.edits.delta import WeightDelta, effective_rank, singular_values, stable_rank
from goalsplice.world.minigrid_numbers import COLOR_TO_IDX, OBJECT_TO_IDX, STATE_TO_IDX
from goalsplice.world.observation import BALL, EMPTY, WALL, Encoding, cell_inputs

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


def active_inputs(encoding: Encoding) -> np.ndarray:
    """Which inputs are ever other than zero: bool (view_size, view_size, channels), as `Encoding.images` orders them.

    A cell of the view can be wall if it is so in some pattern of walls, and empty if it is not in some. Things can be
    where it can be empty, but for the agent's own cell, which it always sees empty. The other inputs' weights get no
    gradient, and weight decay brings them to zero.
    """
    contents = cell_inputs(encoding.name) != 0
    walls = encoding.geometry.background_walls
    possible = np.zeros((encoding.cells, len(contents)), dtype=bool)
    possible[:, WALL] = walls.any(axis=0)
    possible[:, EMPTY] = ~walls.all(axis=0)
    possible[:, BALL:] = possible[:, [EMPTY]]
    own = encoding.view_size // 2 * encoding.view_size + encoding.view_size - 1
    possible[own, BALL:] = False
    active = (possible[:, :, None] & contents).any(axis=1)
    return active.reshape(encoding.view_size, encoding.view_size, encoding.channels)


def _ranks(change: np.ndarray, active: np.ndarray, generator: np.random.Generator) -> dict[str, float]:
    """Ranks of a change (outputs, inputs), and of its values permuted over the active inputs; a bias has none.

    Args:
        active: bool (inputs,). Inputs that never occur keep their values, which are next to nothing: over them a
            permutation would spread what cannot be there, and raise the rank.
    """
    if change.ndim < 2:
        return {}
    mixed = change.copy()
    mixed[:, active] = generator.permuted(change[:, active].flatten()).reshape(len(change), -1)
    own, control = singular_values(change), singular_values(mixed)
    return {
        "effective_rank": effective_rank(own),
        "stable_rank": stable_rank(own),
        "permuted_effective_rank": effective_rank(control),
        "permuted_stable_rank": stable_rank(control),
    }


_NO_RANKS = _ranks(np.zeros((1, 1)), np.ones(1, dtype=bool), np.random.default_rng(0))


def _sums(change: np.ndarray, before: np.ndarray) -> np.ndarray:
    """Squared norms of a change and of what was there before, and their inner product."""
    return np.array([(change**2).sum(), (before**2).sum(), (change * before).sum()])


def weight_changes(
    recipient: Weights, donor: Weights, encoding: Encoding, generator: np.random.Generator
) -> list[dict[str, object]]:
    """What the difference of two actors looks like, a row for each part of it.

    Args:
        recipient: the actor that counts as the origin.
        donor: the one that the difference leads to.
        encoding: how both see.
        generator: for the permuted controls of the ranks.

    Returns:
        Rows of the table weight_changes, without the run, the phases and their objectives: first the whole
        actor, then its tensors, then the `first_layer_parts`. A share is NaN where nothing differs.
    """
    origin = {name: tensor.double().numpy() for name, tensor in recipient.items()}
    delta = WeightDelta(recipient, donor)
    changes = {name: delta.array(name) for name in origin}
    sums = {name: _sums(change, origin[name]) for name, change in changes.items()}
    everything = np.sum(list(sums.values()), axis=0)
    total = everything[0]
    active = active_inputs(encoding)
    is_active = {name: np.ones(change.shape[-1], dtype=bool) for name, change in changes.items()}
    is_active[FIRST_LAYER] = active.ravel()
    active_weights = {
        name: change.size // change.shape[-1] * int(is_active[name].sum()) for name, change in changes.items()
    }

    def row(
        grouping: str, name: str, weights: int, active_weights: int, own: np.ndarray, whole: float, **more: float
    ) -> dict:
        square, square_before, product = own.tolist()
        lengths = math.sqrt(square * square_before)
        return {
            "grouping": grouping,
            "part": name,
            "view_column": nan,
            "view_row": nan,
            "weights": weights,
            "active_weights": active_weights,
            "norm": math.sqrt(square),
            "rms": math.sqrt(square / weights),
            "variance_share": square / total if total > 0 else nan,
            "tensor_variance_share": square / whole if whole > 0 else nan,
            "recipient_norm": square_before**0.5,
            "cosine_with_recipient": product / lengths if lengths > 0 else nan,
            **_NO_RANKS,
            **more,
        }

    sizes = sum(change.size for change in changes.values()), sum(active_weights.values())
    rows = [row("actor", "actor", *sizes, everything, nan)]
    for name, change in changes.items():
        ranks = _ranks(change, is_active[name], generator)
        rows.append(row("tensor", name, change.size, active_weights[name], sums[name], sums[name][0], **ranks))

    shape = (-1, encoding.view_size, encoding.view_size, encoding.channels)
    change, before = (values[FIRST_LAYER].reshape(shape) for values in (changes, origin))
    of_inputs = np.stack([(change**2).sum(0), (before**2).sum(0), (change * before).sum(0)])
    for part in first_layer_parts(encoding):
        own = of_inputs[:, part.inputs].sum(axis=1)
        where = {"view_column": float(part.view_column), "view_row": float(part.view_row)}
        weights, alive = (len(change) * int(inputs.sum()) for inputs in (part.inputs, part.inputs & active))
        rows.append(row(part.grouping, part.name, weights, alive, own, sums[FIRST_LAYER][0], **where))
    return rows
