"""What actors meet while they play."""

from collections.abc import Iterable

import numpy as np

from goalsplice.agent.fast.policy import policy_of
from goalsplice.agent.fast.rollout import collect
from goalsplice.agent.network import Weights
from goalsplice.agent.recipe import Recipe
from goalsplice.world.observation import Observations
from goalsplice.world.simulator import colour_numbers, create


def observations(
    actors: Iterable[Weights],
    recipe: Recipe,
    level_distribution: str,
    worlds: int,
    steps: int,
    sequences: Iterable[np.random.SeedSequence],
) -> Observations:
    """What actors meet on levels of their own, all for the same number of steps, so that none decides what is seen.

    Args:
        actors: those that play.
        recipe: what they see, and the world's rules.
        level_distribution: the distribution of their levels.
        worlds, steps: how many worlds each plays at a time, and for how many steps.
        sequences: where each actor's levels and actions are drawn from.
    """
    codes = []
    for actor, sequence in zip(actors, sequences, strict=True):
        levels = create(worlds, level_distribution, np.random.default_rng(sequence), recipe.grid_size)
        policy = policy_of(actor, recipe.world)
        # Rewards are not looked at, so the objective does not matter.
        rollout = collect(levels, policy, recipe.world, recipe.rules, colour_numbers(level_distribution), 0, steps)
        codes.append(rollout.codes.ravel())
    return Observations(*np.unique(np.concatenate(codes), return_counts=True))
