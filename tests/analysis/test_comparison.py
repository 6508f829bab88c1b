"""A study's own numbers beside the published ones."""

import numpy as np
import pandas as pd
from study import ROOT

from goalsplice.analysis.comparison import BY_CHANCE, TABLES, by_table, compared
from goalsplice.cli.fill_pages import published

PUBLISHED = published(ROOT).tables


def test_published_numbers_lie_within_their_own_intervals():
    """But for one whose estimate is beyond its percentile interval, as few values may make it."""
    for name in TABLES:
        found = compared(PUBLISHED[name], PUBLISHED[name])
        assert len(found) >= 10
        assert found["outside"].mean() < 0.02, name
        assert not found.duplicated("number").any(), name


def test_a_moved_number_is_outside_and_what_is_missing_is_left_out():
    summary = PUBLISHED["summary"]
    own = summary[summary["arm"] == "onehot"].copy()
    moved = own["measure"] == "phase_end_return"
    own.loc[moved, "interquartile_mean"] = "0.5"
    found = compared(own, summary).set_index("number")
    assert set(found.index[found["outside"]]) == {"onehot, phase_end_return"}
    assert found.loc["onehot, phase_end_return", "own"] == 0.5
    assert not any(name.startswith("integers") for name in found.index)


def test_how_many_lie_outside_by_chance_alone():
    chance = np.random.default_rng(0)
    published, own = chance.normal(size=(2, 100_000))
    assert abs(np.mean(np.abs(published - own) > 1.96) - BY_CHANCE) < 0.005
    numbers = pd.DataFrame({"table": ["a"] * 6 + ["b"] * 12, "outside": [True] * 6 + [False] * 12})
    assert by_table(numbers).to_dict("index") == {
        "a": {"numbers": 6, "outside": 6, "by_chance": 1},
        "b": {"numbers": 12, "outside": 0, "by_chance": 2},
    }
