"""The actor and the critic: two plain networks that share nothing.

Source: the recipe that the post's author published. Four linear layers for the actor and three for the critic, ReLU
between them, orthogonal weights of gain sqrt(2) (0.01 at the actor's head, 1 at the critic's), biases zero.

The initial weights are drawn here, not by `torch.nn.init.orthogonal_`: that one's bits depend on the processor, by
PyTorch's normal numbers and by MKL's QR decomposition.
"""

from collections import OrderedDict
from collections.abc import Mapping
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor, nn

from goalsplice.agent.elementary import standard_normal
from goalsplice.agent.products import linear
from goalsplice.world.vocabulary import ACTIONS

ACTOR_LAYERS = ("layer1", "layer2", "layer3", "layer4")

Weights = Mapping[str, Tensor]
"""A network's state dict: float32 tensors by the names `layer1.weight`, `layer1.bias`, ..., the actor's to layer 4."""


def orthogonal(rows: int, columns: int, gain: float, generator: torch.Generator | None) -> Tensor:
    """`gain` times a random matrix with orthonormal rows, or columns if it has fewer: float32 (rows, columns).

    Source: Saxe et al. 2014, as `torch.nn.init.orthogonal_` has it: a normal matrix's QR decomposition, with signs such
    that each orthogonal matrix is as likely as any other.
    """
    most, least = max(rows, columns), min(rows, columns)
    # A whole multiple of 2^-53 each, whatever the processor.
    numbers = standard_normal(
        most * least, lambda count: torch.rand(2, count, generator=generator, dtype=torch.float64).numpy()
    )
    q, r = np.linalg.qr(numbers.reshape(most, least))
    q = gain * np.where(np.diag(r) < 0, -q, q)
    return torch.from_numpy(np.ascontiguousarray(q if rows >= columns else q.T, dtype=np.float32))


def _network(sizes: list[int], head_gain: float, generator: torch.Generator | None) -> nn.Sequential:
    """Linear layers `layer1`, `layer2`, ... of these sizes with ReLU between them."""
    modules = OrderedDict()
    for number, (inputs, outputs) in enumerate(pairwise(sizes), start=1):
        is_head = number == len(sizes) - 1
        # Without memory, so that PyTorch draws no weights of its own.
        layer = nn.Linear(inputs, outputs, device="meta")
        layer.weight = nn.Parameter(orthogonal(outputs, inputs, head_gain if is_head else 2**0.5, generator))
        layer.bias = nn.Parameter(torch.zeros(outputs))
        modules[f"layer{number}"] = layer
        if not is_head:
            modules[f"relu{number}"] = nn.ReLU()
    return nn.Sequential(modules)


class Agent(nn.Module):
    """Actor: (n, inputs) to logits (n, 7). Critic: (n, inputs) to values (n, 1).

    Args:
        inputs: size of an encoded observation.
        hidden: size of every hidden layer.
        generator: where the initial weights are drawn from.
    """

    def __init__(self, inputs: int, hidden: int, generator: torch.Generator | None = None):
        super().__init__()
        self.actor = _network([inputs, *[hidden] * 3, len(ACTIONS)], 0.01, generator)
        self.critic = _network([inputs, *[hidden] * 2, 1], 1.0, generator)


def forward(weights: Mapping[str, Tensor], inputs: Tensor) -> dict[str, Tensor]:
    """What each layer of an actor or a critic gives for inputs, by its name, with gradients.

    Args:
        weights: its state dict.
        inputs: float32 (n, inputs).

    Returns:
        float32 (n, H) after ReLU for hidden layers; (n, 7) logits or (n, 1) values for the last one.
    """
    layers = sorted(name.removesuffix(".weight") for name in weights if name.endswith(".weight"))
    outputs, values = {}, inputs
    for layer in layers:
        values = linear(values, weights[f"{layer}.weight"], weights[f"{layer}.bias"])
        if layer != layers[-1]:
            values = torch.relu(values)
        outputs[layer] = values
    return outputs


def flatten(module: nn.Module) -> nn.Parameter:
    """All parameters as one vector (P,), of which they and their gradients become views.

    So clipping and Adam are one operation each: the norm of the whole is the norm of the parts together, and Adam works
    on each number by itself.
    """
    parameters = list(module.parameters())
    flat = nn.Parameter(torch.cat([parameter.detach().flatten() for parameter in parameters]))
    flat.grad = torch.zeros_like(flat)
    sizes = [parameter.numel() for parameter in parameters]
    for parameter, data, grad in zip(parameters, flat.data.split(sizes), flat.grad.split(sizes), strict=True):
        parameter.data, parameter.grad = data.view_as(parameter), grad.view_as(parameter)
    return flat
