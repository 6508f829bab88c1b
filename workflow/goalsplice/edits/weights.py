"""Arithmetic on a network's weights: what edits and controls are made with. No function changes its arguments."""

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor

from goalsplice.agent.network import Weights

IN_USE = 1e-3
"""Norm above which a unit or an input is in use, in parts of the largest. Weight decay leaves a wide gap here."""


def add(weights: Weights, difference: Weights, scale: float = 1.0) -> dict[str, Tensor]:
    """Weights with a multiple of a difference added."""
    return {name: weights[name] + scale * difference[name] for name in weights}


def take(recipient: Weights, donor: Weights, masks: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The recipient, with the donor's weights where a boolean mask, which broadcasts, says so. Others stay whole."""
    return {
        name: torch.where(masks[name], donor[name], recipient[name]) if name in masks else recipient[name]
        for name in recipient
    }


def flat(weights: Weights) -> np.ndarray:
    """All weights and biases of a network in one vector (N,), tensor after tensor in the order of their names."""
    return np.concatenate([weights[name].numpy().ravel() for name in sorted(weights)])


def parts(like: Weights) -> dict[str, slice]:
    """Where the tensors of a network are in `flat`."""
    names = sorted(like)
    ends = np.cumsum([like[name].numel() for name in names]).tolist()
    return dict(zip(names, map(slice, [0, *ends], ends), strict=True))


def unflat(vector: np.ndarray, like: Weights) -> dict[str, Tensor]:
    """The network, shaped like another, that `flat` made a vector of. It shares the vector's memory."""
    places = parts(like)
    return {name: torch.from_numpy(vector[places[name]]).view(like[name].shape) for name in like}


def in_use(sizes: Tensor) -> Tensor:
    """Which of some units or inputs are in use, bool (n,), by their norms (n,)."""
    return sizes > IN_USE * sizes.max()


def top_mask(scores: Tensor, count: int) -> Tensor:
    """Where the `count` highest scores are, or all if there are fewer: bool, of the scores' shape."""
    chosen = torch.zeros(scores.numel(), dtype=torch.bool)
    chosen[torch.topk(scores.flatten(), min(count, scores.numel())).indices] = True
    return chosen.view_as(scores)
