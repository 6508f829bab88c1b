"""Training is a function of recipe, arm and seed."""

from dataclasses import replace

import numpy as np
import pytest

from goalsplice.agent import training
from goalsplice.experiments.evaluation import evaluate, levels
from goalsplice.settings.schedule import MIXED, objective_of, paying
from goalsplice.world.vocabulary import OUTCOMES


def rows_and_weights(recipe, arm, seed, between=lambda agent: None):
    """All rows of a run and its final weights; `between` is called with the agent after each rollout."""
    rows = []
    for progress in training.train(recipe, arm, seed):
        rows.append(progress.row)
        between(progress.agent)
    return rows, np.concatenate([p.detach().numpy().ravel() for p in progress.agent.parameters()])


def test_equal_arguments_give_equal_runs_and_others_do_not(recipe, arm):
    rows, weights = rows_and_weights(recipe, arm, 1)
    again, same = rows_and_weights(recipe, arm, 1)
    assert rows == again
    np.testing.assert_array_equal(weights, same)
    assert not np.array_equal(weights, rows_and_weights(recipe, arm, 2)[1])
    assert not np.array_equal(weights, rows_and_weights(recipe, "another_name", 1)[1])


def test_evaluation_does_not_touch_training(recipe, arm):
    on = levels("training", 20, 0)
    _, weights = rows_and_weights(recipe, arm, 1)
    _, same = rows_and_weights(recipe, arm, 1, lambda agent: evaluate(agent.actor.state_dict(), recipe, on, "sampling"))
    np.testing.assert_array_equal(weights, same)


def test_rows_follow_the_schedule_and_add_up(recipe, arm):
    rows, _ = rows_and_weights(recipe, arm, 1)
    assert [row["objective"] for row in rows] == ["blue", "blue", "purple", "purple"]
    assert [row["phase"] for row in rows] == [0, 0, 1, 1]
    assert [row["environment_steps"] for row in rows] == [1024, 2048, 3072, 4096]
    for row in rows:
        assert sum(row[f"episode_share_{outcome}"] for outcome in OUTCOMES) == pytest.approx(1)
        assert np.isfinite([value for value in row.values() if not isinstance(value, str)]).all()


def test_each_objective_keeps_its_worlds(recipe, arm, monkeypatch):
    """A phase goes on with the episodes that its objective's last phase left."""
    seen = []
    collect = training.collect

    def spy(worlds, *arguments):
        seen.append((id(worlds), worlds.elapsed.copy()))
        rollout = collect(worlds, *arguments)
        seen.append((id(worlds), worlds.elapsed.copy()))
        return rollout

    monkeypatch.setattr(training, "collect", spy)
    object.__setattr__(recipe, "phase_rollouts", 1)
    list(training.train(recipe, arm, 1))
    (blue, _), (_, blue_after), (purple, _), _, (blue_again, blue_before), _, (purple_again, _), _ = seen
    assert blue == blue_again != purple == purple_again
    np.testing.assert_array_equal(blue_after, blue_before)


def test_an_arm_learns_within_its_first_phase(recipe, arm):
    """Not the recipe's scale, but enough to see that the loop improves the agent."""
    for key, value in {"num_envs": 32, "num_steps": 128, "rollouts": 24, "phase_rollouts": 24}.items():
        object.__setattr__(recipe, key, value)
    rows, _ = rows_and_weights(recipe, arm, 1)
    assert rows[-1]["mean_return"] > rows[0]["mean_return"] + 0.6


def test_a_summary_without_episodes_is_missing_not_zero(recipe, arm):
    object.__setattr__(recipe, "num_steps", 1)
    object.__setattr__(recipe, "minibatches", 1)
    object.__setattr__(recipe, "num_envs", 2)
    row = next(iter(training.train(recipe, arm, 0))).row
    assert row["episodes"] == 0
    assert np.isnan([row["mean_return"], row["mean_length"], row["episode_share_blue"]]).all()


@pytest.mark.parametrize("phase", range(6))
def test_objectives_take_turns(phase):
    for seed in (0, 1):
        assert objective_of("alternation", phase, ("blue", "purple"), seed) == ("blue", "purple")[phase % 2]
        assert objective_of("alternation", phase, ("yellow",), seed) == "yellow"


def test_random_objectives_are_the_seeds_and_even():
    """Each order is fixed, orders of seeds differ, and no objective is favoured."""
    orders = np.array(
        [
            [objective_of("random", phase, ("blue", "purple"), seed) == "blue" for phase in range(60)]
            for seed in range(40)
        ]
    )
    assert len(np.unique(orders, axis=0)) == 40
    assert abs(orders.mean() - 0.5) < 4 * 0.5 / np.sqrt(orders.size)
    repeats = (orders[:, 1:] == orders[:, :-1]).mean()
    assert abs(repeats - 0.5) < 4 * 0.5 / np.sqrt(orders.size), "a phase says nothing of the next one"


def test_mixed_worlds_pay_for_colours_of_their_own():
    assert objective_of("mixed", 3, ("blue", "purple"), 1) == MIXED
    assert paying(MIXED, ("blue", "purple"), 5) == ["blue", "purple", "blue", "purple", "blue"]
    assert paying("purple", ("blue", "purple"), 3) == ["purple"] * 3


def test_a_mixed_run_pays_both_colours_alike(recipe, arm):
    """At the start the agent takes keys by chance: blue and purple pay in half of the worlds each."""
    mixed = replace(recipe, schedule="mixed", num_envs=64, num_steps=128, rollouts=1)
    row = next(iter(training.train(mixed, arm, 1))).row
    assert (row["phase"], row["objective"]) == (0, MIXED)
    assert abs(row["episode_share_blue"] - row["episode_share_purple"]) < 0.1
    alone = next(iter(training.train(replace(mixed, schedule="alternation"), arm, 1))).row
    assert row["mean_return"] != alone["mean_return"]


def test_a_run_in_random_order_goes_on_as_if_never_interrupted(recipe, arm):
    for schedule in ("random", "mixed"):
        mine = replace(recipe, schedule=schedule, phase_rollouts=1)
        whole = [progress.row for progress in training.train(mine, arm, 5)]
        assert [row["objective"] for row in whole] == [
            objective_of(schedule, phase, mine.objectives, 5) for phase in range(4)
        ]
        first = training.Training(mine, arm, 5)
        first.advance()
        second = training.Training(mine, arm, 5)
        second.restore(first.state())
        assert second.advance().row == whole[1]
