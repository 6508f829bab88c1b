"""Products by NumPy are PyTorch's but for rounding, with their gradients."""

import torch
from torch.nn import functional

from goalsplice.agent.products import linear, product


def drawn(*shapes: tuple[int, ...]) -> list[torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    return [torch.randn(shape, generator=generator) for shape in shapes]


def test_a_linear_layer_has_pytorchs_values_and_gradients():
    parts = drawn((9, 5), (3, 5), (3,))
    found, expected = ([part.clone().requires_grad_() for part in parts] for _ in range(2))
    slope = torch.linspace(-1, 1, 27).view(9, 3)
    for layer, leaves in ((linear, found), (functional.linear, expected)):
        (layer(*leaves) * slope).sum().backward()
    torch.testing.assert_close(linear(*parts), functional.linear(*parts))
    for one, other in zip(found, expected, strict=True):
        torch.testing.assert_close(one.grad, other.grad)


def test_only_weights_may_ask_for_gradients():
    inputs, weight, bias = drawn((4, 6), (2, 6), (2,))
    linear(inputs, weight.requires_grad_(), bias.requires_grad_()).sum().backward()
    assert inputs.grad is None
    torch.testing.assert_close(weight.grad, inputs.sum(dim=0).expand(2, 6))


def test_a_product_takes_transposed_tensors_vectors_and_those_with_gradients():
    one, other, vector = drawn((4, 6), (5, 6), (6,))
    torch.testing.assert_close(product(one, other.T), one @ other.T)
    torch.testing.assert_close(product(one.requires_grad_(), vector), (one @ vector).detach())
    assert not product(one, vector).requires_grad
