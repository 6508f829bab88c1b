"""What edits for a new colour do, over seeds and against their controls: the table of their effects."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from goalsplice.analysis.statistics import each_over_seeds, exact_paired_tests, holm, interquartile_mean
from goalsplice.settings.labels import NO_CONTROL

_KEYS = ["arm", "layouts", "family", "edit", "dose", "control"]
_WITH_INTERVAL = ("share_yellow", "return_yellow")
_BESIDE = (
    "share_blue",
    "share_purple",
    "share_other",
    "share_crash",
    "share_timeout",
    "mean_length",
    "size",
    "share",
    "norm",
    "cosine_trained",
)
COLUMNS = [*_KEYS, "seed", "phase", *_WITH_INTERVAL, *_BESIDE]
"""Columns of the retargets table that effects are measured from."""


def by_seed(retargets: pd.DataFrame, late: Sequence[int]) -> pd.DataFrame:
    """One row a run, edit, control and layouts: means over late phases and draws. Missing doses stay missing."""
    rows = retargets[retargets["phase"].isin(late)]
    means = rows.groupby([*_KEYS, "seed"], sort=False, dropna=False)[[*_WITH_INTERVAL, *_BESIDE]].mean()
    return means.assign(agents=rows.groupby([*_KEYS, "seed"], sort=False, dropna=False).size()).reset_index()


def effects(retargets: pd.DataFrame, late: Sequence[int]) -> pd.DataFrame:
    """The effects over seeds, and of each control the test against its edit.

    Args:
        retargets: the table of that name.
        late: phases that count.

    Returns:
        The columns of the table `retarget_effects`. `lowest` is of the run where the edit does least. `p` is of "the
        edit brings no more yellow than this control", exact and paired by seeds; `p_holm` is corrected for all
        controls of the arm and the layouts, of which `tried` there are.
    """
    # A group needs a value where a dose is missing; no dose is infinite.
    rows = by_seed(retargets, late).fillna({"dose": np.inf})
    keyed = rows.set_index([*_KEYS, "seed"])
    frame = keyed.groupby(level=_KEYS, sort=False).agg(agents=("agents", "sum"))

    def by_seeds(column: str) -> np.ndarray:
        return keyed[column].unstack("seed").reindex(frame.index).to_numpy(dtype=float)

    values = {column: by_seeds(column) for column in (*_WITH_INTERVAL, *_BESIDE)}
    yellow = values["share_yellow"]
    frame["seeds"] = (~np.isnan(yellow)).sum(axis=1)
    for column in _WITH_INTERVAL:
        names = [column, f"{column}_low", f"{column}_high"]
        frame[names] = each_over_seeds(values[column])
        frame[f"{column}_mean"] = np.nanmean(values[column], axis=1)
    frame["lowest"] = np.nanmin(yellow, axis=1)
    for column in _BESIDE:
        known = [found[~np.isnan(found)] for found in values[column]]
        frame[column] = [float(interquartile_mean(found)) if found.size else np.nan for found in known]

    labels = list(frame.index)
    place = {label: number for number, label in enumerate(labels)}
    own = yellow[[place[(*label[:-1], NO_CONTROL)] for label in labels]]
    is_edit = frame.index.get_level_values("control") == NO_CONTROL
    frame["p"] = np.where(is_edit, np.nan, exact_paired_tests(own, yellow))
    tests = frame.groupby(level=["arm", "layouts"], sort=False)["p"]
    frame = frame.assign(p_holm=tests.transform(lambda p: holm(p.to_numpy())), tried=tests.transform("count"))
    return frame.reset_index().replace({"dose": {np.inf: np.nan}})
