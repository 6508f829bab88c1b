"""How long checkpoints take to learn another colour, and how far they go."""

from collections.abc import Mapping, Sequence
from math import nan

import numpy as np
import pandas as pd

from goalsplice.world.vocabulary import OBJECTIVES

TABLES = {
    "finetuning": [
        *("arm", "seed", "phase", "objective", "rollout", "distance", "layer1_share", "share_crash", "share_timeout"),
        *(f"{what}_{colour}" for what in ("return", "share") for colour in OBJECTIVES),
    ]
}
KEYS = ("arm", "objective", "measure")

NEW, NEXT = "new colour", "next phase's colour"
"""What checkpoints are trained on (`objective`)."""


def rollouts_until(returns: Sequence[float], level: float) -> float:
    """The first rollout whose return is at least `level`; NaN if none is, or if the level is missing.

    Args:
        returns: in the order of the rollouts, from 0, the untouched checkpoint.
        level: a threshold such as 0.8, or what an edit of the checkpoint gets.
    """
    reached = np.flatnonzero(np.asarray(returns) >= level)
    return float(reached[0]) if reached.size else nan


def values(tables: Mapping[str, pd.DataFrame], settings: Mapping) -> pd.DataFrame:
    """Rollouts until a return of 0.8 and of 0.95; and at the end return, share, broken, distance and layer1_share.

    A run that never gets there has no such number: `seeds` says how many have.
    """
    out = []
    keys = ["arm", "seed", "phase", "objective"]
    for (arm, seed, _, objective), rows in tables["finetuning"].groupby(keys, sort=False):
        rows = rows.sort_values("rollout")
        returns, last = rows[f"return_{objective}"].to_numpy(), rows.iloc[-1]
        measures = {f"rollouts until {level}": rollouts_until(returns, level) for level in (0.8, 0.95)}
        measures |= {"return": returns[-1], "distance": last["distance"], "layer1_share": last["layer1_share"]}
        measures |= {"share": last[f"share_{objective}"], "broken": last["share_crash"] + last["share_timeout"]}
        which = NEXT if objective in ("blue", "purple") else NEW
        out += [
            {"arm": arm, "seed": seed, "objective": which, "measure": name, "value": value}
            for name, value in measures.items()
        ]
    return pd.DataFrame(out)
