"""What an actor, given as a state dict, makes of inputs, layer by layer and with gradients."""

from collections.abc import Mapping

import torch
from torch import Tensor
from torch.nn.functional import linear

from goalsplice.agent.network import ACTOR_LAYERS


def forward(actor: Mapping[str, Tensor], inputs: Tensor) -> dict[str, Tensor]:
    """What each layer gives for inputs (n, inputs), by its name: (n, H) after its ReLU; of the last logits (n, 7)."""
    outputs, values = {}, inputs
    for layer in ACTOR_LAYERS:
        values = linear(values, actor[f"{layer}.weight"], actor[f"{layer}.bias"])
        if layer != ACTOR_LAYERS[-1]:
            values = torch.relu(values)
        outputs[layer] = values
    return outputs
