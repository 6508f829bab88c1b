"""What edits for a new colour do, over seeds and against their controls: the table of their effects."""

from collections.abc import Sequence

import pandas as pd

from goalsplice.analysis.over_seeds import against_controls, summarise

_EDIT = ["arm", "level_distribution", "target", "family", "edit", "dose"]
_KEYS = [*_EDIT, "control"]
_WITH_INTERVAL = ("episode_share_target", "return_target")
_BESIDE = (
    "episode_share_wanted",
    "episode_share_other",
    "episode_share_crash",
    "episode_share_timeout",
    "mean_length",
    "size",
    "weight_share",
    "norm",
    "cosine_trained",
)
COLUMNS = [*_KEYS, "seed", "phase", *_WITH_INTERVAL, *_BESIDE]
"""Columns of the retargeting table that effects are measured from."""


def by_seed(retargeting: pd.DataFrame, late: Sequence[int]) -> pd.DataFrame:
    """One row a run, level distribution, edit and control: means over late phases and draws. Missing doses stay so."""
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
        edit's episode_share_target is no larger than this control's", exact and paired by seeds; `p_holm` is corrected
        for the edits of the family that were tried against this control, of which `tried` there are.
    """
    rows = by_seed(retargeting, late)
    found = rows.groupby(_KEYS, sort=False, dropna=False)
    plain = found.agg(
        agents=("agents", "sum"),
        lowest=("episode_share_target", "min"),
        episode_share_target_mean=("episode_share_target", "mean"),
        return_target_mean=("return_target", "mean"),
    )
    frame = summarise(rows, _KEYS, _WITH_INTERVAL, middles=_BESIDE).merge(plain.reset_index(), on=_KEYS, how="left")
    tests = against_controls(rows, _EDIT, "episode_share_target", ["arm", "level_distribution", "family", "control"])
    return frame.merge(tests, on=_KEYS, how="left")
