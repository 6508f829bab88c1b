"""How long checkpoints take to learn another colour, and how far they go."""

from collections.abc import Mapping, Sequence
from math import nan

import numpy as np
import pandas as pd

TABLES = {
    "finetuning": [
        *("arm", "seed", "phase", "objective", "towards", "rollout", "return_objective", "distance"),
        *("layer1_variance_share", "episode_share_objective", "episode_share_crash", "episode_share_timeout"),
    ]
}
KEYS = ("arm", "towards", "measure")

_AT_THE_END = ("return_objective", "episode_share_objective", "distance", "layer1_variance_share")


def rollouts_until(returns: Sequence[float], level: float) -> float:
    """The first rollout whose return is at least `level`; NaN if none is, or if the level is missing.

    Args:
        returns: in the order of the rollouts, from 0, the untouched checkpoint.
        level: a threshold such as 0.8, or what an edit of the checkpoint gets.
    """
    reached = np.flatnonzero(np.asarray(returns) >= level)
    return float(reached[0]) if reached.size else nan


def values(tables: Mapping[str, pd.DataFrame], settings: Mapping) -> pd.DataFrame:
    """Rollouts until a return of 0.8 and of 0.95; and, at the end, how well and how far checkpoints were fine-tuned.

    A run that never gets there has no such number: `seeds` says how many have.
    """
    out = []
    keys = ["arm", "seed", "phase", "towards"]
    for (arm, seed, _, towards), rows in tables["finetuning"].groupby(keys, sort=False):
        rows = rows.sort_values("rollout")
        returns, last = rows["return_objective"].to_numpy(), rows.iloc[-1]
        measures = {f"rollouts until {level}": rollouts_until(returns, level) for level in (0.8, 0.95)}
        measures |= {name: last[name] for name in _AT_THE_END}
        measures |= {"broken": last["episode_share_crash"] + last["episode_share_timeout"]}
        out += [
            {"arm": arm, "seed": seed, "towards": towards, "measure": name, "value": value}
            for name, value in measures.items()
        ]
    return pd.DataFrame(out)
