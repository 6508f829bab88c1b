"""Which key checkpoints take, and how often that of their own objective, by phase and over the later half of them."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

_SHARE = "episode_share_"
TABLES = {
    "evaluation": [
        *("arm", "seed", "phase", "objective", "level_distribution", "action_selection"),
        *(f"{_SHARE}{outcome}" for outcome in ("objective", "<colour>", "other", "crash", "timeout")),
    ]
}
KEYS = ("arm", "level_distribution", "action_selection", "objective", "phase", "measure")


def values(tables: Mapping[str, pd.DataFrame], settings: Mapping) -> pd.DataFrame:
    """Shares of outcomes, and of episodes that end with the key of the checkpoint's objective.

    A row without a phase is of the checkpoints of the later half of the arm's phases.
    """
    rows = tables["evaluation"]
    last = rows.groupby("arm")["phase"].transform("max")
    later = rows[rows["phase"] >= (last + 1) / 2].assign(phase=np.nan)
    known = [key for key in (*KEYS, "seed") if key != "measure"]
    shares = [column for column in rows if column.startswith(_SHARE)]
    return pd.concat([later, rows]).melt(known, shares, var_name="measure")
