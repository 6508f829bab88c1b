"""The first layer as a sum of table rows is the linear layer on MiniGrid's arrays."""

import numpy as np
import torch

from agent.subjects import observed_codes
from goalsplice.agent.fast import first_layer
from goalsplice.agent.ppo import inputs_of


def test_forward_and_adjoint_are_the_linear_layers(recipe):
    encoding = recipe.world
    codes = observed_codes(encoding)
    rows = encoding.rows(codes)
    layer = torch.nn.Linear(encoding.inputs, 32)
    expected = layer(inputs_of(encoding, codes)).relu()
    gradient = torch.randn(expected.shape, generator=torch.Generator().manual_seed(0))
    expected.backward(gradient)

    weight, bias = (parameter.detach().numpy() for parameter in layer.parameters())
    found = np.empty(expected.shape, dtype=np.float32)
    column_maxima = np.empty(32, dtype=np.float32)
    first_layer.gather_relu(first_layer.table_of(encoding, weight, bias), rows, found, column_maxima)
    np.testing.assert_array_equal(column_maxima, found.max(axis=0))
    np.testing.assert_allclose(found, expected.detach().numpy(), rtol=1e-4, atol=1e-5)

    table_gradient = np.empty((encoding.row_inputs.shape[0], 32), dtype=np.float32)
    bias_gradient = np.empty(32, dtype=np.float32)
    first_layer.scatter_through_relu(gradient.numpy(), found, rows, bias_gradient, table_gradient)
    weight_gradient = first_layer.weight_gradient_of(encoding, table_gradient)
    for own, parameter in ((weight_gradient, layer.weight), (bias_gradient, layer.bias)):
        expected = parameter.grad.numpy()
        assert np.linalg.norm(own - expected) / np.linalg.norm(expected) < 1e-5
