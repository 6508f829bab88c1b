"""What edits for a new colour do, over seeds and against their controls: the table of their effects."""

from collections.abc import Sequence

import pandas as pd

from goalsplice.analysis.over_seeds import against_controls, summarise

_EDIT = ["arm", "layouts", "family", "edit", "dose"]
_KEYS = [*_EDIT, "control"]
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
"""Columns of the retargeting table that effects are measured from."""


def by_seed(retargeting: pd.DataFrame, late: Sequence[int]) -> pd.DataFrame:
    """One row a run, edit, control and layouts: means over late phases and draws. Missing doses stay missing."""
    rows = retargeting[retargeting["phase"].isin(late)]
    means = rows.groupby([*_KEYS, "seed"], sort=False, dropna=False)[[*_WITH_INTERVAL, *_BESIDE]].mean()
    return means.assign(agents=rows.groupby([*_KEYS, "seed"], sort=False, dropna=False).size()).reset_index()


def effects(retargeting: pd.DataFrame, late: Sequence[int]) -> pd.DataFrame:
    """The effects over seeds, and of each control the test against its edit.

    Args:
        retargeting: the table of that name.
        late: phases that count.

    Returns:
        The columns of the table `retargeting_effects`. `lowest` is of the run where the edit does least. `p` is of "the
        edit brings no more yellow than this control", exact and paired by seeds; `p_holm` is corrected for the edits
        of the family that were tried against this control, of which `tried` there are.
    """
    rows = by_seed(retargeting, late)
    found = rows.groupby(_KEYS, sort=False, dropna=False)
    plain = found.agg(
        agents=("agents", "sum"),
        lowest=("share_yellow", "min"),
        share_yellow_mean=("share_yellow", "mean"),
        return_yellow_mean=("return_yellow", "mean"),
    )
    frame = summarise(rows, _KEYS, _WITH_INTERVAL, middles=_BESIDE).merge(plain.reset_index(), on=_KEYS, how="left")
    tests = against_controls(rows, _EDIT, "share_yellow", ["arm", "layouts", "family", "control"])
    return frame.merge(tests, on=_KEYS, how="left")
