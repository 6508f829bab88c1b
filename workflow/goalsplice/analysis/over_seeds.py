"""From values of single runs to values over seeds: estimates with intervals, and tests of edits against controls."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
import scipy.stats

from goalsplice.analysis.statistics import (
    Interval,
    each_over_seeds,
    exact_paired_tests,
    holm,
    interquartile_mean,
    over_pairs,
)
from goalsplice.settings.labels import NO_CONTROL

_RESAMPLES = 10_000

OVER_SEEDS = ("seeds", "value", "mean", "low", "high", "lowest_seed", "highest_seed")
"""Columns that `with_runs` adds to its keys and to `seed`."""


class _Wide(NamedTuple):
    """Values of groups of rows, one a seed.

    Attributes:
        groups: (k, keys), the groups in order of appearance.
        number: (rows,), which group each row is in.
        place: (rows,), which seed each row is of.
        seeds: how many there are.
    """

    groups: pd.DataFrame
    number: np.ndarray
    place: np.ndarray
    seeds: int

    def values(self, column: pd.Series) -> np.ndarray:
        """(k, seeds), NaN where a group lacks a seed."""
        out = np.full((len(self.groups), self.seeds), np.nan)
        out[self.number, self.place] = column.to_numpy(dtype=float)
        return out


def _wide(frame: pd.DataFrame, keys: Sequence[str], order: Sequence[int] | None) -> _Wide:
    keys = list(keys)
    if frame.duplicated([*keys, "seed"]).any():
        raise ValueError("a seed has several rows in a group; take its mean first")
    number = frame.groupby(keys, sort=False, dropna=False).ngroup().to_numpy()
    seeds = pd.Index(np.unique(frame["seed"]) if order is None else order)
    groups = frame.drop_duplicates(keys)[keys].reset_index(drop=True)
    return _Wide(groups, number, seeds.get_indexer(frame["seed"]), len(seeds))


def summarise(
    frame: pd.DataFrame,
    keys: Sequence[str],
    values: Sequence[str],
    *,
    means: Sequence[str] = (),
    middles: Sequence[str] = (),
    order: Sequence[int] | None = None,
) -> pd.DataFrame:
    """Each group's values over its seeds; a missing value does not count, and a missing key is a key.

    Args:
        frame: one row a group and seed, with `seed`, the keys and the values.
        keys: columns that tell groups apart.
        values: columns that get an interquartile mean with its 95 % bootstrap interval.
        means: those of them that get a plain mean with an interval too.
        middles: columns that get an interquartile mean alone.
        order: in which seeds are resampled; by default sorted, so that the order of rows does not matter.

    Returns:
        One row a group, in order of appearance: the keys; `seeds` that have the first value; each value with
        `<value>_low` and `<value>_high`; `mean_<value>` likewise; and `middles`.

    Raises:
        ValueError: a seed has several rows in a group.
    """
    wide = _wide(frame, keys, order)
    out = wide.groups
    for number, column in enumerate(values):
        found = wide.values(frame[column])
        if number == 0:
            out["seeds"] = (~np.isnan(found)).sum(axis=1)
        out[[column, f"{column}_low", f"{column}_high"]] = each_over_seeds(found)
        if column in means:
            out[[f"mean_{column}", f"mean_{column}_low", f"mean_{column}_high"]] = each_over_seeds(found, np.mean)
    for column in middles:
        found = (values[~np.isnan(values)] for values in wide.values(frame[column]))
        out[column] = [float(interquartile_mean(values)) if values.size else np.nan for values in found]
    return out


def against_controls(
    frame: pd.DataFrame,
    keys: Sequence[str],
    value: str,
    family: Sequence[str],
    *,
    order: Sequence[int] | None = None,
) -> pd.DataFrame:
    """Each edit's margin over each of its controls in the same run, and the test that there is none.

    `p` is of the exact paired test, one-sided, that the edit's value is no higher than the control's. `p_holm` is
    corrected for the `tried` tests of its family (docs/metrics.md states what a family is).

    Args:
        frame: one row an edit or control and seed: `seed`, the keys, `control` and the value.
        keys: columns that tell edits apart.
        value: the column that is compared.
        family: columns that tell families apart, of the keys and `control`.
        order: as in `summarise`.

    Returns:
        One row an edit and control, in order of appearance: keys, control, margin (interquartile mean over seeds),
        margin_low, margin_high, p, p_holm, tried. All but `tried` are missing for edits themselves.

    Raises:
        ValueError: a seed has several rows of an edit or control.
    """
    wide = _wide(frame, [*keys, "control"], order)
    out, values = wide.groups, wide.values(frame[value])
    edit = out.groupby(list(keys), sort=False, dropna=False).ngroup().to_numpy()
    is_edit = (out["control"] == NO_CONTROL).to_numpy()
    own = np.full((edit.max() + 1, values.shape[1]), np.nan)
    own[edit[is_edit]] = values[is_edit]
    own = own[edit]
    margins = np.full((len(out), 3), np.nan)
    margins[~is_edit] = each_over_seeds((own - values)[~is_edit])
    out[["margin", "margin_low", "margin_high"]] = margins
    out["p"] = np.nan
    out.loc[~is_edit, "p"] = exact_paired_tests(own[~is_edit], values[~is_edit])
    tests = out.groupby(list(family), sort=False, dropna=False)["p"]
    return out.assign(p_holm=tests.transform(lambda p: holm(p.to_numpy())), tried=tests.transform("count"))


def with_runs(rows: pd.DataFrame, keys: Sequence[str], other: str = "") -> pd.DataFrame:
    """Values of single runs, and below them the values over seeds, for each group of rows.

    Args:
        rows: `seed`, the keys and `value`; of several rows of a run the mean counts. Missing values do not count.
        keys: columns that tell groups apart.
        other: column with the other run of each row, for rows of pairs of runs. A group with such rows gets the
            interval of `statistics.over_pairs`, as pairs of runs are not independent.

    Returns:
        One row a group and run: keys, seed, seeds (1), value, mean (the same); and one row a group without a `seed`:
        seeds, value (interquartile mean over seeds) with its 95 % bootstrap interval low and high, mean, lowest_seed
        and highest_seed.
    """
    keys = list(keys)
    rows = rows.dropna(subset="value")
    runs = rows.groupby([*keys, "seed"], sort=False, dropna=False, as_index=False)["value"].mean()
    wide = _wide(runs, keys, None)
    values = wide.values(runs["value"])
    out = wide.groups.assign(seeds=(~np.isnan(values)).sum(axis=1))
    out[["value", "low", "high"]] = each_over_seeds(values)
    if len(out):
        out = out.assign(
            mean=np.nanmean(values, axis=1),
            lowest_seed=np.nanmin(values, axis=1),
            highest_seed=np.nanmax(values, axis=1),
        )
    if other:
        pairs = rows[rows[other].notna() & (rows[other] != rows["seed"])]
        groups = out[keys].reset_index(names="group").merge(pairs, on=keys, how="inner")
        for group, found in groups.groupby("group"):
            out.loc[group, ["value", "low", "high"]] = list(over_pairs(found["seed"], found[other], found["value"]))
    singles = runs.assign(seeds=1, mean=runs["value"])
    whole = pd.concat([singles, out], ignore_index=True).reindex(columns=[*keys, "seed", *OVER_SEEDS])
    return whole.astype({"seed": "Int64", **dict.fromkeys(OVER_SEEDS[1:], "float64")})


def difference(values: np.ndarray, others: np.ndarray) -> Interval:
    """Interquartile mean of some seeds less that of others, with its 95 % bootstrap interval, both resampled apart."""
    if min(values.size, others.size) == 0:
        return Interval(np.nan, np.nan, np.nan)
    estimate = float(interquartile_mean(values) - interquartile_mean(others))
    if min(values.size, others.size) == 1:
        return Interval(estimate, np.nan, np.nan)
    interval = scipy.stats.bootstrap(
        (values, others),
        lambda one, other, axis: interquartile_mean(one, axis=axis) - interquartile_mean(other, axis=axis),
        n_resamples=_RESAMPLES,
        method="percentile",
        vectorized=True,
        rng=np.random.default_rng(0),
    ).confidence_interval
    return Interval(estimate, float(interval.low), float(interval.high))
