"""How often edits of whole layers take the donor's colour, each way round by itself."""

from collections.abc import Mapping

import pandas as pd

from goalsplice.analysis.recovery import donors_share
from goalsplice.settings.labels import NO_CONTROL
from goalsplice.world.vocabulary import OBJECTIVES

TABLES = {
    "splices": [
        *("arm", "seed", "recipient_objective", "donor_objective", "family", "edit", "control"),
        *(f"share_{colour}" for colour in OBJECTIVES),
    ]
}
KEYS = ("arm", "recipient_objective", "donor_objective", "edit", "measure")


def values(tables: Mapping[str, pd.DataFrame], settings: Mapping) -> pd.DataFrame:
    """The donor's share (`share`) of edits of the family layers whose recipient has another objective."""
    rows = tables["splices"]
    rows = rows[(rows["family"] == "layers") & (rows["control"] == NO_CONTROL)]
    rows = rows[rows["donor_objective"] != rows["recipient_objective"]]
    return rows.assign(measure="share", value=donors_share(rows))
