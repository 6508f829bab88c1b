"""What an edit is: a function that makes an actor from a recipient and a donor, and what is said of its result."""

import math
from collections.abc import Callable, Iterator, Mapping
from math import nan
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from goalsplice.agent.network import Weights

IN_USE = 1e-3
"""Norm above which a unit or an input is in use, in parts of the largest. Weight decay leaves a wide gap here."""

Make = Callable[[Weights, Weights], Weights]
"""The edited actor from recipient and donor. A pure function: it changes neither."""


class Edit(NamedTuple):
    """One edit, and what it is to be compared with.

    Attributes:
        family: kind of edit.
        name: which one of its kind.
        make: what it does.
        dose: how much of it: units, share of the weights, rank, or step; NaN where there is no such scale.
        controls: names of its controls (`scoring.py`).
        at_random: the same kind of edit at a random site, for the control `random_sites`. Without it, that control
            takes single weights anywhere in the actor.
    """

    family: str
    name: str
    make: Make
    dose: float = nan
    controls: tuple[str, ...] = ()
    at_random: Callable[[np.random.Generator], Make] | None = None


def change(recipient: Weights, edited: Weights) -> dict[str, Tensor]:
    """What an edit added to the recipient, tensor by tensor."""
    return {name: edited[name] - recipient[name] for name in recipient}


def add(recipient: Weights, difference: Weights, scale: float = 1.0) -> dict[str, Tensor]:
    """The recipient with a multiple of a difference added."""
    return {name: recipient[name] + scale * difference[name] for name in recipient}


def flat(weights: Weights) -> np.ndarray:
    """All weights and biases of an actor in one vector (N,), tensor after tensor in the order of their names."""
    return np.concatenate([weights[name].numpy().ravel() for name in sorted(weights)])


def parts(like: Weights) -> dict[str, slice]:
    """Where the tensors of an actor are in `flat`."""
    names = sorted(like)
    ends = np.cumsum([like[name].numel() for name in names]).tolist()
    return dict(zip(names, map(slice, [0, *ends], ends), strict=True))


def unflat(vector: np.ndarray, like: Weights) -> dict[str, Tensor]:
    """The actor, shaped like another, that `flat` made a vector of. It shares the vector's memory."""
    places = parts(like)
    return {name: torch.from_numpy(vector[places[name]]).view(like[name].shape) for name in like}


def _touched(recipient: Weights, edited: Weights) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """The tensors in which two actors may differ: many edits hand on most of the recipient's as they are."""
    for name in recipient:
        if edited[name] is not recipient[name]:
            yield recipient[name].numpy(), edited[name].numpy()


def size(recipient: Weights, edited: Weights) -> int:
    """How many weights and biases an edit changed."""
    return sum(int(np.count_nonzero(one != other)) for one, other in _touched(recipient, edited))


def norm(recipient: Weights, edited: Weights) -> float:
    """L2 norm of what an edit added."""
    added = ((other - one).ravel().astype(np.float64) for one, other in _touched(recipient, edited))
    return math.sqrt(sum(part.dot(part) for part in added))


def in_use(sizes: Tensor) -> Tensor:
    """Which of some units or inputs are in use, bool (n,), by their norms (n,)."""
    return sizes > IN_USE * sizes.max()


def take(recipient: Weights, donor: Weights, masks: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The recipient, with the donor's weights where a boolean mask, which broadcasts, says so. Others stay whole."""
    return {
        name: torch.where(masks[name], donor[name], recipient[name]) if name in masks else recipient[name]
        for name in recipient
    }
