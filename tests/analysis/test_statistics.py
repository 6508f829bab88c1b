"""Statistics over seeds."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from goalsplice.analysis import statistics
from goalsplice.analysis.statistics import (
    each_over_seeds,
    exact_paired_tests,
    holm,
    interquartile_mean,
    over_pairs,
    over_seeds,
)

values = st.lists(st.floats(-10, 10), min_size=2, max_size=12)
eighths = st.integers(-40, 40).map(lambda number: number / 8)
"""Numbers whose sums are exact, so that ties are ties."""

tables = st.tuples(st.integers(1, 5), st.integers(1, 6)).flatmap(
    lambda shape: st.lists(
        st.lists(st.one_of(eighths, st.just(np.nan)), min_size=shape[1], max_size=shape[1]),
        min_size=shape[0],
        max_size=shape[0],
    )
)
"""Rows of as many seeds, some of them missing."""


def p_value(one, other) -> float:
    """Of a single comparison."""
    (p,) = exact_paired_tests(np.array([one], dtype=float), np.array([other], dtype=float))
    return float(p)


def test_interquartile_mean_ignores_the_outer_quarters():
    assert interquartile_mean(np.array([-1e6, 1, 2, 3, 4, 5, 6, 1e6])) == pytest.approx(3.5)


@settings(max_examples=20)
@given(values)
def test_the_interval_holds_the_estimate_and_lies_within_the_data(seeds):
    interval = over_seeds(np.array(seeds))
    assert min(seeds) - 1e-9 <= interval.low <= interval.high + 1e-9 <= max(seeds) + 2e-9
    assert interval.low - 1e-9 <= interval.estimate <= interval.high + 1e-9 or len(seeds) < 4


def test_it_covers_as_promised():
    """The interval holds the true mean in about 95 % of normal samples of twenty seeds (fewer seeds: somewhat less)."""
    generator = np.random.default_rng(1)
    intervals = [over_seeds(generator.standard_normal(20)) for _ in range(150)]
    covered = np.mean([interval.low <= 0 <= interval.high for interval in intervals])
    assert 0.85 <= covered <= 1


@pytest.mark.parametrize("statistic", [interquartile_mean, np.mean])
def test_missing_values_are_left_out(statistic):
    found = over_seeds(np.array([1.0, np.nan, 2.0, 3.0]), statistic)
    assert found == over_seeds(np.array([1.0, 2.0, 3.0]), statistic)
    assert over_seeds(np.array([5.0]), statistic).estimate == 5
    assert np.isnan(over_seeds(np.array([5.0]), statistic)[1:]).all()
    assert np.isnan(over_seeds(np.array([np.nan]), statistic)).all()


def test_another_statistic_gives_its_own_estimate_and_interval():
    """The mean of a sample with an outlier, and the normal approximation to its interval."""
    sample = np.array([0.0, 1, 2, 3, 4, 5, 6, 99])
    mean, middle = over_seeds(sample, np.mean), over_seeds(sample)
    assert mean.estimate == pytest.approx(sample.mean())
    assert middle.estimate == pytest.approx(3.5)
    assert mean.high > middle.high
    even = np.arange(40.0)
    interval = over_seeds(even, np.mean)
    half = 1.96 * even.std() / np.sqrt(even.size)
    assert interval.low == pytest.approx(even.mean() - half, rel=0.05)
    assert interval.high == pytest.approx(even.mean() + half, rel=0.05)
    assert interval == over_seeds(even, np.mean)


@settings(max_examples=30)
@given(tables)
def test_rows_have_the_statistics_that_they_have_alone(rows):
    rows = np.array(rows)
    for statistic in (interquartile_mean, np.mean):
        expected = np.array([over_seeds(row, statistic) for row in rows])
        np.testing.assert_allclose(each_over_seeds(rows, statistic), expected, rtol=1e-12, atol=1e-12)


@given(st.lists(st.tuples(eighths, eighths), min_size=1, max_size=8))
def test_the_exact_test_counts_all_exchanges(pairs):
    one, other = np.array(pairs).T
    signs = np.array(list(product((1, -1), repeat=len(one))))
    sums = (signs * (one - other)).sum(axis=1)
    assert p_value(one, other) == pytest.approx(np.mean(sums >= (one - other).sum()))


@given(st.lists(st.floats(0.01, 10), min_size=1, max_size=8), values)
def test_one_that_always_wins_has_the_smallest_p_there_is(gains, others):
    others = np.resize(others, len(gains))
    assert p_value(others + gains, others) == pytest.approx(2.0 ** -len(gains))
    assert p_value(others, others + gains) == 1


def test_pairs_with_a_missing_value_do_not_count():
    """Of the differences 0.5, 2 and -0.5, three of eight exchanges have as large a sum."""
    missing = np.nan
    assert p_value([1, missing, 3, 5, 2], [0.5, 1, 1, missing, 2.5]) == p_value([1, 3, 2], [0.5, 1, 2.5]) == 3 / 8
    assert np.isnan(p_value([missing], [1]))
    assert np.isnan(p_value([missing, 1], [1, missing]))


@settings(max_examples=30)
@given(tables, st.randoms(use_true_random=False))
def test_each_row_is_tested_as_if_alone(rows, random):
    others = np.array([random.sample(row, len(row)) for row in rows])
    expected = [p_value(one, other) for one, other in zip(rows, others, strict=True)]
    np.testing.assert_allclose(exact_paired_tests(np.array(rows), others), expected)


def pairs_of(matrix):
    """Runs, others and values of a square matrix, without its diagonal."""
    runs, others = np.nonzero(~np.eye(len(matrix), dtype=bool))
    return runs, others, np.asarray(matrix, dtype=float)[runs, others]


squares = st.integers(2, 6).flatmap(
    lambda count: st.lists(st.lists(st.floats(-10, 10), min_size=count, max_size=count), min_size=count, max_size=count)
)


@settings(max_examples=20)
@given(squares, st.randoms(use_true_random=False))
def test_over_pairs_is_the_mean_over_runs_of_each_runs_pairs(matrix, random):
    """In whatever order pairs come and whatever runs are called; a run with itself and missing values do not count."""
    runs, others, values = pairs_of(matrix)
    means = [np.mean(values[runs == run]) for run in range(len(matrix))]
    found = over_pairs(runs, others, values)
    assert found.estimate == pytest.approx(float(interquartile_mean(np.array(means))), abs=1e-9)
    if len(matrix) > 2:
        assert values.min() - 1e-9 <= found.low <= found.high <= values.max() + 1e-9
    else:
        assert np.isnan(found[1:]).all()
    order = random.sample(range(len(values)), len(values))
    mixed = over_pairs(runs[order] + 7, others[order] + 7, values[order])
    np.testing.assert_allclose(mixed, found, rtol=1e-9, atol=1e-9)
    more = over_pairs([*runs, 0, 1], [*others, 0, 0], [*values, 1e6, np.nan])
    np.testing.assert_allclose(more, found, rtol=1e-9, atol=1e-9)


@settings(max_examples=10)
@given(st.lists(st.floats(-10, 10), min_size=6, max_size=9))
def test_where_only_one_run_of_a_pair_matters_it_is_the_interval_over_seeds(values):
    values = np.array(values)
    matrix = np.repeat(values[:, None], len(values), axis=1)
    expected, found = over_seeds(values, np.mean), over_pairs(*pairs_of(matrix), np.mean)
    tolerance = 0.1 * np.std(values) + 1e-9
    np.testing.assert_allclose(found, expected, atol=tolerance)


def test_where_only_the_other_run_matters_it_is_no_narrower():
    """While the runs' own means are all but equal, so that an interval over seeds would be next to nothing."""
    matrix = np.tile(np.linspace(0, 1, 10), (10, 1))
    runs, others, values = pairs_of(matrix)
    expected, found = over_seeds(matrix[0], np.mean), over_pairs(runs, others, values, np.mean)
    assert found.high - found.low == pytest.approx(expected.high - expected.low, rel=0.15)
    naive = over_seeds(np.array([values[runs == run].mean() for run in range(10)]), np.mean)
    assert naive.high - naive.low < 0.2 * (found.high - found.low)


