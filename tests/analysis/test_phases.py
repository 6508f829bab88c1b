"""Measures of learning, on curves whose answer is known, and on the published one."""

import numpy as np
import pandas as pd
import pytest

from goalsplice.analysis.phases import MEASURES, phases_of, run_measures, summarise
from goalsplice.analysis.published import read_published


def curve(returns, phase_rollouts=3):
    """A run with these mean returns."""
    number = np.arange(len(returns))
    return pd.DataFrame(
        {
            "rollout": number + 1,
            "phase": number // phase_rollouts,
            "objective": np.where(number // phase_rollouts % 2, "purple", "blue"),
            "mean_return": returns,
        }
    )


def test_phases_by_hand():
    phases = phases_of(curve([0.1, 0.5, 0.9, 0.2, 0.3, 0.4, 0.85]), 0.8)
    assert phases["start_return"].tolist() == [0.1, 0.2, 0.85]
    assert phases["end_return"].tolist() == [0.9, 0.4, 0.85]
    assert phases["objective"].tolist() == ["blue", "purple", "blue"]
    np.testing.assert_array_equal(phases["rollouts_to_threshold"], [3, np.nan, 1])


def test_a_phase_that_is_cut_short_has_a_start_but_no_end():
    run = curve([0.1, 0.5, 0.9, 0.2, 0.8, 0.7, 0.3])
    found = run_measures(run, phases_of(run, 0.8), 0.8, 3)
    assert found["first_rollout"] == 3
    assert found["phase_end_return"] == pytest.approx(0.7)
    assert found["phase_start_return"] == pytest.approx((0.2 + 0.3) / 2)
    assert found["rollouts_to_threshold"] == 2
    assert found["never_at_threshold"] == 0


def test_a_run_that_never_learns_has_no_first_rollout():
    run = curve([0.1] * 6)
    found = run_measures(run, phases_of(run, 0.8), 0.8, 0)
    assert np.isnan([found["first_rollout"], found["rollouts_to_threshold"]]).all()
    assert found["never_at_threshold"] == 1


def test_the_published_curve_gives_the_published_numbers(pytestconfig):
    """Source of the numbers: what the post's author's log says, read by hand."""
    run = read_published(pytestconfig.rootpath / "workflow/resources/published_seed99.csv")
    assert len(run) == 366
    phases = phases_of(run, 0.8)
    assert phases["end_return"].head(4).tolist() == [0.39, 0.47, 0.59, 0.87]
    found = run_measures(run, phases, 0.8, 90)
    assert found["first_rollout"] == 56
    assert found["phase_end_return"] == pytest.approx(0.927, abs=5e-4)
    assert found["phase_start_return"] == pytest.approx(0.099, abs=5e-4)
    late = phases[(phases["first_rollout"] > 90) & (phases["phase"] < 24)]
    assert late["rollouts_to_threshold"].between(4, 12).all()


def test_a_summary_has_each_measure_of_each_arm_beside_the_published():
    measured = pd.DataFrame(
        [
            {"arm": arm, "seed": seed, **{measure.name: seed + 0.5 for measure in MEASURES}}
            for arm in ("b", "a")
            for seed in range(4)
        ]
    )
    measured.loc[0, "first_rollout"] = np.nan
    summary = summarise(measured, {measure.name: 7.0 for measure in MEASURES})
    assert summary["arm"].unique().tolist() == ["b", "a"]
    assert len(summary) == 2 * len(MEASURES)
    assert summary["seeds"].tolist() == [3, 4, 4, 4, 4, 4, 4, 4, 4, 4]
    assert (summary["published"] == 7).all()
    assert (summary["low"] <= summary["interquartile_mean"]).all()
