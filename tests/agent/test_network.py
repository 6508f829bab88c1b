"""The networks are as published."""

import pytest
import torch
from torch.nn.utils import parameters_to_vector

from goalsplice.agent.network import ACTOR_LAYERS, Agent, flatten, forward


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
