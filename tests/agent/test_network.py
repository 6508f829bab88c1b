"""The networks are as published."""

import numpy as np
import pytest
import torch
from scipy import stats
from torch.nn.utils import parameters_to_vector

from goalsplice.agent.elementary import standard_normal
from goalsplice.agent.network import ACTOR_LAYERS, Agent, flatten, forward, orthogonal


@pytest.fixture
def agent() -> Agent:
    return Agent(500, 128, torch.Generator().manual_seed(3))


def test_sizes(agent):
    assert [tuple(getattr(agent.actor, name).weight.shape) for name in ACTOR_LAYERS] == [
        (128, 500),
        (128, 128),
        (128, 128),
        (7, 128),
    ]
    assert [tuple(getattr(agent.critic, name).weight.shape) for name in ACTOR_LAYERS[:3]] == [
        (128, 500),
        (128, 128),
        (1, 128),
    ]
    assert agent.actor(torch.zeros(2, 500)).shape == (2, 7)
    assert agent.critic(torch.zeros(2, 500)).shape == (2, 1)


@pytest.mark.parametrize(("network", "head", "gain"), [("actor", "layer4", 0.01), ("critic", "layer3", 1.0)])
def test_weights_are_orthogonal_and_biases_zero(agent, network, head, gain):
    for name, parameter in getattr(agent, network).named_parameters():
        layer, kind = name.split(".")
        if kind == "bias":
            assert (parameter == 0).all()
        else:
            scale = gain if layer == head else 2**0.5
            gram = parameter @ parameter.T
            torch.testing.assert_close(gram, scale**2 * torch.eye(len(gram)), atol=1e-4, rtol=0)


def normal(count: int, seed: int) -> np.ndarray:
    generator = torch.Generator().manual_seed(seed)
    return standard_normal(count, lambda drawn: torch.rand(2, drawn, generator=generator, dtype=torch.float64).numpy())


def test_normal_numbers_are_standard_normal_and_independent():
    found = normal(200_000, 0)
    assert stats.kstest(found, "norm").pvalue > 1e-3
    for lag in (1, 100_000):
        assert abs(np.corrcoef(found[lag:], found[:-lag])[0, 1]) < 0.01
    assert normal(1, 0).shape == (1,)


@pytest.mark.parametrize(("rows", "columns"), [(4, 9), (9, 4), (5, 5), (1, 8)])
def test_weights_are_the_orthogonal_factor_of_normal_numbers(rows, columns):
    """The factor whose triangle has a positive diagonal: of all factors, the one by which every direction is alike."""
    most, least = max(rows, columns), min(rows, columns)
    numbers = normal(most * least, 3).reshape(most, least)
    found = orthogonal(rows, columns, 0.5, torch.Generator().manual_seed(3)).numpy()
    assert found.shape == (rows, columns)
    assert found.dtype == np.float32
    factor = (found if rows >= columns else found.T) / 0.5
    triangle = factor.T @ numbers
    np.testing.assert_allclose(factor @ triangle, numbers, atol=1e-5)
    np.testing.assert_allclose(np.tril(triangle, -1), 0, atol=1e-5)
    assert (np.diag(triangle) > 0).all()


def test_equal_generators_give_equal_weights(agent):
    again = Agent(500, 128, torch.Generator().manual_seed(3))
    other = Agent(500, 128, torch.Generator().manual_seed(4))
    assert all(torch.equal(a, b) for a, b in zip(agent.parameters(), again.parameters(), strict=True))
    assert not torch.equal(agent.actor.layer1.weight, other.actor.layer1.weight)


def test_parameters_and_gradients_are_views_of_one_vector(agent):
    before = parameters_to_vector(agent.parameters()).detach().clone()
    flat = flatten(agent)
    assert torch.equal(flat, before)
    with torch.no_grad():
        flat += 1
    flat.grad += torch.arange(flat.numel())
    assert torch.equal(parameters_to_vector(agent.parameters()), before + 1)
    gradients = parameters_to_vector(parameter.grad for parameter in agent.parameters())
    assert torch.equal(gradients, torch.arange(flat.numel(), dtype=torch.float32))


@pytest.mark.parametrize("name", ["actor", "critic"])
def test_layers_give_what_the_network_gives(agent, name):
    network, inputs = getattr(agent, name), torch.rand(20, 500)
    weights = network.state_dict()
    found = forward(dict(sorted(weights.items(), reverse=True)), inputs)
    assert tuple(found) == ACTOR_LAYERS[: len(weights) // 2], "whatever the order of the weights"
    for number, output in enumerate(found.values(), start=1):
        torch.testing.assert_close(output, network[: 2 * number](inputs))


def test_every_weight_has_a_gradient(agent):
    leaves = {name: part.clone().requires_grad_() for name, part in agent.actor.state_dict().items()}
    forward(leaves, torch.rand(20, 500))[ACTOR_LAYERS[-1]].square().sum().backward()
    assert all(leaf.grad.abs().sum() > 0 for leaf in leaves.values())
