"""Controls: networks that are like an edit's result in one respect and should not do what it does.

Each takes what an edit made of recipient and donor. Two are not here since they are the edit itself, made with another
donor: one of the recipient's own goal, one of another run, or an untrained one.
"""

import numpy as np
import torch
from torch import Tensor

from goalsplice.edits.edit import Weights, add, change, size


def turned(recipient: Weights, edited: Weights) -> dict[str, Tensor]:
    """The same change with its sign turned."""
    return add(recipient, change(recipient, edited), -1.0)


def complement(recipient: Weights, donor: Weights, edited: Weights) -> dict[str, Tensor]:
    """The whole donor but for the edit: what is left to do its work without it. Tells whether the edit is necessary."""
    return {
        # Where the edit is the donor's weight, the recipient's remains: exactly, not but for rounding.
        name: torch.where(edited[name] == donor[name], part, donor[name] - (edited[name] - part))
        for name, part in recipient.items()
    }


def shuffled(recipient: Weights, edited: Weights, generator: np.random.Generator) -> dict[str, Tensor]:
    """The same change, its values shuffled over the places that it has in each tensor."""
    out = {}
    for name, part in change(recipient, edited).items():
        flat, places = part.flatten(), torch.nonzero(part.flatten())[:, 0]
        mixed = flat.clone()
        mixed[places] = flat[places[torch.from_numpy(generator.permutation(len(places)))]]
        out[name] = recipient[name] + mixed.view_as(part)
    return out


def noise(recipient: Weights, edited: Weights, generator: np.random.Generator) -> dict[str, Tensor]:
    """Normal random values at the same places, with the same norm in each tensor."""
    out = {}
    for name, part in change(recipient, edited).items():
        values = torch.from_numpy(generator.standard_normal(part.shape).astype(np.float32)) * (part != 0)
        length = values.norm()
        out[name] = recipient[name] + (values * (part.norm() / length) if length > 0 else values)
    return out


def random_sites(
    recipient: Weights, donor: Weights, edited: Weights, generator: np.random.Generator
) -> dict[str, Tensor]:
    """The donor's weights at random places of the whole actor, as many as the edit changed.

    Places where recipient and donor are equal do not count, as they do not for the edit.
    """
    differing = {name: torch.nonzero((donor[name] != recipient[name]).flatten())[:, 0] for name in recipient}
    starts = np.cumsum([0, *(len(places) for places in differing.values())])
    chosen = np.sort(generator.permutation(starts[-1])[: size(recipient, edited)])
    out = {}
    for number, (name, places) in enumerate(differing.items()):
        mine = chosen[(chosen >= starts[number]) & (chosen < starts[number + 1])] - starts[number]
        flat = recipient[name].flatten().clone()
        where = places[torch.from_numpy(mine)]
        flat[where] = donor[name].flatten()[where]
        out[name] = flat.view_as(recipient[name])
    return out
