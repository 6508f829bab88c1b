"""What layers give is what PyTorch's own network gives, with gradients."""

import torch

from goalsplice.agent.network import ACTOR_LAYERS, Agent
from goalsplice.edits.forward import forward


def test_outputs_are_the_networks_own(recipient, recipe, context):
    network = Agent(recipe.world.inputs, recipe.hidden_size).actor.requires_grad_(False)
    network.load_state_dict(recipient)
    found = forward(recipient, context.inputs)
    assert tuple(found) == ACTOR_LAYERS
    for number, output in enumerate(found.values(), start=1):
        torch.testing.assert_close(output, network[: 2 * number](context.inputs))


def test_every_weight_has_a_gradient(recipient, context):
    leaves = {name: part.clone().requires_grad_() for name, part in recipient.items()}
    forward(leaves, context.inputs)[ACTOR_LAYERS[-1]].square().sum().backward()
    assert all(leaf.grad.abs().sum() > 0 for leaf in leaves.values())
