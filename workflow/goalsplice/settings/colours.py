"""Colours of keys that the study asks about. Light to import: the configuration is checked against them."""

ALWAYS_PRESENT = ("blue", "purple")
"""Colours of two of the three keys, in every episode."""

KEY_COLOURS = (*ALWAYS_PRESENT, "yellow")
"""Colours that tables name: of the two keys that are always there, and of the third one in `three_colours`."""
