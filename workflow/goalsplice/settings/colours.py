"""Colours of keys. Light to import: the configuration and the tables are checked against them."""

COLOURS = ("red", "green", "blue", "purple", "yellow", "grey")
"""MiniGrid's colours, in its order."""

ALWAYS_PRESENT = ("blue", "purple")
"""Colours of two of the three keys, in every episode."""

KEY_COLOURS = (*ALWAYS_PRESENT, "yellow")
"""Colours that tables name: of the two keys that are always there, and of the third one in `three_colours`."""
