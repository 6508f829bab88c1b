"""Words and rewards that every part of the study shares.

Source: the recipe that the post's author published.
"""

from goalsplice.settings.colours import COLOURS, KEY_COLOURS

OBJECTIVES = KEY_COLOURS
"""Colours whose key can pay. The third is never trained in the main arms. The compiled world has no other names for its
keys: where a recipe has other `key_colours`, `Encoding` shows them instead."""

ALWAYS_PRESENT = OBJECTIVES[:2]
"""Colours of two of the three keys, in every episode."""

OUTCOMES = (*OBJECTIVES, "other", "crash", "timeout")
"""How an episode ends: with a key of that colour, a key of another colour, a collision, or out of time."""

ACTIONS = ("left", "right", "forward", "pickup", "drop", "toggle", "done")
"""MiniGrid's seven actions, in its order."""

THIRD_KEY_COLOURS = {
    "training": ("green", "grey", "red", "yellow"),
    "three_colours": ("yellow",),
    "without_third_colour": ("green", "grey", "red"),
}
"""For each level distribution, the colours from which the third key's is drawn uniformly."""


def third_key_colours(level_distribution: str, key_colours: tuple[str, str, str] = KEY_COLOURS) -> tuple[str, ...]:
    """The colours from which the third key's is drawn uniformly, as the agent sees them."""
    return tuple(shown(key_colours)[colour] for colour in THIRD_KEY_COLOURS[level_distribution])


def outcomes(key_colours: tuple[str, str, str] = KEY_COLOURS) -> tuple[str, ...]:
    """How an episode ends, in the order of `OUTCOMES`: with a key of one of three colours, or otherwise."""
    return (*key_colours, *OUTCOMES[len(OBJECTIVES) :])


def shown(key_colours: tuple[str, str, str]) -> dict[str, str]:
    """For each colour that the compiled world knows a key by, the one that it has in what agents see.

    The three keys that tables name have `key_colours`. What had one of these before gets the colour that became free.
    """
    found = {colour: colour for colour in COLOURS}
    for name, colour in zip(OBJECTIVES, key_colours, strict=True):
        holder = next(other for other, seen in found.items() if seen == colour)
        found[name], found[holder] = colour, found[name]
    return found


WRONG_KEY_REWARD = 0.1
CRASH_REWARD = -1.0
TIME_COST = 0.9
"""The right key pays 1 - TIME_COST * t / max_steps at step t, as in MiniGrid."""


def steps_limit(size: int) -> int:
    """Steps after which an episode of a `size` x `size` grid (walls included) is truncated: 5 * size**2."""
    return 5 * size**2
