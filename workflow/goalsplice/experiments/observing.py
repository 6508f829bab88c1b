"""What networks meet on levels of their own, as edits and measures are given it."""

from collections.abc import Sequence

from goalsplice.agent.network import Weights
from goalsplice.agent.observations import observations
from goalsplice.agent.recipe import Recipe
from goalsplice.agent.seeding import Key, sequence
from goalsplice.world.observation import Observations

_WORLDS, _STEPS = 32, 16
_FITTED_WORLDS, _FITTED_STEPS = 64, 64


def met(actors: Sequence[Weights], recipe: Recipe, level_distribution: str, key: Key) -> Observations:
    """What some actors meet, on levels other than those of evaluations; `key` says which levels."""
    sequences = [sequence(*key, "met for attribution", number) for number in range(len(actors))]
    return observations(actors, recipe, level_distribution, _WORLDS, _STEPS, sequences)


def met_alone(actor: Weights, recipe: Recipe, level_distribution: str, key: Key) -> Observations:
    """What one actor meets in more worlds and for longer, for edits that are fitted on it."""
    return observations(
        [actor], recipe, level_distribution, _FITTED_WORLDS, _FITTED_STEPS, [sequence(*key, "met for least squares")]
    )
