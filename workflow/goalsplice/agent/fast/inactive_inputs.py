"""A layer's product, without the units before it that have been silent so far.

Weight decay silences units: late in training a third to a half of a layer's 128 pass nothing on. Leaving their zeros
out of the sums is exact.
"""

from typing import NamedTuple

import numpy as np

from goalsplice.io.compiled import njit

_ROWS = 24
"""Rows in a product, and up to twice as many in the last: OpenBLAS is faster where n * H * O is below a million."""


class LiveInputs(NamedTuple):
    """Of the H inputs of a layer, those that were ever other than zero, in the layer's order.

    Attributes:
        weight: float32 (H, O), the layer's, transposed.
        live: bool (H,).
        units: int64 (H,), the numbers of those K that are live; the rest is unused.
        packed: float32 (H * O,), their weights (K, O); the rest is unused.
        values: float32 (n * H,), scratch.
    """

    weight: np.ndarray
    live: np.ndarray
    units: np.ndarray
    packed: np.ndarray
    values: np.ndarray


@njit
def live_inputs(weight):
    """`LiveInputs` for a layer of `weight`, none of its inputs met yet."""
    count = weight.shape[0]
    return LiveInputs(
        weight,
        np.zeros(count, dtype=np.bool_),
        np.empty(count, dtype=np.uint32),
        np.empty(weight.size, dtype=np.float32),
        np.empty(2 * _ROWS * count, dtype=np.float32),
    )


@njit
def _meet(inputs, peaks):
    """Mark as live the inputs whose largest value (H,) is not zero; returns how many are live by now."""
    met, known = 0, 0
    for k in range(peaks.size):
        known += inputs.live[k]
        inputs.live[k] |= peaks[k] > 0
        met += inputs.live[k]
    if met > known:
        inputs.units[:met] = np.flatnonzero(inputs.live)
        packed = inputs.packed[: met * inputs.weight.shape[1]].reshape(met, -1)
        for place in range(met):
            packed[place] = inputs.weight[inputs.units[place]]
    return met


@njit
def _few_rows(values, inputs, count, out):
    """`live_dot` for at most 2 * _ROWS rows, of which `count` inputs are live."""
    rows, outputs = out.shape
    compact = inputs.values[: rows * count].reshape(rows, count)
    for i in range(rows):
        for k in range(count):
            compact[i, k] = values[i, inputs.units[k]]
    np.dot(compact, inputs.packed[: count * outputs].reshape(count, outputs), out)


@njit
def live_dot(values, peaks, inputs, out):
    """`np.dot(values, inputs.weight, out)` for values (n, H), none of them negative; `peaks` (H,) are their largest."""
    rows = values.shape[0]
    count = _meet(inputs, peaks)
    if count == 0:
        out[:] = 0
        return
    # Where most are live, copies would cost more than they spare.
    all_of_them = 8 * count > 7 * inputs.live.size
    start = 0
    while start < rows:
        # What is left over goes with the last rows, since OpenBLAS sums a single row in another order.
        stop = start + _ROWS if rows - start >= 2 * _ROWS else rows
        if all_of_them:
            np.dot(values[start:stop], inputs.weight, out[start:stop])
        else:
            _few_rows(values[start:stop], inputs, count, out[start:stop])
        start = stop
