"""Edits of activations do to the network what they say, computed layer by layer."""

import pytest
import torch

from goalsplice.agent.network import ACTOR_LAYERS, Agent
from goalsplice.edits.activations import activation_edits, add_mean_difference
from goalsplice.edits.delta import WeightDelta

AFTER = (1, 2, 3)


@pytest.fixture(scope="module")
def networks(recipe, recipient, donor):
    """PyTorch's own layers, for both actors: a linear layer and a ReLU in turn."""
    built = []
    for weights in (recipient, donor):
        network = Agent(recipe.world.inputs, recipe.hidden_size).actor.requires_grad_(False)
        network.load_state_dict(weights)
        built.append(network)
    return built


@pytest.fixture(scope="module")
def edits():
    return {edit.name: edit for edit in activation_edits()}


def built(network, weights):
    """The logits of `weights`, by a network of PyTorch's."""
    return lambda inputs: torch.func.functional_call(network, dict(weights), (inputs,))


def test_there_are_two_after_each_hidden_layer(edits):
    assert list(edits) == [
        f"{kind} after layer{number}" for number in AFTER for kind in ("activation patching", "steering vector")
    ]


@pytest.mark.parametrize("number", AFTER)
def test_activation_patching_runs_upper_layers_on_the_donors_activations(networks, context, edits, number):
    edited = edits[f"activation patching after layer{number}"].make(context)
    expected = networks[0][2 * number :](networks[1][: 2 * number](context.inputs))
    torch.testing.assert_close(built(networks[0], edited)(context.inputs), expected)


@pytest.mark.parametrize("number", AFTER)
def test_steering_vector_is_added_to_the_activations(networks, context, edits, number):
    """The mean is over visits, not over distinct observations: what is met more often counts more."""
    lower = [network[: 2 * number](context.inputs) for network in networks]
    weights = context.frequency.numpy()
    assert weights.max() > 2 * weights.min()
    mean = torch.tensor((weights[:, None] * (lower[1] - lower[0]).numpy()).sum(axis=0))
    expected = networks[0][2 * number :](lower[0] + mean)
    edit = edits[f"steering vector after layer{number}"]
    edited = edit.make(context)
    torch.testing.assert_close(built(networks[0], edited)(context.inputs), expected, rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(add_mean_difference(f"layer{number}")(context), edited, rtol=0, atol=0)


@pytest.mark.parametrize("number", AFTER)
def test_steering_vector_changes_the_next_layers_bias_only(recipient, context, edits, number):
    edited = edits[f"steering vector after layer{number}"].make(context)
    bias = f"{ACTOR_LAYERS[number]}.bias"
    assert not torch.equal(edited[bias], recipient[bias])
    assert WeightDelta(recipient, {**edited, bias: recipient[bias]}).size == 0
