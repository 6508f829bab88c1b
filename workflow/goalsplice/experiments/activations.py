"""What networks see on the way, and what their hidden units say to it."""

from collections.abc import Iterable

import numpy as np
import torch

from goalsplice.agent.network import ACTOR_LAYERS, Weights, forward
from goalsplice.agent.observations import observations
from goalsplice.agent.recipe import Recipe

INPUTS, HIDDEN, LOGITS = "inputs", ACTOR_LAYERS[:-1], "logits"
LAYERS = (INPUTS, *HIDDEN, LOGITS)
"""Where an observation can be read on its way through an actor: before the first layer, and after each of the four."""

_WORLDS = 64
_STEPS_FOR_EACH = 3
"""Steps that are taken for each observation that is wanted: the same ones come again, and are counted once."""


def activations(actor: Weights, inputs: np.ndarray) -> dict[str, np.ndarray]:
    """What an actor makes of inputs, by `LAYERS`: the inputs themselves, each hidden layer after its ReLU, the logits.

    Args:
        actor: state dict, which is not changed.
        inputs: float32 (n, inputs), such as `Encoding.inputs_of` gives.

    Returns:
        float32 (n, inputs) for `inputs`, (n, hidden) for each hidden layer, (n, 7) for `logits`.
    """
    with torch.no_grad():
        found = forward(actor, torch.from_numpy(inputs))
    layers = zip((*HIDDEN, LOGITS), ACTOR_LAYERS, strict=True)
    return {INPUTS: inputs, **{name: found[layer].numpy() for name, layer in layers}}


def drawn_observations(
    actors: Iterable[Weights], recipe: Recipe, level_distribution: str, count: int, sequence: np.random.SeedSequence
) -> np.ndarray:
    """Different observations that actors meet while they play, in random order.

    An observation that several meet is there once, so that it does not tell who met it.

    Args:
        actors: state dicts.
        recipe: what they see, and the world's rules.
        level_distribution: what they play.
        count: how many observations are wanted.
        sequence: where levels, actions and the order are drawn from.

    Returns:
        Codes (`world/observation.py`): int64 (count,), or fewer if the actors met fewer.
    """
    actors = list(actors)
    steps = -(-_STEPS_FOR_EACH * count // (_WORLDS * len(actors)))
    order, *places = sequence.spawn(1 + len(actors))
    met = observations(actors, recipe, level_distribution, _WORLDS, steps, places)
    return np.random.default_rng(order).permutation(met.codes)[:count]
