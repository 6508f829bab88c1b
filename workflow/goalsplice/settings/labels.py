"""Words in the tables of edits. Light to import: statistics and figures need them, and no network."""

NO_EDIT = "none"
"""The edit that leaves the recipient as it is."""

NO_CONTROL, BOUND = "none", "bound"
"""What stands for a control in the rows of an edit itself, and of floor and ceiling."""

FEW, BELOW = "few weights", "below layer 1"
"""The edits for the new colour that are fixed before the reported runs are looked at (family `chosen`)."""

FAIR = ("turned", "shuffled", "noise", "random_sites", "same_goal", "untrained", "equal_effort")
"""Controls that an edit has to beat. Three ask other questions: `complement`, whether the edit is necessary;
`other_seed`, whose donor has the donor's goal too, whether runs write their goals alike; and `longer_effort`, which
spends more on its values than the edit did on its places, how far random places can be brought at all."""

SUFFICIENT = 0.95
"""Recovery that counts as all of the donor's choice."""

TRAINED_SWITCH, TRAINED_FURTHER = ("trained", "switch"), ("trained", "further")
"""Family and edit of networks with a goal that is known to be another: the run's neighbouring checkpoint of its other
colour, and the checkpoint trained further on the new one."""

PUBLISHED = "published"
"""Name under which the post's author's run stands beside the arms."""

PUBLISHED_LIKE = "integers"
"""The arm that is trained as the published code does."""
