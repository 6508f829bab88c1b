"""Recorded steps are those that agents are tested with."""

from dataclasses import replace

import numpy as np
import pytest
import torch
import yaml

from goalsplice.agent.fast.episodes import play
from goalsplice.agent.fast.policy import policy_of
from goalsplice.agent.network import Agent
from goalsplice.agent.recipe import Recipe
from goalsplice.experiments.behaviour import THINGS, changed, one_level, record, steps
from goalsplice.experiments.evaluation import levels
from goalsplice.world.vocabulary import OUTCOMES


@pytest.fixture(scope="module")
def recipe(pytestconfig) -> Recipe:
    config = yaml.safe_load((pytestconfig.rootpath / "config.yaml").read_text())
    return Recipe(**{**config["recipe"], **config["arms"]["onehot"], "hidden_size": 16, "max_steps": 60})


def untrained(recipe, seed=0):
    return Agent(recipe.world.inputs, recipe.hidden_size, torch.Generator().manual_seed(seed)).actor.state_dict()


def test_a_level_is_the_same_however_many_are_drawn():
    whole = levels("training", 9, 5)
    for number in (0, 3, 8):
        for one, all_of_them in zip(one_level("training", number, 5, 6), whole, strict=True):
            np.testing.assert_array_equal(one, all_of_them[number : number + 1])


@pytest.mark.parametrize("action_selection", ["sampling", "greedy"])
@pytest.mark.parametrize("encoding", ["onehot", "integers"])
def test_episodes_end_as_they_do_in_tests(recipe, action_selection, encoding):
    recipe = replace(recipe, encoding=encoding)
    actor = untrained(recipe)
    outcomes, lengths = play(
        levels("three_colours", 40, 1),
        policy_of(actor, recipe.world),
        recipe.world,
        recipe.rules,
        action_selection == "greedy",
    )
    for number in range(40):
        last = list(steps(one_level("three_colours", number, 1, 6), actor, recipe, action_selection))[-1]
        assert (last["outcome"], last["step"]) == (OUTCOMES[outcomes[number]], lengths[number])


def test_agents_that_act_alike_meet_the_same_luck(recipe):
    actors = {"unedited": untrained(recipe), "edited": untrained(recipe), "other": untrained(recipe, 1)}
    frame = record(actors, recipe, "three_colours", [4, 2], 1, "sampling")
    assert list(frame["level"].unique()) == [4, 2]
    scene = ["step", "action", "outcome", "agent_cell", "direction", *(f"{thing}_cell" for thing in THINGS)]
    one, other = (frame.loc[frame["agent"] == name, scene].reset_index(drop=True) for name in ("unedited", "edited"))
    assert one.equals(other)
    starts = frame[frame["step"] == 0].groupby("level")[scene]
    assert all(len(rows.drop_duplicates()) == 1 for _, rows in starts)


def test_steps_are_counted_and_only_the_last_has_an_outcome(recipe):
    frame = record({"unedited": untrained(recipe)}, recipe, "training", range(5), 1, "sampling")
    for _, rows in frame.groupby("level"):
        assert rows["step"].to_list() == list(range(len(rows)))
        assert (rows["outcome"] != "").to_list() == [False] * (len(rows) - 1) + [True]
        assert (rows["action"] == "").to_list() == [True] + [False] * (len(rows) - 1)
        # A key stays where it is until it is taken.
        keys = rows.iloc[:-1][["first_cell", "second_cell", "third_cell"]]
        assert len(keys.drop_duplicates()) == 1
    assert set(frame["first_colour"]) == {"blue"}
    assert set(frame["second_colour"]) == {"purple"}
    assert set(frame["third_colour"]) <= {"green", "grey", "red", "yellow"}


def test_colours_are_those_that_the_run_is_shown(recipe):
    """Where keys have other colours, scenes and outcomes name these."""
    shown = replace(recipe, objectives=("green", "red"), key_colours=("green", "red", "blue"), encoding="integers")
    actor = untrained(shown)
    frame = record({"unedited": actor}, shown, "three_colours", range(30), 1, "sampling")
    named = frame[["first_colour", "second_colour", "third_colour"]].drop_duplicates().to_numpy().tolist()
    assert named == [["green", "red", "blue"]]
    ends = set(frame["outcome"]) - {""}
    assert ends & {"green", "red"}
    assert ends <= {"green", "red", "blue", "other", "crash", "timeout"}


def test_how_many_weights_differ(recipe):
    one = untrained(recipe)
    other = {**one, "layer4.bias": one["layer4.bias"] + 1}
    count = sum(tensor.numel() for tensor in one.values())
    assert changed(one, one) == (0, 0.0)
    assert changed(other, one) == (7, 7 / count)
