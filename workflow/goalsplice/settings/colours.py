"""Colours of keys. Light to import: the configuration and the tables are checked against them."""

COLOURS = ("red", "green", "blue", "purple", "yellow", "grey")
"""MiniGrid's colours, in its order."""

KEY_COLOURS = ("blue", "purple", "yellow")
"""By default, of the two keys that are always there, and of the third one in `three_colours`."""
