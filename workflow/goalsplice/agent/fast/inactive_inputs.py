"""A layer's product, without the units before it that have been inactive so far.

Weight decay inactivates units: late in training a third to a half of a layer's 128 pass nothing on. Leaving their zeros
out of the sums is exact.
"""

from typing import NamedTuple

import numpy as np

from goalsplice.io.compiled import njit

_ROWS = 24
"""Rows in a product, and up to twice as many in the last: OpenBLAS is faster where n * H * O is below a million."""


class ActiveInputs(NamedTuple):
    """Of the H inputs of a layer, those that were ever other than zero, in the layer's order.

    Attributes:
        weight: float32 (H, O), the layer's, transposed.
        active: bool (H,).
        units: int64 (H,), the numbers of those K that are active; the rest is unused.
        packed: float32 (H * O,), their weights (K, O); the rest is unused.
        values: float32 (n * H,), scratch.
    """

    weight: np.ndarray
    active: np.ndarray
    units: np.ndarray
    packed: np.ndarray
    values: np.ndarray


@njit
def active_inputs(weight):
    """`ActiveInputs` for a layer of `weight`, none of which has been active yet."""
    count = weight.shape[0]
    return ActiveInputs(
        weight,
        np.zeros(count, dtype=np.bool_),
        np.empty(count, dtype=np.uint32),
        np.empty(weight.size, dtype=np.float32),
        np.empty(2 * _ROWS * count, dtype=np.float32),
    )


@njit
def _update(inputs, column_maxima):
    """Mark as active the inputs whose largest value (H,) is not zero; returns how many are active by now."""
    count, before = 0, 0
    for k in range(column_maxima.size):
        before += inputs.active[k]
        inputs.active[k] |= column_maxima[k] > 0
        count += inputs.active[k]
    if count > before:
        inputs.units[:count] = np.flatnonzero(inputs.active)
        packed = inputs.packed[: count * inputs.weight.shape[1]].reshape(count, -1)
        for place in range(count):
            packed[place] = inputs.weight[inputs.units[place]]
    return count


@njit
def _few_rows(values, inputs, count, out):
    """`active_dot` for at most 2 * _ROWS rows, of which `count` inputs are active."""
    rows, outputs = out.shape
    compact = inputs.values[: rows * count].reshape(rows, count)
    for i in range(rows):
        for k in range(count):
            compact[i, k] = values[i, inputs.units[k]]
    np.dot(compact, inputs.packed[: count * outputs].reshape(count, outputs), out)


@njit
def active_dot(values, column_maxima, inputs, out):
    """`np.dot(values, inputs.weight, out)` for values (n, H), none of them negative; `column_maxima` are (H,)."""
    rows = values.shape[0]
    count = _update(inputs, column_maxima)
    if count == 0:
        out[:] = 0
        return
    # Where most are active, copies would cost more than they spare.
    all_of_them = 8 * count > 7 * inputs.active.size
    start = 0
    while start < rows:
        # What is left over goes with the last rows, since OpenBLAS sums a single row in another order.
        stop = start + _ROWS if rows - start >= 2 * _ROWS else rows
        if all_of_them:
            np.dot(values[start:stop], inputs.weight, out[start:stop])
        else:
            _few_rows(values[start:stop], inputs, count, out[start:stop])
        start = stop
