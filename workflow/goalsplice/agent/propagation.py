"""Forward and backward pass of one network by hand, into buffers that are kept.

The same numbers as autograd's for a network of `network.py` (`tests/agent/test_ppo.py` compares them). It is written
out because autograd takes fresh memory at each pass, and because the first layer is a sum of table rows here
(`input_layer.py`). `docs/speed.md` says what that gains.
"""

from itertools import pairwise

import numpy as np
import torch
from torch import nn

from goalsplice.agent.input_layer import gather_relu, scatter, table_of, weight_gradient_of
from goalsplice.compiled import njit
from goalsplice.world.observation import Encoding


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


class Propagation:
    """Runs `network` on observations given as rows (`Encoding.rows`), at most `capacity` of them at a time.

    Args:
        network: linear layers with ReLU between them, on the CPU, float32; its parameters are read at each pass, and
            `backward` writes their `.grad` in place.
        encoding: what the network sees.
        capacity: most observations in one pass.
    """

    def __init__(self, network: nn.Sequential, encoding: Encoding, capacity: int):
        self.encoding = encoding
        self.first, *self.later = (module for module in network if isinstance(module, nn.Linear))
        widths = [self.first.out_features, *(layer.out_features for layer in self.later)]
        self._outputs = [torch.empty(capacity, width) for width in widths]
        self._gradients = [torch.empty(capacity, width) for width in widths[:-1]]
        self._table_gradient = np.empty((encoding.row_inputs.shape[0], widths[0]), dtype=np.float32)
        for parameter in network.parameters():
            if parameter.grad is None:
                parameter.grad = torch.zeros_like(parameter)

    @torch.no_grad()
    def forward(self, rows: np.ndarray) -> torch.Tensor:
        """Outputs (n, outputs) for rows int32 (n, 5); a view of a buffer that the next call overwrites."""
        self._rows = rows
        self._active = [output[: len(rows)] for output in self._outputs]
        table = table_of(self.encoding, self.first.weight.numpy(), self.first.bias.numpy())
        gather_relu(table, rows, self._active[0].numpy())
        for layer, (before, after) in zip(self.later, pairwise(self._active), strict=True):
            torch.addmm(layer.bias, before, layer.weight.T, out=after)
            if layer is not self.later[-1]:
                after.relu_()
        return self._active[-1]

    @torch.no_grad()
    def backward(self, gradient: torch.Tensor) -> None:
        """Set every parameter's `.grad` from the loss's gradient (n, outputs) by the last forward's outputs."""
        torch.sum(gradient, dim=0, out=self.later[-1].bias.grad)
        for number in reversed(range(len(self.later))):
            layer, activation = self.later[number], self._active[number]
            torch.mm(gradient.T, activation, out=layer.weight.grad)
            before = self._gradients[number][: len(gradient)]
            torch.mm(gradient, layer.weight, out=before)
            below = self.later[number - 1] if number else self.first
            _back_through_relu(before.numpy(), activation.numpy(), below.bias.grad.numpy())
            gradient = before
        scatter(gradient.numpy(), self._rows, self._table_gradient)
        self.first.weight.grad.copy_(torch.from_numpy(weight_gradient_of(self.encoding, self._table_gradient)))
