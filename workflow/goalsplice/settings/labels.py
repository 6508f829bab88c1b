"""Words in the tables of edits. Light to import: statistics and figures need them, and no network."""

NO_EDIT = "none"
"""The edit that leaves the recipient as it is."""

NO_CONTROL, BOUND = "none", "bound"
"""What stands for a control in the rows of an edit itself, and of floor and ceiling."""

FEW, BELOW = "few weights", "below layer 1"
"""The edits for the new colour that are fixed before the reported runs are looked at (family `chosen`)."""
