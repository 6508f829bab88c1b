"""The first layer without multiplications.

A layer's output is linear in the inputs, and an observation's inputs are the sum of at most five rows of a fixed
sparse matrix (`Encoding.row_inputs`, R rows). So the layer's output is the sum of the same five rows of

    table = row_inputs @ weight.T,  bias added to the rows of walls,

which is computed once for each set of weights. Backwards, the gradient of the table collects the gradients of the
outputs row by row, and row_inputs.T carries it to the weights. Both are exact: sums are only taken in another order.
"""

import numpy as np
from scipy.sparse import csr_array

from goalsplice.io.compiled import njit
from goalsplice.world.observation import Encoding


@njit
def _times(starts, columns, values, dense, out):
    """The product of a sparse matrix, in compressed rows, with a dense one (C, K), into `out` (R, K)."""
    out[:] = 0
    for i in range(out.shape[0]):
        for place in range(starts[i], starts[i + 1]):
            value, row = values[place], columns[place]
            for k in range(out.shape[1]):
                out[i, k] += value * dense[row, k]


def _product(sparse: csr_array, dense: np.ndarray) -> np.ndarray:
    """`sparse @ dense`, in half of SciPy's time."""
    out = np.empty((sparse.shape[0], dense.shape[1]), dtype=dense.dtype)
    _times(sparse.indptr, sparse.indices, sparse.data, dense, out)
    return out


def table_of(encoding: Encoding, weight: np.ndarray, bias: np.ndarray) -> np.ndarray:
    """Outputs of the first layer for each row: float32 (R, H), from weight (H, inputs) and bias (H,)."""
    table = _product(encoding.row_inputs, np.ascontiguousarray(weight.T))
    table[: encoding.backgrounds] += bias
    return table


def weight_gradient_of(encoding: Encoding, table_gradient: np.ndarray) -> np.ndarray:
    """Gradient of the weight, (H, inputs), from that of the table, (R, H): the adjoint of `table_of`."""
    return _product(encoding.inputs_rows, table_gradient).T


@njit
def gather_relu(table, rows, out, column_maxima):
    """out[i] = relu(sum of table[rows[i]]): float32 (n, H) from int32 rows (n, 5).

    The columns' largest values go to `column_maxima` (H,): on the way that costs next to nothing.
    """
    column_maxima[:] = 0
    for i in range(rows.shape[0]):
        a, b, c, d, e = rows[i, 0], rows[i, 1], rows[i, 2], rows[i, 3], rows[i, 4]
        for k in range(table.shape[1]):
            total = table[a, k] + table[b, k] + table[c, k] + table[d, k] + table[e, k]
            value = max(total, np.float32(0))
            out[i, k] = value
            column_maxima[k] = max(column_maxima[k], value)


@njit
def scatter_through_relu(gradient, activation, rows, total, out):
    """Gradients of the table and the bias from that of `gather_relu`'s outputs, of which the first K columns count.

    Args:
        gradient: (n, K), by the layer's outputs.
        activation: (n, H), those outputs, of which the first K columns count.
        rows: int32 (n, 5).
        total: (K,), overwritten with the bias's gradient.
        out: (R, K), overwritten: each row collects the gradients of all observations that sum it.
    """
    out[:] = 0
    total[:] = 0
    through = np.empty(gradient.shape[1], dtype=gradient.dtype)
    for i in range(rows.shape[0]):
        for k in range(through.size):
            # Stored on either branch: a store that depends on the data would not be vectorised.
            through[k] = gradient[i, k] if activation[i, k] > 0 else np.float32(0)
            total[k] += through[k]
        # Named first: the compiler cannot tell that a sum in `out` leaves `rows` as they are, and would look again.
        a, b, c, d, e = rows[i, 0], rows[i, 1], rows[i, 2], rows[i, 3], rows[i, 4]
        for row in (a, b, c, d, e):
            for k in range(through.size):
                out[row, k] += through[k]
