"""Splices of whole layers."""

from collections.abc import Iterator, Mapping
from itertools import combinations
from typing import NamedTuple

from torch import Tensor

from goalsplice.agent.network import ACTOR_LAYERS

Weights = Mapping[str, Tensor]
"""An actor's state dict: tensors by the names `layer1.weight`, `layer1.bias`, ..."""

NO_EDIT = "none"


class Edit(NamedTuple):
    """An edited network, and what was done to it.

    Attributes:
        family: kind of edit.
        name: which one of its kind.
        size: how many weights it writes.
        weights: the actor after the edit.
    """

    family: str
    name: str
    size: int
    weights: Weights


def splice_layers(recipient: Weights, donor: Weights, layers: tuple[str, ...]) -> Edit:
    """The recipient with some layers, weights and biases, taken from the donor. Neither is changed."""
    taken = {name for name in recipient if name.split(".")[0] in layers}
    return Edit(
        family="layers",
        name="+".join(layers) or NO_EDIT,
        size=sum(recipient[name].numel() for name in taken),
        weights={name: (donor if name in taken else recipient)[name] for name in recipient},
    )


def layer_splices(recipient: Weights, donor: Weights) -> Iterator[Edit]:
    """All 16 subsets of the actor's four layers, by size: from no edit (the floor) to all of them (the donor)."""
    for count in range(len(ACTOR_LAYERS) + 1):
        for layers in combinations(ACTOR_LAYERS, count):
            yield splice_layers(recipient, donor, layers)
