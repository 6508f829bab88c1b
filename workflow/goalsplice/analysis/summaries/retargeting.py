"""What edits for a new colour do, in late phases together and phase by phase."""

from collections.abc import Mapping

import pandas as pd

from goalsplice.settings.labels import NO_CONTROL

TABLES = {
    "retargeting": [
        *("arm", "seed", "phase", "wanted", "target", "level_distribution", "family", "edit", "dose", "control"),
        *("weight_share", "episode_share_target", "episode_share_crash", "episode_share_timeout"),
    ]
}
KEYS = ("arm", "level_distribution", "target", "family", "edit", "dose", "control", "phase", "wanted", "measure")


def values(tables: Mapping[str, pd.DataFrame], settings: Mapping) -> pd.DataFrame:
    """episode_share_target, broken (crash or timeout) and weight_share: of late phases and all draws.

    Of edits also episode_share_target in each phase, late or not: those rows name the phase and its colour.
    """
    rows = tables["retargeting"]
    rows = rows.assign(broken=rows["episode_share_crash"] + rows["episode_share_timeout"])
    known = [*KEYS[:7], "seed"]
    late = rows[rows["phase"].isin(settings["late"])]
    together = late.melt(known, ["episode_share_target", "broken", "weight_share"], var_name="measure")
    by_phase = rows[rows["control"] == NO_CONTROL].melt(
        [*known, "phase", "wanted"], ["episode_share_target"], var_name="measure"
    )
    return pd.concat([together, by_phase], ignore_index=True)
