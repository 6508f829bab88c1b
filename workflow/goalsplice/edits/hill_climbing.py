"""A search with the target's reward: what as many weights at random places can do for as many evaluations.

The simplest evolution strategy, (1+1) with the success rule (Rechenberg 1973; Beyer and Schwefel 2002, "Evolution
strategies"). It is a control, and has what no edit has: it sees how much the new colour's key pays.
"""

from collections.abc import Callable

import numpy as np

from goalsplice.agent.network import Weights
from goalsplice.edits.controls import normal
from goalsplice.edits.weights import flat, unflat

_GROWTH = 1.5
"""The step grows by this after a success and shrinks by its fourth root after a failure: steady at one in five."""


def climbed(
    actor: Weights,
    count: int,
    step: float,
    score: Callable[[Weights], float],
    evaluations: int,
    generator: np.random.Generator,
) -> Weights:
    """The actor with `count` random weights of those that are not zero changed for the best score found.

    Args:
        step: L2 norm of the first steps.
        score: what is to grow.
        evaluations: how often it is asked.
    """
    best = flat(actor)
    places = generator.permutation(np.flatnonzero(best))[:count]
    highest, asked = -np.inf, 0
    trial = best.copy()
    while asked < evaluations:
        found = score(unflat(trial, actor))
        if found > highest:
            highest, best = found, trial
            step *= _GROWTH if asked else 1.0
        else:
            step *= _GROWTH**-0.25
        asked += 1
        trial = best.copy()
        direction = normal(len(places), generator)
        trial[places] += (step / np.linalg.norm(direction) * direction).astype(np.float32)
    return unflat(best, actor)
