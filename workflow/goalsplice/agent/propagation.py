"""Forward and backward pass of one network by hand, into buffers that are kept.

The same numbers as autograd's for a network of `network.py` (`tests/agent/test_ppo.py` compares them). It is written
out because autograd takes fresh memory at each pass, because the first layer is a sum of table rows here
(`input_layer.py`), and because units that are silent on a whole minibatch are left out (`live_units.py`).
`docs/speed.md` says what each of these gains.
"""

from typing import NamedTuple

import numpy as np
import torch
from torch import nn

from goalsplice.agent.input_layer import gather_relu, scatter, table_of, weight_gradient_of
from goalsplice.agent.live_units import back_through_relu, live_columns, put_back, reorder
from goalsplice.agent.policy import add_relu
from goalsplice.compiled import njit
from goalsplice.world.observation import Encoding


def _rounded_matmul(a: np.ndarray, b: np.ndarray, out: np.ndarray) -> None:
    """`np.matmul` by PyTorch, whose precision `arithmetic.arithmetic` sets."""
    torch.mm(torch.from_numpy(a), torch.from_numpy(b), out=torch.from_numpy(out))


_MATMUL = {"float32": np.matmul, "medium": _rounded_matmul}
"""Matrix products (a, b, out) for each `precision` of a recipe. In float32 they are NumPy's OpenBLAS, not PyTorch's
MKL, which does without AVX-512 on processors that are not Intel's, and then takes up to twice as long."""


@njit
def outer(column, row, out):
    """Column (n,) times row (K,) into `out` (n, K), for the critic's head: OpenBLAS takes many times as long."""
    for i in range(out.shape[0]):
        for k in range(out.shape[1]):
            out[i, k] = column[i] * row[k]


class _Layer(NamedTuple):
    """A linear layer's parameters and their gradients, as views."""

    weight: np.ndarray
    bias: np.ndarray
    weight_gradient: np.ndarray
    bias_gradient: np.ndarray

    @classmethod
    def of(cls, layer: nn.Linear) -> "_Layer":
        parameters = (layer.weight, layer.bias)
        return cls(*(part.detach().numpy() for part in parameters), *(part.grad.numpy() for part in parameters))


class Propagation:
    """Runs `network` on observations given as rows (`Encoding.rows`), at most `capacity` of them at a time.

    Args:
        network: linear layers with ReLU between them, on the CPU, float32; its parameters are read at each pass, and
            `backward` writes their `.grad` in place.
        encoding: what the network sees.
        capacity: most observations in one pass.
        precision: of the hidden layers' products, as in a recipe.
    """

    def __init__(self, network: nn.Sequential, encoding: Encoding, capacity: int, precision: str):
        for parameter in network.parameters():
            if parameter.grad is None:
                parameter.grad = torch.zeros_like(parameter)
        self.encoding, self._matmul = encoding, _MATMUL[precision]
        self._first, *self._later = (_Layer.of(module) for module in network if isinstance(module, nn.Linear))
        widths = [len(self._first.bias), *(len(layer.bias) for layer in self._later)]
        self._outputs = [np.empty((capacity, width), dtype=np.float32) for width in widths]
        self._peaks = [np.empty(width, dtype=np.float32) for width in widths[:-1]]
        self._gradients = [np.empty(capacity * width, dtype=np.float32) for width in widths[:-1]]
        self._table_gradient = np.empty(encoding.row_inputs.shape[0] * widths[0], dtype=np.float32)
        # Of each layer: in which order its units are computed; and weights and their gradient in that order.
        self._orders = [np.arange(width) for width in widths]
        self._weights = [np.empty_like(layer.weight) for layer in self._later]
        self._products = [np.empty(layer.weight.size, dtype=np.float32) for layer in self._later]

    def forget_order(self) -> None:
        """Compute units in the network's own order again, so that what follows does not depend on what came before."""
        for order in self._orders:
            order[:] = np.arange(order.size)

    def forward(self, rows: np.ndarray) -> np.ndarray:
        """Outputs (n, outputs) for rows int32 (n, 5); a view of a buffer that the next call overwrites."""
        self._rows, self._units, self._live = rows, [order.copy() for order in self._orders], []
        self._active = [output[: len(rows)] for output in self._outputs]
        units = self._units[0]
        table = table_of(self.encoding, self._first.weight[units], self._first.bias[units])
        gather_relu(table, rows, self._active[0], self._peaks[0])
        for number, layer in enumerate(self._later):
            before, after = self._active[number : number + 2]
            live = live_columns(self._peaks[number], self._orders[number])
            self._live.append(live)
            inputs, outputs = self._units[number : number + 2]
            reorder(layer.weight, outputs, inputs, self._weights[number])
            self._matmul(before[:, :live], self._weights[number][:, :live].T, out=after)
            if layer is self._later[-1]:
                after += layer.bias
            else:
                add_relu(after, layer.bias[outputs], self._peaks[number + 1])
        return self._active[-1]

    def backward(self, gradient: np.ndarray) -> None:
        """Set every parameter's `.grad` from the loss's gradient (n, outputs) by the last forward's outputs."""
        self._later[-1].bias_gradient[:] = gradient.sum(axis=0)
        for number in reversed(range(len(self._later))):
            count, outputs = gradient.shape
            live, activation, units = self._live[number], self._active[number], self._units[number]
            product = self._products[number][: outputs * live].reshape(outputs, live)
            self._matmul(gradient.T, activation[:, :live], out=product)
            put_back(product, self._units[number + 1], units, self._later[number].weight_gradient)

            before = self._gradients[number][: count * live].reshape(count, live)
            weight = self._weights[number][:outputs, :live]
            if outputs == 1:
                outer(gradient[:, 0], weight[0], before)
            else:
                self._matmul(gradient, weight, out=before)
            below = self._later[number - 1] if number else self._first
            total = np.zeros(units.size, dtype=np.float32)
            back_through_relu(before, activation, total[:live])
            below.bias_gradient[units] = total
            gradient = before
        rows = self.encoding.row_inputs.shape[0]
        table_gradient = self._table_gradient[: rows * live].reshape(rows, live)
        scatter(gradient, self._rows, table_gradient)
        self._first.weight_gradient[:] = 0
        self._first.weight_gradient[units[:live]] = weight_gradient_of(self.encoding, table_gradient)
