"""Statistics over seeds: the interquartile mean and its bootstrap interval, as rliable recommends.

Source: Agarwal et al. 2021, "Deep Reinforcement Learning at the Edge of the Statistical Precipice".
"""

from typing import NamedTuple

import numpy as np
import scipy.stats

_RESAMPLES = 10_000


class Interval(NamedTuple):
    """A point estimate over seeds with a 95 % interval; `low` and `high` are NaN for a single seed."""

    estimate: float
    low: float
    high: float


def interquartile_mean(values: np.ndarray, axis: int = -1) -> np.ndarray:
    """Mean of the middle half along `axis`."""
    return scipy.stats.trim_mean(values, 0.25, axis=axis)


def over_seeds(values: np.ndarray) -> Interval:
    """Interquartile mean of one value a seed, with its 95 % percentile bootstrap interval over the seeds.

    NaNs are left out. The resampling is seeded, so equal values give equal intervals.
    """
    values = np.asarray(values, dtype=float)
    values = values[~np.isnan(values)]
    if values.size == 0:
        return Interval(np.nan, np.nan, np.nan)
    estimate = float(interquartile_mean(values))
    if values.size == 1:
        return Interval(estimate, np.nan, np.nan)
    interval = scipy.stats.bootstrap(
        (values,),
        interquartile_mean,
        n_resamples=_RESAMPLES,
        method="percentile",
        vectorized=True,
        rng=np.random.default_rng(0),
    ).confidence_interval
    return Interval(estimate, float(interval.low), float(interval.high))
