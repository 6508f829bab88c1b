"""Hidden units that are inactive on a whole minibatch, left out of its products.

Weight decay inactivates units: late in training a third to a half of a layer's 128 are zero on every observation of a
minibatch. Such a unit passes nothing on and gets no gradient, so leaving it out of the sums is exact.

A product takes neighbouring columns without copying them. So a layer's units are computed in an `order` in which those
that were active on the last minibatch come first; those that are active now are then among the first columns, and how
many columns that takes is looked up, not guessed. A few columns more, so that OpenBLAS gets sides it is fast on, add
zeros.
"""

import numpy as np

from goalsplice.io.compiled import njit

_MULTIPLE, _SMALL = 8, 1_000_000
"""Sides of products are filled up to a multiple of the first: on 118 columns OpenBLAS takes longer than on 120. Where a
product has no more multiplications than the second, it uses other routines, for which that gains nothing."""


def filled_up(count: int) -> int:
    """The next multiple that products are fast on."""
    return -(-count // _MULTIPLE) * _MULTIPLE


def filled_sides(rows: int, inputs: int, outputs: int) -> tuple[int, int]:
    """Inputs and outputs with which a layer's product is computed; those beyond the layer's own are zero.

    A single output is left alone: OpenBLAS has other routines for it.
    """
    if outputs == 1 or rows * inputs * outputs <= _SMALL:
        return inputs, outputs
    return filled_up(inputs), filled_up(outputs)


@njit
def active_columns(column_maxima, order):
    """How many columns of a layer's values hold all that is not zero, from their largest values (H,).

    Args:
        order: int64 (H,), the unit of each column; overwritten with the next minibatch's order, active ones first.
    """
    active = np.flatnonzero(column_maxima)
    order[:] = np.concatenate((order[active], order[np.flatnonzero(column_maxima == 0)]))
    return active[-1] + 1 if active.size else 0


@njit
def reorder(weight, outputs, inputs, out):
    """out[j, k] = weight[outputs[j], inputs[k]]: a layer's weights (O, I) with its units in another order.

    Args:
        out: (P, K), with P at least O, whose further rows become zero, and K at most I.
    """
    for j in range(outputs.size):
        # Named first: the compiler cannot tell that writing to `out` leaves it as it is, and would look again.
        output = outputs[j]
        for k in range(out.shape[1]):
            out[j, k] = weight[output, inputs[k]]
    out[outputs.size :] = 0


@njit
def put_back(gradient, outputs, inputs, out):
    """The adjoint of `reorder`: `out` (O, I) is zero but where it gets `gradient`, (K, P), which is transposed.

    P may be less than O, too, where the last outputs got no gradient.
    """
    out[:] = 0
    for j in range(min(outputs.size, gradient.shape[1])):
        output = outputs[j]
        for k in range(gradient.shape[0]):
            out[output, inputs[k]] = gradient[k, j]


@njit
def column_sums(values, out):
    """Sums of the columns of values (n, P) into `out` (O,), P being at least O."""
    out[:] = 0
    for i in range(values.shape[0]):
        for k in range(out.size):
            out[k] += values[i, k]


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


@njit
def outer_through_relu(column, row, activation, gradient, total):
    """`back_through_relu` for a layer of one output: the gradient (n, K) is that of the output (n,) times weights (K,).

    OpenBLAS takes many times as long for such a product.
    """
    total[:] = 0
    for i in range(gradient.shape[0]):
        # A loop for the product, and one for ReLU: together they would not be vectorised as well.
        for k in range(gradient.shape[1]):
            gradient[i, k] = column[i] * row[k]
        for k in range(gradient.shape[1]):
            value = gradient[i, k] if activation[i, k] > 0 else np.float32(0)
            gradient[i, k] = value
            total[k] += value
