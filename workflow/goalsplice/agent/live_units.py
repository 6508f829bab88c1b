"""Hidden units that are silent on a whole minibatch, left out of its products.

Weight decay silences units: late in training a third to a half of a layer's 128 are zero on every observation of a
minibatch. Such a unit passes nothing on and gets no gradient, so leaving it out of the sums is exact.

A product takes neighbouring columns without copying them. So a layer's units are computed in an `order` in which those
that were live on the last minibatch come first; those that are live now are then among the first columns, and how many
columns that takes is looked up, not guessed.
"""

import numpy as np

from goalsplice.compiled import njit


@njit
def live_columns(peaks, order):
    """How many columns of a layer's values hold all that is not zero, from their largest values (H,).

    Args:
        order: int64 (H,), the unit of each column; overwritten with the order for the next minibatch, live ones first.
    """
    live = np.flatnonzero(peaks)
    order[:] = np.concatenate((order[live], order[np.flatnonzero(peaks == 0)]))
    return live[-1] + 1 if live.size else 0


@njit
def reorder(weight, outputs, inputs, out):
    """out[j, k] = weight[outputs[j], inputs[k]]: a layer's weights (O, I) with its units in another order."""
    for j in range(outputs.size):
        for k in range(inputs.size):
            out[j, k] = weight[outputs[j], inputs[k]]


@njit
def put_back(gradient, outputs, inputs, out):
    """The adjoint of `reorder`: `out` (O, I) is zero but where it gets `gradient`, whose shape may be smaller."""
    out[:] = 0
    for j in range(gradient.shape[0]):
        for k in range(gradient.shape[1]):
            out[outputs[j], inputs[k]] = gradient[j, k]


@njit
def back_through_relu(gradient, activation, total):
    """Zero the gradient (n, K) where the unit was inactive; its sum over n, the bias's gradient, goes to `total` (K,).

    Args:
        activation: (n, H), of which the first K columns count.
    """
    total[:] = 0
    for i in range(gradient.shape[0]):
        for k in range(gradient.shape[1]):
            # Stored on either branch: a store that depends on the data would not be vectorised.
            value = gradient[i, k] if activation[i, k] > 0 else np.float32(0)
            gradient[i, k] = value
            total[k] += value
