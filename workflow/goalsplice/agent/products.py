"""Products of PyTorch's tensors by NumPy's library, which `numerics` pins: the same bits on every processor.

PyTorch's own are MKL's, which picks its kernel by the processor's make.
"""

import torch
from torch import Tensor
from torch.autograd.function import FunctionCtx


def product(one: Tensor, other: Tensor) -> Tensor:
    """`one @ other` of tensors on the CPU, without gradients."""
    return torch.from_numpy(one.detach().numpy() @ other.detach().numpy())


class _Linear(torch.autograd.Function):
    @staticmethod
    def forward(ctx: FunctionCtx, inputs: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        ctx.save_for_backward(inputs, weight)
        return product(inputs, weight.T).add_(bias.detach())

    @staticmethod
    def backward(ctx: FunctionCtx, slope: Tensor) -> tuple[Tensor | None, Tensor, Tensor]:
        inputs, weight = ctx.saved_tensors
        by_inputs = product(slope, weight) if ctx.needs_input_grad[0] else None
        return by_inputs, product(slope.T, inputs), slope.sum(dim=0)


def linear(inputs: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """`torch.nn.functional.linear`, with gradients: inputs (n, I), weight (O, I) and bias (O,) to (n, O)."""
    return _Linear.apply(inputs, weight, bias)
