"""Edits downstream of the input: some layers' weights, refitted so that one colour counts as another from there on.

The agent's own observations are taken twice, as they are and with two colours of keys exchanged. Layer by layer, the
chosen weights are changed by linear least squares, such that what follows from an observation comes close to what
followed from the exchanged one before the edit. No reward is used, no gradient, and no behaviour but the agent's own.
What the layers before the first chosen one make of the world stays as it was.

The method is that of editing a linear associative memory in closed form (Meng et al. 2022, "Locating and Editing
Factual Associations in GPT"; Bau et al. 2020, "Rewriting a Deep Generative Model"), with a relabelling in place of
facts.
"""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import relu

from goalsplice.agent.network import ACTOR_LAYERS, Weights
from goalsplice.agent.products import linear, product
from goalsplice.edits.relabelling import exchanged_rows
from goalsplice.world.observation import Encoding, Observations

_RIDGE = 1e-5
"""Added to the diagonal of the normal equations, in parts of its mean: units that never are active have none."""


def _refit(actor: Weights, layer: str, inputs: Tensor, targets: Tensor, weights: Tensor) -> Weights:
    """The smallest change of a layer's weights and bias that brings its outputs for `inputs` closest to `targets`."""
    augmented = torch.cat([inputs, torch.ones(len(inputs), 1)], dim=1).double()
    missing = targets.double() - linear(inputs, actor[f"{layer}.weight"], actor[f"{layer}.bias"]).double()
    weighted = augmented * weights.double()[:, None]
    gram = product(augmented.T, weighted)
    gram.diagonal().add_(_RIDGE * gram.diagonal().mean())
    solved = np.linalg.solve(gram.numpy(), product(weighted.T, missing).numpy())
    added = torch.from_numpy(solved).T.float()
    return {
        **actor,
        f"{layer}.weight": actor[f"{layer}.weight"] + added[:, :-1],
        f"{layer}.bias": actor[f"{layer}.bias"] + added[:, -1],
    }


def refitted(
    actor: Weights, encoding: Encoding, met: Observations, one: str, other: str, layers: Sequence[str]
) -> Weights:
    """The actor, with the weights of some layers changed to act as if two colours of keys were exchanged.

    Args:
        encoding: how it sees.
        met: what it meets.
        one, other: the colours.
        layers: which layers are changed, each after the changes of those before it.
    """
    rows = encoding.rows(met.codes)
    plain, turned = (
        torch.from_numpy(encoding.inputs_of(found)) for found in (rows, exchanged_rows(encoding, rows, one, other))
    )
    # Both ways, so that observations of the edited agent, which differ from the unedited one's, are among them.
    entering, source = torch.cat([plain, turned]), torch.cat([turned, plain])
    weights = torch.from_numpy(np.tile(met.counts, 2))
    edited = dict(actor)
    for layer in ACTOR_LAYERS[: 1 + max(map(ACTOR_LAYERS.index, layers), default=-1)]:
        wanted_outputs = linear(source, actor[f"{layer}.weight"], actor[f"{layer}.bias"])
        if layer in layers:
            edited = _refit(edited, layer, entering, wanted_outputs, weights)
        source = relu(wanted_outputs)
        entering = relu(linear(entering, edited[f"{layer}.weight"], edited[f"{layer}.bias"]))
    return edited