def test_over_pairs_covers_as_promised_and_an_interval_over_seeds_does_not():
    """Runs that give something to each of their pairs, as sources of task vectors do."""
    generator = np.random.default_rng(3)
    covered = []
    for _ in range(80):
        shared, own = generator.standard_normal((2, 10))
        matrix = shared + 0.7 * own[:, None] + 0.5 * generator.standard_normal((10, 10))
        runs, others, values = pairs_of(matrix)
        means = np.array([values[runs == run].mean() for run in range(10)])
        intervals = over_pairs(runs, others, values), over_seeds(means)
        covered.append([interval.low <= 0 <= interval.high for interval in intervals])
    of_pairs, of_seeds = np.mean(covered, axis=0)
    assert of_pairs >= 0.87
    assert of_seeds <= 0.85


def test_runs_that_never_meet_are_no_pairs():
    """Of four runs in two pairs, each both ways round, a resample may hold none: it does not count."""
    found = over_pairs([0, 1, 2, 3], [1, 0, 3, 2], [1.0, 1, 3, 3])
    assert found.estimate == 2
    assert (found.low, found.high) == (1, 3)
    assert np.isnan(over_pairs([], [], [])).all()


def test_drawn_exchanges_give_what_all_exchanges_give():
    """Of 16 seeds all are counted; a 17th without a difference changes no sum, but makes it too many to count."""
    generator = np.random.default_rng(0)
    values = np.round(generator.normal(0.1, 0.4, (20, 16)), 1)
    more = np.concatenate([values, np.zeros((20, 1))], axis=1)
    exact, drawn = (exact_paired_tests(rows, np.zeros_like(rows)) for rows in (values, more))
    assert len(np.unique(exact)) > 10
    # Four standard errors of a share of 65,536 draws.
    np.testing.assert_allclose(drawn, exact, atol=4 * (0.25 / 2**16) ** 0.5)
    assert exact_paired_tests(np.ones((1, 40)), np.zeros((1, 40))) == pytest.approx([1 / (2**16 + 1)])
    assert exact_paired_tests(np.ones((1, 40)), np.ones((1, 40))) == pytest.approx([1])


