"""Evaluation: the same levels for all, and measures that follow from outcomes."""

import numpy as np
import pytest
from minigrid.core.constants import COLOR_TO_IDX
from statsmodels.stats.proportion import proportion_confint

from edits.conftest import actor
from goalsplice.agent.fast.episodes import play
from goalsplice.agent.fast.policy import policy_of
from goalsplice.agent.runs import Checkpoint, Run
from goalsplice.experiments.evaluation import (
    evaluate,
    evaluate_run,
    evaluate_until,
    half_width,
    levels,
    measures,
    shares_of,
)
from goalsplice.settings.sections import Evaluation
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
    assert row["episode_share_blue"] == 0.4
    assert row["episode_share_purple"] == 0
    assert row["episode_share_timeout"] == 0.2
    assert row["mean_length"] == 56
    assert row["return_blue"] == pytest.approx(np.mean([0.95, 0.9, 0.1, -1, 0]))
    assert row["return_blue_se"] == pytest.approx(np.std([0.95, 0.9, 0.1, -1, 0], ddof=1) / 5**0.5)
    assert row["return_purple"] == pytest.approx(np.mean([0.1, 0.1, 0.1, -1, 0]))
    assert sum(row[f"episode_share_{outcome}"] for outcome in OUTCOMES) == pytest.approx(1)


def test_every_checkpoint_of_a_run_plays_in_every_way(recipe):
    checkpoints = {phase: Checkpoint(1, phase, recipe.objectives[phase], actor(recipe, phase)) for phase in (0, 1)}
    settings = Evaluation(
        levels=6, seed=3, level_distributions=("training", "three_colours"), action_selections=("sampling", "greedy")
    )
    rows = list(evaluate_run(Run("onehot", 1, recipe, checkpoints), settings))
    ways = [(row["phase"], row["level_distribution"], row["action_selection"]) for row in rows]
    assert ways == [
        (phase, level_distribution, action_selection)
        for phase in (0, 1)
        for level_distribution in settings.level_distributions
        for action_selection in settings.action_selections
    ]
    assert [row["objective"] for row in rows] == [recipe.objectives[row["phase"]] for row in rows]
    assert all(row["episode_share_objective"] == row[f"episode_share_{row['objective']}"] for row in rows)
    last = rows[-1]
    expected = evaluate(checkpoints[1].actor, recipe, levels("three_colours", 6, 3, recipe.grid_size), "greedy")
    assert {name: last[name] for name in expected} == expected


def test_shares_by_part_are_those_of_the_colours():
    measured = {"episode_share_red": 0.1, "episode_share_blue": 0.3, "episode_share_crash": 0.6}
    found = shares_of(measured, donor="blue", recipient="red")
    assert found == {"episode_share_donor": 0.3, "episode_share_recipient": 0.1}


def test_half_a_widths_are_wilsons():
    for counts in ([128], [0, 3, 125], [60, 4, 64], [384, 0, 128]):
        outcomes = np.repeat(np.arange(len(counts)), counts)
        intervals = [proportion_confint(count, outcomes.size, method="wilson") for count in counts]
        assert half_width(outcomes) == pytest.approx(max(high - low for low, high in intervals) / 2)


@pytest.mark.parametrize("precision", [0.0, 0.03, 0.06, 1.0])
def test_levels_are_played_until_shares_are_known_well_enough(recipe, precision):
    network = actor(recipe, 2)
    on = levels("three_colours", 600, 3, recipe.grid_size)
    found = evaluate_until(network, recipe, on, "sampling", precision)
    played = found["levels"]
    assert found == evaluate(network, recipe, on.part(0, played), "sampling")
    policy = policy_of(network, recipe.world)

    def width(count):
        return half_width(play(on.part(0, count), policy, recipe.world, recipe.rules, greedy=False)[0])

    assert played == 600 or width(played) <= precision
    assert all(width(count) > precision for count in range(128, played, 128))
