"""How often edits of whole layers take the donor's colour, each way round by itself."""

from collections.abc import Mapping

import pandas as pd

from goalsplice.settings.labels import NO_CONTROL

TABLES = {
    "splices": [
        *("arm", "seed", "recipient_objective", "donor_objective", "family", "edit", "control"),
        "episode_share_donor",
    ]
}
KEYS = ("arm", "recipient_objective", "donor_objective", "edit", "measure")


def values(tables: Mapping[str, pd.DataFrame], settings: Mapping) -> pd.DataFrame:
    """`episode_share_donor` of edits of the family layers whose recipient has another objective."""
    rows = tables["splices"]
    rows = rows[(rows["family"] == "layers") & (rows["control"] == NO_CONTROL)]
    rows = rows[rows["donor_objective"] != rows["recipient_objective"]]
    return rows.assign(measure="episode_share_donor", value=rows["episode_share_donor"])
