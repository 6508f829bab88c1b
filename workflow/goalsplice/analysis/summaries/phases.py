"""How phases of training begin and end, by phase."""

from collections.abc import Mapping

import pandas as pd

from goalsplice.analysis.phases import is_whole

TABLES = {
    "phases": [
        *("arm", "seed", "phase", "objective", "first_rollout", "last_rollout"),
        *("start_return", "end_return", "rollouts_to_threshold"),
    ]
}
KEYS = ("arm", "phase", "objective", "measure")


def values(tables: Mapping[str, pd.DataFrame], settings: Mapping) -> pd.DataFrame:
    """start_return, and of phases that were not cut short end_return and rollouts_to_threshold."""
    runs = [run.assign(whole=is_whole(run)) for _, run in tables["phases"].groupby(["arm", "seed"], sort=False)]
    rows = pd.concat(runs)
    measures = ["start_return", "end_return", "rollouts_to_threshold"]
    long = rows.melt(["arm", "seed", "phase", "objective", "whole"], measures, var_name="measure")
    return long[long["whole"] | (long["measure"] == "start_return")]
