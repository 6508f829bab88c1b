"""Words in the tables of edits. Light to import: statistics and figures need them, and no network."""

NO_EDIT = "none"
"""The edit that leaves the recipient as it is."""

NO_CONTROL, BOUND = "none", "bound"
"""What stands for a control in the rows of an edit itself, and of floor and ceiling."""

FEW, BELOW = "few weights", "below layer 1"
"""The edits for the new colour that are fixed before the reported runs are looked at (family `chosen`)."""

ALONE, CHANGE, PROBE, DISTANCE, COMPOSITION = "alone", "change", "probe", "distance", "composition"
"""The tests of the perceptions table: see `analysis/perception.py`."""

TARGET, WANTED, THIRD, OTHER = "target", "wanted", "third", "other"
"""Keys in the table's column `what`: of the colour that an edit is towards, of the one that the unedited network wants,
of the third one, and, of a composition, of the one that the switch is to."""

RIGHT, FOOLED = "right", "fooled"
"""What a probe says, in the same column: where the key is, or where the other one of the two is."""

UNEDITED, SWITCH, FURTHER = ("bounds", "none"), ("trained", "switch"), ("trained", "further")
"""Family and edit of the unedited network, and of those with a goal that is known to be another: the run's neighbouring
checkpoint of its other colour, and the checkpoint trained further on the new one."""

SAME_GOAL = ("trained", "same goal")
"""The run's checkpoint two phases on: what training changes while the goal stays, and how much that blinds probes."""
