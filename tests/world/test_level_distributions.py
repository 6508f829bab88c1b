"""Level distributions differ in the third key's colour alone."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from minigrid.core.constants import COLOR_TO_IDX

from goalsplice.agent.fast.episodes import play
from goalsplice.agent.fast.policy import Policy
from goalsplice.agent.fast.rollout import collect
from goalsplice.experiments.evaluation import levels
from goalsplice.world.observation import Encoding, rows_of_keys
from goalsplice.world.simulator import OUTCOMES, Rules, colour_numbers, create
from goalsplice.world.vocabulary import (
    ALWAYS_PRESENT,
    OBJECTIVES,
    THIRD_KEY_COLOURS,
    outcomes,
    shown,
    third_key_colours,
)

ENCODING = Encoding("onehot", 3)


@pytest.fixture
def aimless() -> Policy:
    """An actor that takes every action as often."""
    shapes = [(ENCODING.row_inputs.shape[0], 4), (4, 4), (4,), (4, 4), (4,), (4, 7), (7,)]
    return Policy(*(np.zeros(shape, dtype=np.float32) for shape in shapes))


def test_without_yellow_is_training_but_for_yellow():
    assert {*THIRD_KEY_COLOURS["without_third_colour"], "yellow"} == set(THIRD_KEY_COLOURS["training"])
    assert "yellow" not in THIRD_KEY_COLOURS["without_third_colour"]
    assert THIRD_KEY_COLOURS["three_colours"] == ("yellow",)


@given(st.permutations(sorted(COLOR_TO_IDX)))
def test_other_key_colours_are_the_same_levels_repainted(drawn):
    """No colour is lost, and each distribution is about the third colour as it is about yellow."""
    keys = tuple(drawn[:3])
    assert sorted(shown(keys).values()) == sorted(COLOR_TO_IDX)
    assert Encoding("onehot", 3, 6, keys).colours == [shown(keys)[colour] for colour in COLOR_TO_IDX]
    assert set(third_key_colours("training", keys)) == set(drawn[2:])
    assert third_key_colours("three_colours", keys) == (keys[2],)
    assert set(third_key_colours("without_third_colour", keys)) == set(drawn[3:])
    assert outcomes(keys) == (*keys, "other", "crash", "timeout")


def test_the_studys_own_colours_are_shown_as_they_are():
    assert shown(OBJECTIVES) == {colour: colour for colour in COLOR_TO_IDX}
    assert third_key_colours("training") == THIRD_KEY_COLOURS["training"]


@pytest.mark.parametrize("level_distribution", THIRD_KEY_COLOURS)
def test_third_keys_have_the_distributions_colours_as_often_as_each_other(level_distribution):
    colours, counts = np.unique(levels(level_distribution, 3000, 0).third_colour, return_counts=True)
    names = [name for name, number in COLOR_TO_IDX.items() if number in colours]
    assert sorted(names) == sorted(THIRD_KEY_COLOURS[level_distribution])
    assert not set(names) & set(ALWAYS_PRESENT)
    expected = 3000 / len(counts)
    assert np.abs(counts - expected).max() <= 4 * expected**0.5


@pytest.mark.parametrize("level_distribution", THIRD_KEY_COLOURS)
def test_episodes_that_follow_have_them_too(level_distribution, aimless):
    worlds = create(32, level_distribution, np.random.default_rng(0))
    rollout = collect(worlds, aimless, ENCODING, Rules(), colour_numbers(level_distribution), 0, 400)
    assert (rollout.outcomes >= 0).sum() > 300
    met = np.unique(ENCODING.rows(rollout.codes.ravel()))
    seen = {colour for colour in COLOR_TO_IDX if np.isin(rows_of_keys(ENCODING, colour), met).any()}
    assert seen == {*ALWAYS_PRESENT, *THIRD_KEY_COLOURS[level_distribution]}


@pytest.mark.parametrize("level_distribution", THIRD_KEY_COLOURS)
def test_an_episode_ends_with_a_colour_that_is_there(level_distribution, aimless):
    ended, _ = play(levels(level_distribution, 2000, 0), aimless, ENCODING, Rules(), greedy=False)
    ends = {OUTCOMES[outcome] for outcome in ended}
    colours = THIRD_KEY_COLOURS[level_distribution]
    assert ("yellow" in ends) == ("yellow" in colours)
    assert ("other" in ends) == (set(colours) != {"yellow"})
    assert set(ALWAYS_PRESENT) <= ends
