"""Statistics over seeds."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from goalsplice.measure.statistics import interquartile_mean, over_seeds

values = st.lists(st.floats(-10, 10), min_size=2, max_size=12)


def test_interquartile_mean_ignores_the_outer_quarters():
    assert interquartile_mean(np.array([-1e6, 1, 2, 3, 4, 5, 6, 1e6])) == pytest.approx(3.5)


@settings(max_examples=20, deadline=None)
@given(values)
def test_the_interval_holds_the_estimate_and_lies_within_the_data(seeds):
    interval = over_seeds(np.array(seeds))
    assert min(seeds) - 1e-9 <= interval.low <= interval.high <= max(seeds) + 1e-9
    assert interval.low - 1e-9 <= interval.estimate <= interval.high + 1e-9 or len(seeds) < 4


def test_it_covers_as_promised():
    """The interval holds the true mean in about 95 % of normal samples of twenty seeds (fewer seeds: somewhat less)."""
    generator = np.random.default_rng(1)
    intervals = [over_seeds(generator.standard_normal(20)) for _ in range(150)]
    covered = np.mean([interval.low <= 0 <= interval.high for interval in intervals])
    assert 0.85 <= covered <= 1


def test_missing_values_are_left_out():
    assert over_seeds(np.array([1.0, np.nan, 2.0, 3.0])) == over_seeds(np.array([1.0, 2.0, 3.0]))
    assert over_seeds(np.array([5.0])).estimate == 5
    assert np.isnan(over_seeds(np.array([5.0]))[1:]).all()
    assert np.isnan(over_seeds(np.array([np.nan]))).all()
