"""Forward and backward pass of one network by hand, into buffers that are kept.

What autograd would do for a `network.py` network with a mean-type loss, and the same numbers (`tests/agent/
test_propagation.py` compares them). It is written out because two thirds of autograd's time here went into fresh
memory and into multiplying by the first layer's zeros: `docs/speed.md` has the measurements.
"""

import numpy as np
import torch
from torch import nn

from goalsplice.agent.input_layer import gather_relu, gradients_of, scatter, table_of
from goalsplice.compiled import njit
from goalsplice.world.observation import Encoding


@njit
def _zero_where_inactive(gradient, activation):
    for i in range(gradient.shape[0]):
        for k in range(gradient.shape[1]):
            # Written on either branch: a store that depends on the data would not be vectorised.
            gradient[i, k] = gradient[i, k] if activation[i, k] > 0 else np.float32(0)


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
        for layer, before, after in zip(self.later, self._active, self._active[1:], strict=False):
            torch.addmm(layer.bias, before, layer.weight.T, out=after)
            if layer is not self.later[-1]:
                after.relu_()
        return self._active[-1]

    @torch.no_grad()
    def backward(self, gradient: torch.Tensor) -> None:
        """Set every parameter's `.grad` from the loss's gradient (n, outputs) by the last forward's outputs."""
        for number in reversed(range(len(self.later))):
            layer, activation = self.later[number], self._active[number]
            torch.mm(gradient.T, activation, out=layer.weight.grad)
            torch.sum(gradient, dim=0, out=layer.bias.grad)
            before = self._gradients[number][: len(gradient)]
            torch.mm(gradient, layer.weight, out=before)
            _zero_where_inactive(before.numpy(), activation.numpy())
            gradient = before
        scatter(gradient.numpy(), self._rows, self._table_gradient)
        weight, bias = gradients_of(self.encoding, self._table_gradient)
        self.first.weight.grad.copy_(torch.from_numpy(weight))
        self.first.bias.grad.copy_(torch.from_numpy(bias))
