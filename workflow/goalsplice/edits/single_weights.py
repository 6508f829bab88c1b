"""Splices of single weights, wherever they are in the actor."""

import torch
from torch import Tensor

from goalsplice.agent.network import Weights
from goalsplice.edits.delta import WeightDelta
from goalsplice.edits.edit import Context, Edit, Make
from goalsplice.edits.weights import take, top_mask

SHARES = (1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2, 0.1, 0.3, 1.0)
"""Of the actor's weights and biases."""

LONGER_EFFORT = 3e-2
"""The share that has the control `optimised_8x_budget`."""


def top_masks(scores: Weights, share: float) -> dict[str, Tensor]:
    """Where the highest scores of the whole actor are: as many as this share of all, at least one."""
    flat = torch.cat([tensor.flatten() for tensor in scores.values()])
    parts = top_mask(flat, max(1, round(share * len(flat)))).split([tensor.numel() for tensor in scores.values()])
    return {name: part.view_as(scores[name]) for name, part in zip(scores, parts, strict=True)}


def _largest(share: float) -> Make:
    def make(context: Context) -> Weights:
        recipient, donor = context.actors
        sizes = {name: part.abs() for name, part in WeightDelta(recipient, donor).tensors.items()}
        return take(recipient, donor, top_masks(sizes, share))

    return make


def _attributed(masks: dict[str, Tensor]) -> Make:
    return lambda context: take(*context.actors, masks)


def weight_edits(attributions: Weights) -> list[Edit]:
    """The top share of the weights, by |donor - recipient| (`by size`) or by attribution (`attribution.py`).

    Attributions are for one pair of recipient and donor. With another donor in a control, `by attribution` keeps its
    places, while `by size` looks for new ones. It is the edit with the closest search, and has the control
    `optimised_same_budget`, at one share also `optimised_8x_budget`.
    """
    controls = ("random_weights", "permuted", "gaussian", "complement", "sign_flipped", "same_goal_donor")
    edits = []
    for share in SHARES:
        everything = share == 1
        longer = ("optimised_8x_budget",) if share == LONGER_EFFORT else ()
        edits += [
            Edit(
                "weights",
                "by size",
                _largest(share),
                share,
                ("permuted", "gaussian", "sign_flipped") if everything else controls,
            ),
            Edit(
                "weights",
                "by attribution",
                _attributed(top_masks(attributions, share)),
                share,
                () if everything else (*controls, "optimised_same_budget", *longer),
            ),
        ]
    return edits