def test_rows_of_a_large_table_have_the_intervals_that_they_have_alone(monkeypatch):
    """Not all of them are resampled at once."""
    monkeypatch.setattr(statistics, "_RESAMPLES", 500)
    values = np.random.default_rng(0).random((410, 100))
    found = each_over_seeds(values)
    for row in (0, 136, 137, 409):
        assert tuple(found[row]) == pytest.approx(over_seeds(values[row]), rel=1e-12)


def test_holm_by_hand():
    """Sorted 0.005, 0.01, 0.03, 0.04, times 4, 3, 2, 1, and never less than the one before."""
    assert holm(np.array([0.01, 0.04, 0.03, 0.005])) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm(np.array([0.5, 0.9])) == pytest.approx([1, 1])


def test_holm_keeps_missing_values_and_does_not_count_them():
    found = holm(np.array([np.nan, 0.01, np.nan, 0.04]))
    assert found == pytest.approx([np.nan, 0.02, np.nan, 0.04], nan_ok=True)
    assert np.isnan(holm(np.array([np.nan]))).all()
    assert holm(np.array([])).size == 0


@settings(max_examples=10)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=12))
def test_holm_keeps_the_order_and_lies_between_no_correction_and_bonferronis(p_values):
    p_values = np.array(p_values)
    found = holm(p_values)
    assert (found >= p_values - 1e-12).all()
    assert (found <= np.minimum(1, p_values * p_values.size) + 1e-12).all()
    assert (np.diff(found[np.argsort(p_values)]) >= 0).all()
    assert found[np.argmin(p_values)] == pytest.approx(min(1, p_values.min() * p_values.size))
