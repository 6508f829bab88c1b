"""Words and rewards that every part of the study shares.

Source: the recipe that the post's author published.
"""

OBJECTIVES = ("blue", "purple", "yellow")
"""Colours whose key can pay. Yellow is never trained in the main arms."""

OUTCOMES = ("blue", "purple", "yellow", "other", "crash", "timeout")
"""How an episode ends: with a key of that colour, a key of another colour, a collision, or out of time."""

ACTIONS = ("left", "right", "forward", "pickup", "drop", "toggle", "done")
"""MiniGrid's seven actions, in its order."""

ALWAYS_PRESENT = ("blue", "purple")
"""Colours of two of the three keys, in every episode."""

THIRD_KEY_COLOURS = {
    "training": ("green", "grey", "red", "yellow"),
    "three_colours": ("yellow",),
    "without_yellow": ("green", "grey", "red"),
}
"""For each layouts distribution, the colours from which the third key's is drawn uniformly."""

WRONG_KEY_REWARD = 0.1
CRASH_REWARD = -1.0
TIME_COST = 0.9
"""The right key pays 1 - TIME_COST * t / max_steps at step t, as in MiniGrid."""


def steps_limit(size: int) -> int:
    """Steps after which an episode of a `size` x `size` grid (walls included) is truncated: 5 * size**2."""
    return 5 * size**2
