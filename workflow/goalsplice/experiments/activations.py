"""What networks see on the way, and what their hidden units say to it."""

from collections.abc import Iterable, Mapping

import numpy as np
import torch
from torch import Tensor

from goalsplice.agent.fast.policy import policy_of
from goalsplice.agent.fast.rollout import collect
from goalsplice.agent.network import ACTOR_LAYERS, forward
from goalsplice.agent.recipe import Recipe
from goalsplice.world.simulator import colour_numbers, create

INPUTS, HIDDEN, LOGITS = "inputs", ACTOR_LAYERS[:-1], "logits"
LAYERS = (INPUTS, *HIDDEN, LOGITS)
"""Where an observation can be read on its way through an actor: before the first layer, and after each of the four."""

_WORLDS = 64
_STEPS_FOR_EACH = 3
"""Steps that are taken for each observation that is wanted: the same ones come again, and are counted once."""


def inputs_of(recipe: Recipe, codes: np.ndarray) -> np.ndarray:
    """Observations, given as codes (n,), as a network's inputs: float32 (n, inputs)."""
    return recipe.world.images(codes).reshape(len(codes), -1).astype(np.float32)


def activations(actor: Mapping[str, Tensor], inputs: np.ndarray) -> dict[str, np.ndarray]:
    """What an actor makes of inputs, by `LAYERS`: the inputs themselves, each hidden layer after its ReLU, the logits.

    Args:
        actor: state dict, which is not changed.
        inputs: float32 (n, inputs), such as `inputs_of` gives.

    Returns:
        float32 (n, inputs) for `inputs`, (n, hidden) for each hidden layer, (n, 7) for `logits`.
    """
    with torch.no_grad():
        found = forward(actor, torch.from_numpy(inputs))
    layers = zip((*HIDDEN, LOGITS), ACTOR_LAYERS, strict=True)
    return {INPUTS: inputs, **{name: found[layer].numpy() for name, layer in layers}}


def seen(
    actors: Iterable[Mapping[str, Tensor]], recipe: Recipe, layouts: str, count: int, sequence: np.random.SeedSequence
) -> np.ndarray:
    """Different observations that actors meet while they play, in random order.

    Each actor takes the same number of steps, so that none decides what is seen; and an observation that several meet
    is there once, so that it does not tell who met it.

    Args:
        actors: state dicts.
        recipe: what they see, and the world's rules.
        layouts: what they play.
        count: how many observations are wanted.
        sequence: where levels and actions are drawn from.

    Returns:
        Codes (`world/observation.py`): int64 (count,), or fewer if the actors met fewer.
    """
    actors = list(actors)
    steps = -(-_STEPS_FOR_EACH * count // (_WORLDS * len(actors)))
    order, *places = sequence.spawn(1 + len(actors))
    met = []
    for actor, place in zip(actors, places, strict=True):
        worlds = create(_WORLDS, layouts, np.random.default_rng(place), recipe.grid_size)
        policy, third_colours = policy_of(actor, recipe.world), colour_numbers(layouts)
        # Rewards are not looked at, so the objective does not matter.
        met.append(collect(worlds, policy, recipe.world, recipe.rules, third_colours, 0, steps).codes.ravel())
    return np.random.default_rng(order).permutation(np.unique(np.concatenate(met)))[:count]
