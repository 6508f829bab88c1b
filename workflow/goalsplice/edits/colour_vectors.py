"""Vectors of a colour: what, in the first layer, makes a key of one colour the wanted one; added to another colour.

A vector is (H, view cells): for each hidden unit and each place in view. Two are made of a run's checkpoints:

- the *task vector* of a switch of the objective, what it did to the columns of the colour that it made the wanted one;
- the *contrastive direction*, from one checkpoint alone: the wanted colour's columns less the mean of other colours'.

One-hot encodings only: there a colour has columns of its own.
"""

from collections.abc import Sequence
from functools import cache

import numpy as np
import torch
from torch import Tensor

from goalsplice.agent.network import Weights
from goalsplice.edits.inputs import input_groups
from goalsplice.edits.rank import truncated
from goalsplice.edits.weights import top_mask
from goalsplice.world.observation import Encoding

FIRST = "layer1.weight"


@cache
def columns(encoding: Encoding, colour: str) -> np.ndarray:
    """The inputs that stand for a colour, one for each view cell: int64 (cells,), kept, so not to be changed."""
    return np.flatnonzero(input_groups(encoding)[colour])


def colour_weights(actor: Weights, encoding: Encoding, colour: str) -> Tensor:
    """The first layer's weights of a colour's inputs: (H, cells)."""
    return actor[FIRST][:, columns(encoding, colour)]


def unwanted(wanted: str) -> tuple[str, ...]:
    """Colours of keys that do not pay when `wanted` does. Grey is also the colour of walls and of the ball."""
    return tuple(colour for colour in ("red", "green", "blue", "purple", "yellow") if colour != wanted)


def contrastive_direction(
    actor: Weights, encoding: Encoding, wanted: str, others: Sequence[str] | None = None
) -> Tensor:
    """The contrastive direction of one checkpoint: the wanted colour's columns less the mean of the others'."""
    means = [colour_weights(actor, encoding, other) for other in others or unwanted(wanted)]
    return colour_weights(actor, encoding, wanted) - torch.stack(means).mean(dim=0)


def task_vector(before: Weights, after: Weights, encoding: Encoding, wanted: str) -> Tensor:
    """The task vector of a switch: what training on `wanted`, from `before` to `after`, did to its columns."""
    return colour_weights(after, encoding, wanted) - colour_weights(before, encoding, wanted)


def retargeted(
    actor: Weights,
    encoding: Encoding,
    vector: Tensor,
    target: str,
    wanted: str,
    strength: float = 1.0,
    take: bool = True,
) -> Weights:
    """Add a vector to the target colour, and take it from the wanted one unless `take` is false."""
    weight = actor[FIRST].clone()
    weight[:, columns(encoding, target)] += strength * vector
    if take:
        weight[:, columns(encoding, wanted)] -= strength * vector
    return {**actor, FIRST: weight}


def top_k(vector: Tensor, count: int) -> Tensor:
    """The vector's `count` largest entries, zero elsewhere."""
    return torch.where(top_mask(vector.abs(), count), vector, 0.0)


def of_units(vector: Tensor, count: int) -> Tensor:
    """The vector for the `count` units where it is longest, zero for the others."""
    return torch.where(top_mask(vector.norm(dim=1), count)[:, None], vector, 0.0)


def of_rank(vector: Tensor, rank: int) -> Tensor:
    """The closest matrix of this rank."""
    return truncated(vector, min(rank, *vector.shape))


def analogy(actor: Weights, neighbour: Weights, encoding: Encoding, wanted: str, former: str, target: str) -> Weights:
    """What turned the neighbour, which wants `former`, into the actor, once more with colours moved on by one.

    The whole difference of the first layers is added, with that of the former colour's columns to the wanted one's,
    the wanted colour's to the target's and the target's to the former's: former is to wanted as wanted to target.
    """
    difference = actor[FIRST] - neighbour[FIRST]
    moved = difference.clone()
    for source, place in ((former, wanted), (wanted, target), (target, former)):
        moved[:, columns(encoding, place)] = difference[:, columns(encoding, source)]
    return {
        **actor,
        FIRST: actor[FIRST] + moved,
        "layer1.bias": 2 * actor["layer1.bias"] - neighbour["layer1.bias"],
    }
