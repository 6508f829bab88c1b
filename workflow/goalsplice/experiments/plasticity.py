"""How able to learn a network still is, by what the literature on loss of plasticity measures.

Sources: Sokar et al. 2023, "The Dormant Neuron Phenomenon in Deep Reinforcement Learning"; Lyle et al. 2023,
"Understanding Plasticity in Neural Networks"; Dohare et al. 2024, "Loss of plasticity in deep continual learning". The
effective rank is Roy and Vetterli's (2007).
"""

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor, nn

from goalsplice.agent.network import forward
from goalsplice.agent.products import product
from goalsplice.agent.runs import Run
from goalsplice.edits.delta import effective_rank
from goalsplice.experiments.observing import met

DORMANT = 0.1
"""A unit's mean activation, in parts of its layer's mean, up to which it counts as dormant: the tau of Sokar et al."""


@torch.no_grad()
def plasticity(network: nn.Sequential, inputs: Tensor, frequency: Tensor) -> list[dict[str, object]]:
    """What each hidden layer has left, a row a layer.

    Args:
        network: `Agent.actor` or `Agent.critic`.
        inputs: float32 (n, inputs), distinct observations of the agent.
        frequency: float32 (n,), how often each was met; they sum to 1.

    Returns:
        Rows of layer; `inactive`, the share of its units that no observation activates; `dormant`, of those whose mean
        activation is at most `DORMANT` of the layer's; `effective_rank` of the activations, each observation weighted
        by the root of its frequency; and `weight_norm`, the L2 norm of the layer's weights and biases.
    """
    rows, weights = [], network.state_dict()
    *hidden, _ = forward(weights, inputs).items()
    for layer, activations in hidden:
        means = product(frequency, activations)
        weighted = (activations * frequency.sqrt()[:, None]).double()
        # Squared singular values are the eigenvalues of a matrix that is as small as the layer.
        squares = np.linalg.eigvalsh(product(weighted.T, weighted).numpy()).clip(min=0)
        parameters = torch.cat([weights[f"{layer}.{part}"].flatten() for part in ("weight", "bias")])
        rows.append(
            {
                "layer": layer,
                "inactive": float((activations == 0).all(dim=0).float().mean()),
                "dormant": float((means <= DORMANT * means.mean()).float().mean()),
                "effective_rank": effective_rank(np.sqrt(squares)),
                "weight_norm": float(parameters.norm()),
            }
        )
    return rows


def plasticity_of_run(run: Run) -> Iterator[dict[str, object]]:
    """Rows of the plasticity table but for arm and seed: of the actor and the critic of each checkpoint."""
    encoding = run.recipe.world
    for phase, checkpoint in run.checkpoints.items():
        key = (run.arm, run.seed, "plasticity", phase)
        found = met([checkpoint.actor], run.recipe, run.recipe.level_distribution, key)
        inputs = torch.from_numpy(encoding.inputs_of(encoding.rows(found.codes)))
        frequency = torch.from_numpy(found.frequency)
        for name, network in (("actor", checkpoint.agent.actor), ("critic", checkpoint.agent.critic)):
            for row in plasticity(network, inputs, frequency):
                yield {"phase": phase, "objective": checkpoint.objective, "network": name, **row}
