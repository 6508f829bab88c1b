"""What edits for a new colour do, in late phases together and phase by phase."""

from collections.abc import Mapping

import pandas as pd

TABLES = {
    "retargeting": [
        *("arm", "seed", "phase", "wanted", "layouts", "family", "edit", "dose", "control", "share"),
        *("share_yellow", "share_crash", "share_timeout"),
    ]
}
KEYS = ("arm", "layouts", "family", "edit", "dose", "control", "phase", "wanted", "measure")


def values(tables: Mapping[str, pd.DataFrame], settings: Mapping) -> pd.DataFrame:
    """share_yellow, broken (crash or timeout) and weights_share: of late phases and all draws.

    Of edits also share_yellow in each phase, late or not, in rows that name the phase and the colour wanted in it.
    """
    rows = tables["retargeting"]
    rows = rows.assign(broken=rows["share_crash"] + rows["share_timeout"]).rename(columns={"share": "weights_share"})
    known = [*KEYS[:6], "seed"]
    late = rows[rows["phase"].isin(settings["late"])]
    together = late.melt(known, ["share_yellow", "broken", "weights_share"], var_name="measure")
    by_phase = rows[rows["control"] == "none"].melt([*known, "phase", "wanted"], ["share_yellow"], var_name="measure")
    return pd.concat([together, by_phase], ignore_index=True)
