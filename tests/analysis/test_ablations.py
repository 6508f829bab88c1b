"""What a change of the recipe does: measures of a run, differences between arms, verdicts."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from goalsplice.analysis.ablations import MEASURES, ablations, run_measures, verdict
from goalsplice.analysis.over_seeds import difference
from goalsplice.analysis.statistics import Interval

NAMED = {measure.name: measure for measure in MEASURES}


def training(ends):
    """Phases of two rollouts that end at these returns."""
    return pd.DataFrame(
        {
            "rollout": range(1, 2 * len(ends) + 1),
            "phase": np.repeat(range(len(ends)), 2),
            "objective": np.repeat([("blue", "purple")[phase % 2] for phase in range(len(ends))], 2),
            "mean_return": [value for end in ends for value in (0.1, end)],
        }
    )


def tables(ends):
    phases = range(len(ends))
    return {
        "training": training(ends),
        "plasticity": pd.DataFrame(
            [
                {
                    **{"phase": phase, "network": network, "layer": layer, "inactive": phase / 10, "dormant": 0.5},
                    **{"effective_rank": 3.0 + phase, "weight_norm": 2.0},
                }
                for phase in phases
                for network, layers in (("actor", ("layer1", "layer2")), ("critic", ("layer1",)))
                for layer in layers
            ]
        ),
        "switches": pd.DataFrame({"distance": [1.0, 3.0], "spliced": [0.5, np.nan]}),
        "switch_retargeting": pd.DataFrame(
            [
                ("blue", "sparse", "no_control", 0.9),
                ("blue", "downstream of layer 1", "no_control", 0.5),
                ("blue", "sparse", "gaussian", 0.1),
                ("blue", "swap", "no_control", 1.0),
                ("yellow", "unedited", "no_control", 0.8),
            ],
            columns=["wanted", "edit", "control", "return_target"],
        ),
    }


def measured(ends, rollouts=None):
    return run_measures(tables(ends), rollouts or 2 * len(ends), 0.8, 2, "yellow")


def test_measures_of_a_run_by_hand():
    found = measured([0.5, 0.9, 0.8, 1.0])
    assert found["first_rollout"] == 4
    assert found["phase_end_return"] == pytest.approx(0.9)
    assert found["rollouts_to_threshold"] == 2
    assert (found["collapses"], found["collapsed_for_good"]) == (0, 0)
    assert (found["distance"], found["spliced"]) == (2, 0.5)
    assert (found["target_return"], found["target_return_gaussian"]) == (0.9, 0.1)
    assert (found["target_return_ceiling"], found["target_return_trained"]) == (1.0, 0.8)
    assert found["inactive"] == pytest.approx(0.3)
    assert found["feature_rank"] == 6
    assert found["weight_norm"] == pytest.approx(8**0.5)
    assert set(found) <= set(NAMED)


@pytest.mark.parametrize(
    ("ends", "collapses", "for_good"),
    [
        ([0.1, 0.9, 0.9], 0, 0),
        ([0.9, 0.2, 0.9, 0.3, 0.9], 2, 0),
        ([0.9, 0.9, 0.2], 1, 1),
        ([0.1, 0.2, 0.3], 0, 0),
        ([0.9, 0.6, 0.9], 0, 0),
    ],
)
def test_a_collapse_comes_after_learning(ends, collapses, for_good):
    found = measured(ends)
    assert (found["collapses"], found["collapsed_for_good"]) == (collapses, for_good)


def test_a_switch_is_a_phase_on_another_objective_than_the_one_before():
    mine = tables([0.9, 0.9, 0.9, 0.9, 0.7])
    mine["training"]["objective"] = np.repeat(["blue", "purple", "purple", "blue", "purple"], 2)
    found = run_measures(mine, 10, 0.8, 2, "yellow")
    assert (found["rollouts_to_switch"], found["never_switched"]) == (2, pytest.approx(1 / 3))
    assert found["never_at_threshold"] == 0.25
    mine["training"]["objective"] = "blue"
    assert not {"rollouts_to_switch", "never_switched"} & set(run_measures(mine, 10, 0.8, 2, "yellow"))


def test_a_longer_run_is_measured_as_if_it_had_ended():
    short, long = measured([0.9, 0.8, 0.9]), measured([0.9, 0.8, 0.9, 0.1], rollouts=6)
    assert long == {name: value for name, value in short.items() if name in long}
    gone = {name for name in short if name not in long}
    assert {"distance", "spliced", "target_return"} <= gone, "switches and switch_retargeting are of the end"
    assert "inactive" in long


def test_what_a_run_lacks_has_no_value():
    mine = tables([0.1, 0.2])
    mine["switches"], mine["switch_retargeting"] = mine["switches"].iloc[:0], mine["switch_retargeting"].iloc[:0]
    found = run_measures(mine, 4, 0.8, 0, "yellow")
    assert not {"first_rollout", "rollouts_to_threshold", "distance", "target_return"} & set(found)
    assert not np.isnan(list(found.values())).any()


VALUES = st.lists(st.floats(-1, 1), min_size=3, max_size=6).map(np.array)


@given(VALUES, VALUES)
def test_a_difference_turns_round_with_its_sides(values, others):
    one, other = difference(values, others), difference(others, values)
    assert one.estimate == pytest.approx(-other.estimate)
    assert one.low - 1e-9 <= one.high
    assert difference(values + 1, others).estimate == pytest.approx(one.estimate + 1)
    assert difference(values, values).estimate == 0


def test_the_interval_of_a_difference_holds_it_as_often_as_it_says():
    """Of normal values with unlike spreads, ten seeds each: 95 %, less a few for few seeds."""
    chance = np.random.default_rng(0)
    held = 0
    for _ in range(200):
        apart = difference(chance.normal(0.3, 1, 10), chance.normal(0, 0.5, 10))
        held += apart.low <= 0.3 <= apart.high
    assert 0.84 < held / 200 < 0.99


def test_single_seeds_have_no_interval():
    assert np.isnan(difference(np.array([1.0]), np.array([0.0, 1.0])).low)
    assert np.isnan(difference(np.array([]), np.array([0.0, 1.0])).estimate)


@pytest.mark.parametrize(
    ("name", "value", "apart", "said"),
    [
        ("phase_end_return", 0.95, (0.0, -0.01, 0.01), "alike"),
        ("phase_end_return", 0.95, (0.01, 0.005, 0.019), "alike"),
        ("phase_end_return", 0.95, (0.05, 0.01, 0.09), "better"),
        ("phase_end_return", 0.85, (-0.1, -0.2, -0.01), "worse"),
        ("phase_end_return", 0.5, (-0.4, -0.5, -0.3), "fails"),
        ("phase_end_return", 0.95, (0.0, -0.1, 0.1), "inconclusive"),
        ("rollouts_to_threshold", 5, (-3, -4, -2), "better"),
        ("rollouts_to_threshold", 5, (3, 2, 4), "worse"),
        ("phase_end_return", 0.9, (0.0, np.nan, np.nan), ""),
        ("distance", 3, (1, 0.5, 2), ""),
    ],
)
def test_verdicts(name, value, apart, said):
    assert verdict(NAMED[name], value, Interval(*apart), 0.8) == said


def test_arms_are_compared_with_their_reference_after_as_many_rollouts():
    rows = []
    for seed in range(5):
        for arm, rollouts, value in [("r", 90, 0.9), ("r", 30, 0.5), ("short", 30, 0.9), ("long", 90, 0.6)]:
            rows.append((arm, seed, rollouts, "phase_end_return", value + 0.001 * seed))
    runs = pd.DataFrame(rows, columns=["arm", "seed", "rollouts", "measure", "value"])
    about = {"group": "schedule", "changes": "{}", "reference": "r"}
    arms = {"r": {**about, "rollouts": 90}, "short": {**about, "rollouts": 30}, "long": {**about, "rollouts": 90}}
    found = ablations(runs, arms, 0.8).set_index("arm")
    assert found["difference"].round(3).to_dict() == pytest.approx(
        {"r": np.nan, "short": 0.4, "long": -0.3}, nan_ok=True
    )
    assert found["verdict"].to_dict() == {"r": "", "short": "better", "long": "fails"}
    assert (found["seeds"] == 5).all()
