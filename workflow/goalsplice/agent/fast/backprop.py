"""Forward and backward pass of one network by hand, into buffers that are kept.

The same numbers as autograd's for a network of `network.py` (`tests/agent/fast/test_learner.py` compares them). It is
written out because autograd takes fresh memory at each pass, because the first layer is a sum of table rows here
(`first_layer.py`), and because units that are inactive on a whole minibatch are left out (`inactive_units.py`).
`docs/notes/speed.md` says what each of these gains.
"""

from itertools import pairwise
from typing import NamedTuple

import numpy as np
import torch
from torch import nn

from goalsplice.agent.fast.first_layer import gather_relu, scatter_through_relu, table_of, weight_gradient_of
from goalsplice.agent.fast.inactive_units import (
    active_columns,
    back_through_relu,
    column_sums,
    filled_sides,
    filled_up,
    outer_through_relu,
    put_back,
    reorder,
)
from goalsplice.agent.fast.policy import add, add_relu
from goalsplice.world.observation import Encoding


def _rounded_matmul(a: np.ndarray, b: np.ndarray, out: np.ndarray) -> None:
    """`np.matmul` by PyTorch, whose precision `numerics.arithmetic` sets."""
    torch.mm(torch.from_numpy(a), torch.from_numpy(b), out=torch.from_numpy(out))


_MATMUL = {"float32": np.matmul, "medium": _rounded_matmul}
"""Matrix products (a, b, out) for each `precision` of a recipe. In float32 they are NumPy's OpenBLAS, not PyTorch's
MKL, which does without AVX-512 on processors that are not Intel's, and then takes up to twice as long."""


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

    Attributes:
        columns: how many the outputs' gradient has: as many as there are outputs, filled up; one stays one.
    """

    def __init__(self, network: nn.Sequential, encoding: Encoding, capacity: int, precision: str):
        for parameter in network.parameters():
            if parameter.grad is None:
                parameter.grad = torch.zeros_like(parameter)
        self.encoding, self._matmul = encoding, _MATMUL[precision]
        self._first, *self._later = (_Layer.of(module) for module in network if isinstance(module, nn.Linear))
        widths = [len(self._first.bias), *(len(layer.bias) for layer in self._later)]
        self.columns = filled_up(widths[-1]) if widths[-1] > 1 else 1
        columns = [*widths[:-1], self.columns]
        self._outputs = [np.empty((capacity, count), dtype=np.float32) for count in columns]
        self._result = np.empty((capacity, widths[-1]), dtype=np.float32)
        self._column_maxima = [np.empty(width, dtype=np.float32) for width in widths[:-1]]
        self._gradients = [np.empty(capacity * width, dtype=np.float32) for width in widths[:-1]]
        self._table_rows = encoding.row_inputs.shape[0]
        self._table_gradient = np.empty(self._table_rows * widths[0], dtype=np.float32)
        # Of each layer: in which order its units are computed; and room for the weights of the active ones, in that
        # order, and for their gradient.
        self._orders = [np.arange(width) for width in widths]
        sizes = [inputs * outputs for inputs, outputs in pairwise(columns)]
        self._weights, self._products = ([np.empty(size, dtype=np.float32) for size in sizes] for _ in range(2))

    def forget_order(self) -> None:
        """Compute units in the network's own order again, so that what follows does not depend on what came before."""
        for order in self._orders:
            order[:] = np.arange(order.size)

    def forward(self, rows: np.ndarray) -> np.ndarray:
        """Outputs (n, outputs) for rows int32 (n, 5); a view of a buffer that the next call overwrites."""
        self._rows, self._units, self._packed = rows, [order.copy() for order in self._orders], []
        self._activations = [output[: len(rows)] for output in self._outputs]
        units = self._units[0]
        table = table_of(self.encoding, self._first.weight[units], self._first.bias[units])
        gather_relu(table, rows, self._activations[0], self._column_maxima[0])
        for number, layer in enumerate(self._later):
            before, after = self._activations[number : number + 2]
            inputs, outputs = self._units[number : number + 2]
            active = active_columns(self._column_maxima[number], self._orders[number])
            active, width = filled_sides(len(rows), active, outputs.size)
            active, width = min(active, before.shape[1]), min(width, after.shape[1])
            weight = self._weights[number][: width * active].reshape(width, active)
            reorder(layer.weight, outputs, inputs, weight)
            self._packed.append(weight)
            self._matmul(before[:, :active], weight.T, out=after[:, :width])
            if number < len(self._column_maxima) - 1:
                add_relu(after, layer.bias[outputs], self._column_maxima[number + 1])
        result = self._result[: len(rows)]
        add(self._activations[-1], self._later[-1].bias, result)
        return result

    def _set_weight_gradient(self, number: int, gradient: np.ndarray) -> None:
        """Set a later layer's weights' `.grad` from the gradient (n, P) by the outputs that are active."""
        active, width = self._packed[number].shape[1], gradient.shape[1]
        product = self._products[number][: active * width].reshape(active, width)
        self._matmul(self._activations[number][:, :active].T, gradient, out=product)
        put_back(product, self._units[number + 1], self._units[number], self._later[number].weight_gradient)

    def backward(self, gradient: np.ndarray) -> None:
        """Set every parameter's `.grad` from the loss's gradient by the last forward's outputs.

        Args:
            gradient: that gradient, (n, `columns`), zero in the columns beyond the outputs.
        """
        if self.columns == 1:
            # NumPy adds up one column as fast, in pairs, which is more exact.
            gradient.sum(axis=0, out=self._later[-1].bias_gradient)
        else:
            column_sums(gradient, self._later[-1].bias_gradient)
        for number in reversed(range(len(self._later))):
            activation, units, weight = self._activations[number], self._units[number], self._packed[number]
            # Of the layer's outputs, those that are active.
            width, active = min(gradient.shape[1], len(weight)), weight.shape[1]
            gradient, weight, count = gradient[:, :width], weight[:width], len(gradient)
            self._set_weight_gradient(number, gradient)

            before = self._gradients[number][: count * active].reshape(count, active)
            total = np.zeros(units.size, dtype=np.float32)
            if width == 1:
                outer_through_relu(gradient[:, 0], weight[0], activation, before, total[:active])
            else:
                self._matmul(gradient, weight, out=before)
                if number:
                    back_through_relu(before, activation, total[:active])
            if number:
                self._later[number - 1].bias_gradient[units] = total
            gradient = before
        table_gradient = self._table_gradient[: self._table_rows * active].reshape(self._table_rows, active)
        scatter_through_relu(gradient, activation, self._rows, total[:active], table_gradient)
        self._first.bias_gradient[units] = total
        self._first.weight_gradient[:] = 0
        self._first.weight_gradient[units[:active]] = weight_gradient_of(self.encoding, table_gradient)
