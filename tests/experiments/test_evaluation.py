"""Evaluation: the same levels for all, and measures that follow from outcomes."""

import numpy as np
import pytest
from minigrid.core.constants import COLOR_TO_IDX

from goalsplice.experiments.evaluation import levels, measures
from goalsplice.world.vocabulary import OUTCOMES


def test_levels_depend_on_their_arguments_alone():
    one, again = levels("training", 50, 3), levels("training", 50, 3)
    np.random.default_rng(0).random(10)
    for field, same in zip(one, again, strict=True):
        np.testing.assert_array_equal(field, same)
    assert not np.array_equal(one.agent, levels("training", 50, 4).agent)
    assert not np.array_equal(one.agent, levels("three_colours", 50, 3).agent)


def test_three_colours_have_a_yellow_key():
    assert (levels("three_colours", 50, 3).third_colour == COLOR_TO_IDX["yellow"]).all()
    assert len(set(levels("training", 50, 3).third_colour)) == 4


def test_measures_by_hand():
    outcomes = np.array([OUTCOMES.index(name) for name in ("blue", "blue", "other", "crash", "timeout")])
    lengths = np.array([10, 20, 30, 40, 180])
    row = measures(outcomes, lengths, 180)
    assert row["share_blue"] == 0.4
    assert row["share_purple"] == 0
    assert row["share_timeout"] == 0.2
    assert row["mean_length"] == 56
    assert row["return_blue"] == pytest.approx(np.mean([0.95, 0.9, 0.1, -1, 0]))
    assert row["return_blue_se"] == pytest.approx(np.std([0.95, 0.9, 0.1, -1, 0], ddof=1) / 5**0.5)
    assert row["return_purple"] == pytest.approx(np.mean([0.1, 0.1, 0.1, -1, 0]))
    assert sum(row[f"share_{outcome}"] for outcome in OUTCOMES) == pytest.approx(1)
