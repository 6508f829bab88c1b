"""Effort at a random site: as many weights of those that differ, optimised for the donor's behaviour.

An edit that was searched for has an advantage over one that was drawn. This control has the same search's means: the
same observations, the same goal (`attribution.Preference`) and, as `optimised_same_budget`, about as many gradients,
spent on values instead of places. `optimised_8x_budget` tells how far from done that is.
"""

import numpy as np
import scipy.optimize

from goalsplice.agent.network import Weights
from goalsplice.edits.attribution import POINTS, Preference
from goalsplice.edits.controls import random_places
from goalsplice.edits.edit import Context
from goalsplice.edits.weights import flat, unflat

GRADIENTS = {"optimised_same_budget": POINTS, "optimised_8x_budget": 8 * POINTS}
"""About how many gradients the controls take."""


def optimised_at_random(context: Context, count: int, gradients: int, generator: np.random.Generator) -> Weights:
    """The recipient with `count` random weights optimised by L-BFGS, of those in which it and the donor differ."""
    recipient, donor = context.actors
    preference = Preference(context)
    start = flat(recipient)
    places = random_places(start, flat(donor), count, generator)

    def actor(values: np.ndarray) -> Weights:
        vector = start.copy()
        vector[places] = values
        return unflat(vector, recipient)

    def loss(values: np.ndarray) -> tuple[float, np.ndarray]:
        value, slope = preference.gradient(actor(values))
        return -value, -flat(slope)[places].astype(np.float64)

    found = scipy.optimize.minimize(
        loss, start[places].astype(np.float64), jac=True, method="L-BFGS-B", options={"maxfun": gradients}
    )
    return actor(found.x)
