"""How far the difference of two actors exchanges two colours in the first layer."""

from itertools import combinations
from math import nan

import numpy as np

from goalsplice.agent.network import Weights
from goalsplice.edits.delta import cosine
from goalsplice.experiments.weight_changes import FIRST_LAYER, channels
from goalsplice.world.minigrid_numbers import COLOR_TO_IDX
from goalsplice.world.observation import EMPTY, FIRST_KEY, Encoding, cell_inputs


def _readings(encoding: Encoding) -> dict[str, np.ndarray]:
    """For each basis, what is read off a cell's channels for each of MiniGrid's six colours: float (6, channels)."""
    contents = cell_inputs(encoding.name).astype(float)
    readings = {"keys": contents[FIRST_KEY : FIRST_KEY + len(COLOR_TO_IDX)] - contents[EMPTY]}
    if encoding.name == "onehot":
        labels = channels(encoding.name)
        readings["columns"] = np.eye(len(labels))[[labels.index(("colour", colour)) for colour in COLOR_TO_IDX]]
    return readings


def colour_vectors(encoding: Encoding, actor: Weights) -> dict[str, np.ndarray]:
    """What stands for each of MiniGrid's six colours in an actor's first layer: (6, units * cells) for each basis.

    `columns` are the weights of the colour's own inputs, which one-hot inputs alone have. `keys` are what a key of that
    colour adds to the layer's sums, compared with an empty cell: the colour's inputs and those that come with it. A
    network sees no more of a colour than this: one-hot inputs add up to one in each field of each cell, so weights can
    move between inputs and change nothing. `columns` says where the network keeps a change, `keys` what it does.
    """
    cells = (-1, encoding.view_size, encoding.view_size, encoding.channels)
    weight = actor[FIRST_LAYER].double().numpy().reshape(cells)
    return {
        basis: np.stack([(weight @ reading).flatten() for reading in readings])
        for basis, readings in _readings(encoding).items()
    }


def exchange(origin: np.ndarray, other_origin: np.ndarray, end: np.ndarray, other_end: np.ndarray) -> dict[str, float]:
    """How far the way from an origin to an end exchanges two vectors.

    A pure exchange, with `end` the other's origin and the other way round, gives -1 for `cosine_of_changes` and
    `contrast_cosine`, and 1 for `antisymmetric_share`, `cosine_exchanged`, `sum_cosine`, `explained`,
    `explained_scaled` and `scale`.

    Args:
        origin, other_origin: the recipient's vectors of the two colours.
        end, other_end: the donor's.
    """
    change, other_change = end - origin, other_end - other_origin
    both = np.concatenate([change, other_change])
    swap = np.concatenate([other_origin - origin, origin - other_origin])
    square, swap_square = both @ both, swap @ swap
    return {
        "cosine_of_changes": cosine(change, other_change),
        "antisymmetric_share": float(((change - other_change) ** 2).sum() / (2 * square)) if square > 0 else nan,
        "cosine_own": (cosine(end, origin) + cosine(other_end, other_origin)) / 2,
        "cosine_exchanged": (cosine(end, other_origin) + cosine(other_end, origin)) / 2,
        "contrast_cosine": cosine(end - other_end, origin - other_origin),
        "sum_cosine": cosine(end + other_end, origin + other_origin),
        "explained": float(1 - ((both - swap) ** 2).sum() / square) if square > 0 else nan,
        "explained_scaled": cosine(both, swap) ** 2,
        "scale": float(both @ swap / swap_square) if swap_square > 0 else nan,
    }


def colour_exchanges(recipient: Weights, donor: Weights, encoding: Encoding) -> list[dict[str, object]]:
    """`exchange` of every two of MiniGrid's six colours, in each basis of `colour_vectors`.

    Returns:
        Rows with the columns of the colour_exchanges table but for the run, the phases and their objectives. `share` is
        the two colours' part of the squared change of all six.
    """
    origins, ends = colour_vectors(encoding, recipient), colour_vectors(encoding, donor)
    rows = []
    for basis, origin in origins.items():
        end = ends[basis]
        squares = ((end - origin) ** 2).sum(axis=1)
        for (one, colour), (two, other) in combinations(enumerate(COLOR_TO_IDX), 2):
            rows.append(
                {
                    "basis": basis,
                    "colour": colour,
                    "other_colour": other,
                    "variance_share": float(squares[[one, two]].sum() / squares.sum()) if squares.sum() > 0 else nan,
                    **exchange(origin[one], origin[two], end[one], end[two]),
                }
            )
    return rows
