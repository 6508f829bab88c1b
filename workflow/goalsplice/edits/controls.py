"""Controls: networks that are like an edit's result in one respect and should not do what it does.

Each takes what an edit made of recipient and donor. Three are not here since they are the edit itself, made with
another donor: one of the recipient's own goal, one of another run, or an untrained one. Those that optimise are in
`effort.py`.
"""

import numpy as np
from torch import Tensor

from goalsplice.agent.elementary import standard_normal
from goalsplice.agent.network import Weights
from goalsplice.edits.delta import WeightDelta
from goalsplice.edits.weights import flat, parts, unflat


def normal(count: int, generator: np.random.Generator) -> np.ndarray:
    """Numbers of the standard normal distribution, float64 (count,)."""
    return standard_normal(count, lambda drawn: generator.random((2, drawn)))


def sign_flipped(recipient: Weights, edited: Weights) -> dict[str, Tensor]:
    """The same change with its sign flipped."""
    start = flat(recipient)
    return unflat(start - (flat(edited) - start), recipient)


def complement(recipient: Weights, donor: Weights, edited: Weights) -> dict[str, Tensor]:
    """The whole donor but for the edit: what is left to do its work without it. Tells whether the edit is necessary."""
    start, end, made = flat(recipient), flat(donor), flat(edited)
    # Where the edit is the donor's weight, the recipient's remains: exactly, not but for rounding.
    return unflat(np.where(made == end, start, end - (made - start)), recipient)


def permuted(recipient: Weights, edited: Weights, generator: np.random.Generator) -> dict[str, Tensor]:
    """The same change, its values permuted over the places that it has in each tensor."""
    out = flat(recipient)
    added = flat(edited) - out
    for part in parts(recipient).values():
        places = part.start + np.flatnonzero(added[part] != 0)
        out[places] += generator.permutation(added[places])
    return unflat(out, recipient)


def gaussian(recipient: Weights, edited: Weights, generator: np.random.Generator) -> dict[str, Tensor]:
    """Normal random values at the same places, with the same norm in each tensor."""
    out = flat(recipient)
    added = flat(edited) - out
    for part in parts(recipient).values():
        places = part.start + np.flatnonzero(added[part] != 0)
        if len(places) > 0:
            values = normal(len(places), generator)
            out[places] += values * (np.linalg.norm(added[places]) / np.linalg.norm(values))
    return unflat(out, recipient)


def random_places(recipient: np.ndarray, donor: np.ndarray, count: int, generator: np.random.Generator) -> np.ndarray:
    """Where in two actors' weights (N,), of those that differ: int64 (count,), or all if they are fewer."""
    places = np.flatnonzero(donor != recipient)
    return generator.choice(places, min(count, len(places)), replace=False, shuffle=False)


def random_weights(
    recipient: Weights, donor: Weights, edited: Weights, generator: np.random.Generator
) -> dict[str, Tensor]:
    """The donor's weights at random places of the whole actor, as many as the edit changed.

    Places where recipient and donor are equal do not count, as they do not for the edit.
    """
    out, end = flat(recipient), flat(donor)
    places = random_places(out, end, WeightDelta(recipient, edited).size, generator)
    out[places] = end[places]
    return unflat(out, recipient)
