"""Which key checkpoints take, and how often that of their own objective, by phase and over the later half of them."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from goalsplice.world.vocabulary import OBJECTIVES, OUTCOMES

_SHARES = [f"share_{outcome}" for outcome in OUTCOMES]
TABLES = {"evaluation": ["arm", "seed", "phase", "objective", "layouts", "policy", *_SHARES]}
KEYS = ("arm", "layouts", "policy", "objective", "phase", "measure")


def values(tables: Mapping[str, pd.DataFrame], settings: Mapping) -> pd.DataFrame:
    """Shares of outcomes, and `own_share`, of episodes that end with the key of the checkpoint's own objective.

    A row without a phase is of the checkpoints of the later half of the arm's phases.
    """
    rows = tables["evaluation"]
    own = pd.Series(0.0, rows.index)
    for colour in OBJECTIVES:
        own += rows[f"share_{colour}"].where(rows["objective"] == colour, 0.0)
    rows = rows.assign(own_share=own)
    last = rows.groupby("arm")["phase"].transform("max")
    later = rows[rows["phase"] >= (last + 1) / 2].assign(phase=np.nan)
    known = [key for key in (*KEYS, "seed") if key != "measure"]
    return pd.concat([later, rows]).melt(known, [*_SHARES, "own_share"], var_name="measure")
