"""Words in the tables of edits. Light to import: statistics and figures need them, and no network."""

NO_EDIT = "unedited"
"""The edit that leaves the recipient as it is."""

NO_CONTROL = "no_control"
"""What stands for a control in the rows of an edit itself."""

SPARSE, DOWNSTREAM = "sparse", "downstream of layer 1"
"""The edits for the new colour that are fixed before the reported runs are looked at (family `preregistered`)."""

INTERPOLATION = "linear interpolation"
"""The family whose dose is a step from recipient to donor, so that a smallest one says nothing."""

FAIR = (
    "sign_flipped",
    "permuted",
    "gaussian",
    "random_weights",
    "same_goal_donor",
    "untrained_donor",
    "optimised_same_budget",
)
"""Controls that an edit has to beat. Three ask other questions: `complement`, whether the edit is necessary;
`other_seed_donor`, whose donor has the donor's goal too, whether runs write their goals alike; and
`optimised_8x_budget`, which spends more on its values than the edit did on its places, how far random places can be
brought at all."""

NEW, TRAINED = "new", "trained"
"""Whether a colour is new to an arm, or one that it was trained on (column `towards`)."""

TRAINED_COLOURS, EXCHANGE = "trained colours", "own trained colours exchanged"
"""The columns of the colours that the run is trained on, and the exchange of the recipient's own ones."""

SUFFICIENT = 0.95
"""Recovery that counts as all of the donor's choice."""

PUBLISHED = "published"
"""Name under which the post's author's run stands beside the arms."""

PUBLISHED_LIKE = "integers"
"""The arm that is trained as the published code does."""

ALONE, CHANGE, PROBE, DISTANCE, COMPOSITION = "alone", "change", "probe", "distance", "composition"
"""The tests of the perception table: see `analysis/perception.py`."""

TARGET, WANTED, THIRD, OTHER = "target", "wanted", "third", "other"
"""Keys in the table's column `what`: of the colour that an edit is towards, of the one that the unedited network wants,
of the third one, and, of a composition, of the one that the switch is to."""

CORRECT, SWAPPED = "correct", "swapped"
"""What a probe says, in the same column: where the key is, or where the other one of the two is."""

UNEDITED, SWITCH, FINETUNED = ("bounds", "unedited"), ("trained", "switch"), ("trained", "fine-tuned")
"""Family and edit of the unedited network, and of those with a goal that is known to be another: the run's neighbouring
checkpoint of its other colour, and the checkpoint fine-tuned on the new one."""

SAME_GOAL = ("trained", "same goal")
"""The run's checkpoint two phases on: what training changes while the goal stays, and how much that blinds probes."""
