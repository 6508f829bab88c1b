"""Equal effort at a random site: as many weights anywhere in the actor, optimised for the donor's behaviour.

An edit that was searched for has an advantage over one that was drawn. This control has the same search's means: the
same observations, the same goal (`attribution.preference`) and about as many gradients, spent on values instead of
places.
"""

import numpy as np
import scipy.optimize
import torch
from torch import Tensor

from goalsplice.edits.attribution import POINTS, Observations, gradient, log_probabilities
from goalsplice.edits.edit import Weights


def _join(parts: Weights) -> Tensor:
    return torch.cat([part.flatten() for part in parts.values()])


def _split(flat: Tensor, like: Weights) -> dict[str, Tensor]:
    pieces = flat.split([tensor.numel() for tensor in like.values()])
    return {name: piece.view_as(like[name]) for name, piece in zip(like, pieces, strict=True)}


def equal_effort(
    recipient: Weights, donor: Weights, count: int, met: Observations, generator: np.random.Generator
) -> dict[str, Tensor]:
    """The recipient with `count` random weights optimised by L-BFGS, with about as many gradients as an attribution."""
    choices = log_probabilities(donor, met.inputs).exp()
    start = _join(recipient)
    places = torch.from_numpy(np.sort(generator.permutation(len(start))[:count]))

    def actor(values: np.ndarray) -> dict[str, Tensor]:
        flat = start.clone()
        flat[places] = torch.from_numpy(values.astype(np.float32))
        return _split(flat, recipient)

    def loss(values: np.ndarray) -> tuple[float, np.ndarray]:
        value, slope = gradient(actor(values), met, choices)
        return -value, -_join(slope)[places].double().numpy()

    found = scipy.optimize.minimize(
        loss, start[places].double().numpy(), jac=True, method="L-BFGS-B", options={"maxfun": POINTS}
    )
    return actor(found.x)
