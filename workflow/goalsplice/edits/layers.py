"""Splices of whole layers: the recipient with some layers taken from the donor."""

from itertools import combinations

from goalsplice.agent.network import ACTOR_LAYERS, Weights
from goalsplice.edits.edit import Edit, Make
from goalsplice.settings.labels import NO_EDIT

_CONTROLS = (
    "sign_flipped",
    "permuted",
    "gaussian",
    "random_weights",
    "same_goal_donor",
    "other_seed_donor",
    "untrained_donor",
)

_PARTS = {"layers": ("weight", "bias"), "layer_weights": ("weight",), "layer_biases": ("bias",)}
"""Families, and which of a layer's tensors they take."""


def splice_layers(
    recipient: Weights, donor: Weights, layers: tuple[str, ...], parts: tuple[str, ...] = ("weight", "bias")
) -> Weights:
    """The recipient with these layers' weights, biases or both from the donor."""
    taken = {f"{layer}.{part}" for layer in layers for part in parts}
    return {name: (donor if name in taken else recipient)[name] for name in recipient}


def spliced(layers: tuple[str, ...], parts: tuple[str, ...] = ("weight", "bias")) -> Make:
    """`splice_layers` as an edit's `make`."""
    return lambda context: splice_layers(*context.actors, layers, parts)


def layer_edits() -> list[Edit]:
    """All 16 subsets of the actor's four layers, from no edit (the floor) to all (the ceiling: the donor itself).

    Then all subsets but the empty one with weights or biases alone. A subset's complement is the subset of the other
    layers, so it is here already. The ceiling has no control: nothing is left that could be drawn in its place.
    """
    edits = []
    for family, parts in _PARTS.items():
        for count in range(len(ACTOR_LAYERS) + 1):
            for layers in combinations(ACTOR_LAYERS, count):
                if layers or family == "layers":
                    controlled = family == "layers" and 0 < count < len(ACTOR_LAYERS)
                    edits.append(
                        Edit(
                            family,
                            "+".join(layers) or NO_EDIT,
                            spliced(layers, parts),
                            controls=_CONTROLS if controlled else (),
                        )
                    )
    return edits
