"""Colours of keys that the study asks about. Light to import: the configuration is checked against them."""

ALWAYS_PRESENT = ("blue", "purple")
"""Colours of two of the three keys, in every episode."""

NEW = ("yellow", "red", "green")
"""Colours that the third key may have where it always has the same. Grey is also that of walls and of the ball."""

KEY_COLOURS = (*ALWAYS_PRESENT, NEW[0])
"""Colours that tables name: of the two keys that are always there, and of the third one in `three_colours`."""
