"""Splices of layer 1's input columns, chosen by what the inputs mean: a colour, a kind of thing, a place in view."""

from collections.abc import Callable
from itertools import combinations

import numpy as np
import torch

from goalsplice.agent.network import Weights
from goalsplice.edits.edit import Context, Edit, Make
from goalsplice.edits.weights import take
from goalsplice.settings.labels import EXCHANGE, TRAINED_COLOURS
from goalsplice.world.minigrid_numbers import COLOR_TO_IDX, OBJECT_TO_IDX
from goalsplice.world.observation import Encoding

_KINDS = ("empty", "wall", "key", "ball")
"""Kinds of things that this world has, of MiniGrid's eleven."""

_CONTROLS = (
    "random_weights",
    "complement",
    "sign_flipped",
    "permuted",
    "gaussian",
    "same_goal_donor",
    "other_seed_donor",
    "untrained_donor",
)


def _channels(encoding: Encoding) -> dict[str, list[int]]:
    """Which inputs of a cell mean what."""
    if encoding.name == "integers":
        return {"kind": [0], "colour": [1], "state": [2]}
    first_colour, first_state = len(OBJECT_TO_IDX), len(OBJECT_TO_IDX) + len(COLOR_TO_IDX)
    colours = {colour: first_colour + number for colour, number in COLOR_TO_IDX.items()}
    return {
        **{colour: [channel] for colour, channel in colours.items()},
        TRAINED_COLOURS: [colours[colour] for colour in encoding.key_colours[:2]],
        "all colours": list(range(first_colour, first_state)),
        **{kind: [OBJECT_TO_IDX[kind]] for kind in _KINDS},
        "all kinds": list(range(first_colour)),
    }


def _cells(encoding: Encoding) -> dict[str, np.ndarray]:
    """Which view cells lie where: bool (view_size, view_size), x before y, as in MiniGrid's arrays.

    The agent is in the middle of the view's last row and looks along it towards y = 0. Distances are in steps
    (Manhattan).
    """
    size = encoding.view_size
    x, y = np.indices((size, size))
    aside, ahead = x - size // 2, size - 1 - y
    distances = abs(aside) + ahead
    return {
        **{f"distance {distance}": distances == distance for distance in range(distances.max() + 1)},
        "left": aside < 0,
        "straight ahead": aside == 0,
        "right": aside > 0,
    }


def input_groups(encoding: Encoding) -> dict[str, np.ndarray]:
    """Layer 1's inputs by meaning: bool (inputs,) for each group's name."""
    size = encoding.view_size
    groups = {}
    for name, channels in _channels(encoding).items():
        mask = np.zeros((size, size, encoding.channels), dtype=bool)
        mask[:, :, channels] = True
        groups[name] = mask.ravel()
    for name, cells in _cells(encoding).items():
        groups[name] = np.repeat(cells.ravel(), encoding.channels)
    return groups


def take_inputs(recipient: Weights, donor: Weights, columns: np.ndarray) -> Weights:
    """The recipient with some columns of layer 1's weights, bool (inputs,), from the donor."""
    return take(recipient, donor, {"layer1.weight": torch.from_numpy(columns)[None, :]})


def _taken(columns: np.ndarray) -> Make:
    return lambda context: take_inputs(*context.actors, columns)


def _random_columns(columns: np.ndarray) -> Callable[[np.random.Generator], Make]:
    """As many columns, of those in which recipient and donor differ: many inputs never occur, and theirs are zero."""

    def at_random(generator: np.random.Generator) -> Make:
        order = generator.permutation(len(columns))

        def make(context: Context) -> Weights:
            recipient, donor = context.actors
            differing = (donor["layer1.weight"] != recipient["layer1.weight"]).any(dim=0).numpy()
            chosen = np.zeros(len(columns), dtype=bool)
            chosen[order[differing[order]][: (columns & differing).sum()]] = True
            return take_inputs(recipient, donor, chosen)

        return make

    return at_random


def exchange_colours(actor: Weights, encoding: Encoding, one: str, other: str) -> Weights:
    """The actor with its own columns of two colours exchanged: what it saw as one it now sees as the other.

    No donor takes part, so nothing but the agent's perception is changed. What a donor's columns do beyond that is
    more than a relabelling. One-hot encodings only.
    """
    groups = input_groups(encoding)
    order = np.arange(encoding.inputs)
    order[groups[one]], order[groups[other]] = np.flatnonzero(groups[other]), np.flatnonzero(groups[one])
    return {**actor, "layer1.weight": actor["layer1.weight"][:, torch.from_numpy(order)]}


def exchanged_colours(encoding: Encoding) -> dict[str, tuple[str, str]]:
    """By the edit's name, two colours that are exchanged.

    Of four colours every two: the two that are wanted in turn, the third key's, and another that never is wanted.
    """
    another = next(colour for colour in ("green", *COLOR_TO_IDX) if colour not in encoding.key_colours)
    first, second, third = encoding.key_colours
    pairs = combinations((first, second, another, third), 2)
    return {EXCHANGE if pair == (first, second) else f"own {pair[0]} and {pair[1]} exchanged": pair for pair in pairs}


def _exchanged(one: str, other: str) -> Make:
    return lambda context: exchange_colours(context.recipient.actor, context.encoding, one, other)


def input_edits(encoding: Encoding) -> list[Edit]:
    """Every group's columns from the donor; for one-hot encodings also exchanges of colours.

    Exchanging the trained colours is the edit, the other exchanges tell whether any would do: those of a wanted colour
    with one that never is wanted, and that of two that never are.
    """
    edits = [
        Edit("inputs", name, _taken(columns), controls=_CONTROLS, at_random=_random_columns(columns))
        for name, columns in input_groups(encoding).items()
    ]
    if encoding.name == "onehot":
        edits += [
            Edit("inputs", name, _exchanged(one, other)) for name, (one, other) in exchanged_colours(encoding).items()
        ]
    return edits
