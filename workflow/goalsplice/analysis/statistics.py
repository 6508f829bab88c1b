"""Statistics over seeds: means with bootstrap intervals, as rliable recommends, and exact paired tests.

Source: Agarwal et al. 2021, "Deep Reinforcement Learning at the Edge of the Statistical Precipice". Over pairs of runs:
Snijders and Borgatti 1999, "Non-Parametric Standard Errors and Tests for Network Statistics", the vertex bootstrap.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
import scipy.stats
from statsmodels.stats.multitest import multipletests

_RESAMPLES = 10_000
_EXCHANGES = 2**16
_AT_ONCE = 20_000
"""Values that are resampled at once: with hundreds of seeds all rows of a table would fill the memory."""
_DRAWN_AT_ONCE = 100_000
"""Values that a batch of resamples has, so that it stays near the processor; a few values are drawn in one batch."""


class Interval(NamedTuple):
    """A point estimate over seeds with a 95 % interval; `low` and `high` are NaN for a single seed or pair of them."""

    estimate: float
    low: float
    high: float


def interquartile_mean(values: np.ndarray, axis: int = -1) -> np.ndarray:
    """Mean of the middle half along `axis`."""
    return scipy.stats.trim_mean(values, 0.25, axis=axis)


def _bootstrap(values: np.ndarray, statistic: Callable) -> tuple[np.ndarray, np.ndarray]:
    """Ends of the interval for each row of (k, n); all rows are resampled alike, so a row's do not depend on others."""
    interval = scipy.stats.bootstrap(
        (values,),
        statistic,
        n_resamples=_RESAMPLES,
        batch=min(max(_DRAWN_AT_ONCE // values.size, _RESAMPLES // 20), _RESAMPLES),
        axis=-1,
        method="percentile",
        vectorized=True,
        rng=np.random.default_rng(0),
    ).confidence_interval
    return interval.low, interval.high


def over_seeds(values: np.ndarray, statistic: Callable = interquartile_mean) -> Interval:
    """Interquartile mean of one value a seed, with its 95 % percentile bootstrap interval over the seeds.

    NaNs are left out. The resampling is seeded, so equal values give equal intervals.

    Args:
        statistic: another one to take instead, with an argument `axis`, such as `np.mean`.
    """
    values = np.asarray(values, dtype=float)
    values = values[~np.isnan(values)]
    if values.size == 0:
        return Interval(np.nan, np.nan, np.nan)
    estimate = float(statistic(values))
    if values.size == 1:
        return Interval(estimate, np.nan, np.nan)
    low, high = _bootstrap(values[None], statistic)
    return Interval(estimate, float(low[0]), float(high[0]))


def each_over_seeds(values: np.ndarray, statistic: Callable = interquartile_mean) -> np.ndarray:
    """`over_seeds` of each row of (k, n): (k, 3) with columns as in `Interval`. Much faster than row by row."""
    out = np.full((len(values), 3), np.nan)
    whole = ~np.isnan(values).any(axis=1) & (values.shape[1] > 1)
    for rows in np.array_split(np.flatnonzero(whole), 1 + whole.sum() * values.shape[1] // _AT_ONCE):
        if not rows.size:
            continue
        low, high = _bootstrap(values[rows], statistic)
        out[rows] = np.stack([statistic(values[rows], axis=-1), low, high], axis=1)
    for row in np.flatnonzero(~whole):
        out[row] = over_seeds(values[row], statistic)
    return out


def over_pairs(
    runs: Sequence, others: Sequence, values: Sequence[float], statistic: Callable = interquartile_mean
) -> Interval:
    """Interquartile mean over runs of each run's mean over its pairs, with its 95 % interval for values of pairs.

    Pairs that share a run are not independent, so it is runs that are resampled: a resample holds the pairs among its
    runs, as often as they were drawn, but for a run with itself, of which there is no value. Fewer than three runs have
    no interval. The resampling is seeded. NaNs, and rows of a run with itself, are left out.

    Args:
        runs, others: the two runs of each value, (k,). The estimate is over `runs`; where the order of a pair means
            nothing, give each pair both ways round.
        values: (k,).
        statistic: another one to take instead, with an argument `axis`, such as `np.mean`.
    """
    frame = pd.DataFrame({"run": np.asarray(runs), "other": np.asarray(others), "value": np.asarray(values, float)})
    frame = frame[frame["run"] != frame["other"]].dropna()
    if frame.empty:
        return Interval(np.nan, np.nan, np.nan)
    matrix = frame.groupby(["run", "other"])["value"].mean().unstack()
    everyone = matrix.index.union(matrix.columns)
    matrix = matrix.reindex(index=everyone, columns=everyone).to_numpy()

    def over_runs(drawn: np.ndarray) -> np.ndarray:
        """The statistic of resamples (r, n), NaN for those without a pair."""
        places = drawn + len(matrix) * np.arange(len(drawn))[:, None]
        counts = np.bincount(places.ravel(), minlength=drawn.size).reshape(drawn.shape).astype(float)
        with np.errstate(invalid="ignore"):
            means = (counts @ np.nan_to_num(matrix).T) / (counts @ ~np.isnan(matrix).T)
        means = np.take_along_axis(means, drawn, axis=1)
        found, whole = np.full(len(drawn), np.nan), ~np.isnan(means).any(axis=1)
        found[whole] = statistic(means[whole], axis=-1)
        for row in np.flatnonzero(~whole & ~np.isnan(means).all(axis=1)):
            found[row] = statistic(means[row][~np.isnan(means[row])], axis=-1)
        return found

    estimate = float(over_runs(np.arange(len(matrix))[None])[0])
    if len(matrix) < 3:
        return Interval(estimate, np.nan, np.nan)
    resamples = over_runs(np.random.default_rng(0).integers(len(matrix), size=(_RESAMPLES, len(matrix))))
    low, high = np.nanpercentile(resamples, [2.5, 97.5])
    return Interval(estimate, float(low), float(high))


def exact_paired_tests(values: np.ndarray, others: np.ndarray) -> np.ndarray:
    """For each row of (k, n), one value a seed, the p-value of "`values` are not larger than `others`": (k,).

    One-sided and exact: all 2^n exchanges within the pairs are counted (Fisher 1935), so the smallest p that n seeds
    can give is 2^-n. With more than 16 seeds 65,536 exchanges are drawn instead, as there would be too many. Pairs with
    a NaN are left out; NaN where none is left.
    """
    out = np.full(len(values), np.nan)
    paired = ~(np.isnan(values) | np.isnan(others))
    # Rows with the same seeds are tested together: that is much faster than row by row.
    for seeds in np.unique(paired[paired.any(axis=1)], axis=0):
        rows = (paired == seeds).all(axis=1)
        out[rows] = _exact_paired_tests(values[rows][:, seeds], others[rows][:, seeds])
    return out


def _exact_paired_tests(values: np.ndarray, others: np.ndarray) -> np.ndarray:
    if values.shape[1] == 1:
        return np.where(values[:, 0] > others[:, 0], 0.5, 1.0)
    if 2 ** values.shape[1] > _EXCHANGES:
        return _drawn_paired_tests(values - others)
    return scipy.stats.permutation_test(
        (values, others),
        lambda one, other, axis: np.mean(one - other, axis=axis),
        permutation_type="samples",
        alternative="greater",
        n_resamples=np.inf,
        rng=np.random.default_rng(0),
        batch=64,
        axis=-1,
        vectorized=True,
    ).pvalue


def _drawn_paired_tests(differences: np.ndarray) -> np.ndarray:
    """The same with drawn exchanges, the same for all rows of (k, n): a product of matrices, where scipy copies them.

    The exchange that changes nothing is counted as one more (Phipson and Smyth 2010), so no p is 0.
    """
    generator, sums = np.random.default_rng(0), differences.sum(axis=1)
    # What rounding may add to a sum, so that an exchange that leaves it as it is counts as such.
    reached = sums - 1e-13 * np.abs(differences).sum(axis=1)
    count, batch = np.zeros(len(differences), dtype=int), 1024
    for _ in range(_EXCHANGES // batch):
        signs = 1.0 - 2.0 * generator.integers(2, size=(batch, differences.shape[1]))
        count += (signs @ differences.T >= reached).sum(axis=0)
    return (count + 1) / (_EXCHANGES + 1)


def holm(p_values: np.ndarray) -> np.ndarray:
    """Holm's (1979) correction for having tried them all; NaNs stay and do not count."""
    corrected = np.full(len(p_values), np.nan)
    tried = ~np.isnan(p_values)
    if tried.any():
        corrected[tried] = multipletests(p_values[tried], method="holm")[1]
    return corrected
