"""Forward and backward pass of one network by hand, into buffers that are kept.

The same numbers as autograd's for a network of `network.py` (`tests/agent/test_ppo.py` compares them). It is written
out because autograd takes fresh memory at each pass, and because the first layer is a sum of table rows here
(`input_layer.py`). `docs/speed.md` says what that gains.
"""

from itertools import pairwise
from typing import NamedTuple

import numpy as np
import torch
from torch import nn

from goalsplice.agent.input_layer import gather_relu, scatter, table_of, weight_gradient_of
from goalsplice.agent.policy import add_relu
from goalsplice.compiled import njit
from goalsplice.world.observation import Encoding


def _rounded_matmul(a: np.ndarray, b: np.ndarray, out: np.ndarray) -> None:
    """`np.matmul` by PyTorch, whose precision `training.arithmetic` sets."""
    torch.mm(torch.from_numpy(a), torch.from_numpy(b), out=torch.from_numpy(out))


_MATMUL = {"float32": np.matmul, "medium": _rounded_matmul}
"""Matrix products (a, b, out) for each `precision` of a recipe. In float32 they are NumPy's OpenBLAS, not PyTorch's
MKL, which does without AVX-512 on processors that are not Intel's, and then takes up to twice as long."""


@njit
def _back_through_relu(gradient, activation, total):
    """Zero the gradient (n, H) where the unit was inactive; its sum over n, the bias's gradient, goes to `total`."""
    total[:] = 0
    for i in range(gradient.shape[0]):
        for k in range(gradient.shape[1]):
            # Stored on either branch: a store that depends on the data would not be vectorised.
            value = gradient[i, k] if activation[i, k] > 0 else np.float32(0)
            gradient[i, k] = value
            total[k] += value


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
        self._gradients = [np.empty((capacity, width), dtype=np.float32) for width in widths[:-1]]
        self._table_gradient = np.empty((encoding.row_inputs.shape[0], widths[0]), dtype=np.float32)

    def forward(self, rows: np.ndarray) -> np.ndarray:
        """Outputs (n, outputs) for rows int32 (n, 5); a view of a buffer that the next call overwrites."""
        self._rows = rows
        self._active = [output[: len(rows)] for output in self._outputs]
        gather_relu(table_of(self.encoding, self._first.weight, self._first.bias), rows, self._active[0])
        for layer, (before, after) in zip(self._later, pairwise(self._active), strict=True):
            self._matmul(before, layer.weight.T, out=after)
            if layer is self._later[-1]:
                after += layer.bias
            else:
                add_relu(after, layer.bias)
        return self._active[-1]

    def backward(self, gradient: np.ndarray) -> None:
        """Set every parameter's `.grad` from the loss's gradient (n, outputs) by the last forward's outputs."""
        self._later[-1].bias_gradient[:] = gradient.sum(axis=0)
        for number in reversed(range(len(self._later))):
            layer, activation = self._later[number], self._active[number]
            self._matmul(gradient.T, activation, out=layer.weight_gradient)
            before = self._gradients[number][: len(gradient)]
            # A product of a column and a row, as at the critic's head, takes OpenBLAS twenty times as long as this.
            (self._matmul if gradient.shape[1] > 1 else np.multiply)(gradient, layer.weight, out=before)
            below = self._later[number - 1] if number else self._first
            _back_through_relu(before, activation, below.bias_gradient)
            gradient = before
        scatter(gradient, self._rows, self._table_gradient)
        self._first.weight_gradient[:] = weight_gradient_of(self.encoding, self._table_gradient)
