"""Exchanged observations are those of the world with its keys exchanged, however they are told."""

import itertools
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from minigrid.core.constants import COLOR_TO_IDX, OBJECT_TO_IDX

from edits.subjects import logits, non_uniform
from goalsplice.agent.fast.policy import policy_of
from goalsplice.agent.network import Weights, forward
from goalsplice.edits.inputs import exchange_colours
from goalsplice.edits.relabelling import exchanged_rows, perceiving
from goalsplice.world.observation import Encoding, rows_of_keys
from goalsplice.world.simulator import BLUE_THING, PURPLE_THING, THIRD_THING, Worlds, create, observe
from goalsplice.world.vocabulary import THIRD_KEY_COLOURS

ENCODINGS = [Encoding(name, view) for name in ("onehot", "integers") for view in (3, 5)]
THINGS = {"blue": BLUE_THING, "purple": PURPLE_THING, "yellow": THIRD_THING}
"""What is of a colour in the level_distribution `three_colours`."""
SHOWN_ALONE = ("blue", "green", "purple", "yellow")
"""Colours of nothing but keys. Walls and the ball are grey, and MiniGrid calls empty cells red."""

colours = st.sampled_from(sorted(COLOR_TO_IDX))
encodings = st.sampled_from(ENCODINGS)
level_distribution = st.sampled_from(sorted(THIRD_KEY_COLOURS))
seeds = st.integers(0, 2**32 - 1)


def worlds_of(level_distribution: str, seed: int, count: int = 40) -> Worlds:
    return create(count, level_distribution, np.random.default_rng(seed))


def codes_of(encoding: Encoding, worlds: Worlds) -> np.ndarray:
    return np.array([observe(worlds, i, encoding.geometry) for i in range(len(worlds.agent))])


def flat_images(encoding: Encoding, worlds: Worlds) -> np.ndarray:
    """What the agents see: float32 (n, inputs)."""
    return encoding.images(codes_of(encoding, worlds)).reshape(len(worlds.agent), -1).astype(np.float32)


def repainted(encoding: Encoding, images: np.ndarray, one: str, other: str) -> np.ndarray:
    """Images (n, view, view, channels) with the colours of keys exchanged, cell by cell."""
    kind, first = OBJECT_TO_IDX["key"], len(OBJECT_TO_IDX)
    out = images.copy()
    mine, others = COLOR_TO_IDX[one], COLOR_TO_IDX[other]
    if encoding.name == "integers":
        keys = images[..., 0] == kind
        out[keys & (images[..., 1] == mine), 1] = others
        out[keys & (images[..., 1] == others), 1] = mine
    else:
        keys = images[..., kind] == 1
        out[keys, first + mine], out[keys, first + others] = images[keys, first + others], images[keys, first + mine]
    return out


def with_keys_exchanged(worlds: Worlds, one: str, other: str) -> Worlds:
    """The same worlds, of level_distribution `three_colours`, with two keys in each other's places."""
    things = worlds.things.copy()
    things[:, [THINGS[one], THINGS[other]]] = things[:, [THINGS[other], THINGS[one]]]
    return worlds._replace(things=things)


@pytest.mark.parametrize("encoding", ENCODINGS, ids=str)
@pytest.mark.parametrize("colour", sorted(COLOR_TO_IDX))
def test_a_row_of_a_key_is_in_an_observation_where_that_key_is_seen(encoding, colour):
    codes = np.concatenate(
        [codes_of(encoding, worlds_of(level_distribution, 1, 300)) for level_distribution in THIRD_KEY_COLOURS]
    )
    images = encoding.images(codes).reshape(len(codes), encoding.cells, -1)
    if encoding.name == "integers":
        shown = (images[..., 0] == OBJECT_TO_IDX["key"]) & (images[..., 1] == COLOR_TO_IDX[colour])
    else:
        shown = (images[..., OBJECT_TO_IDX["key"]] & images[..., len(OBJECT_TO_IDX) + COLOR_TO_IDX[colour]]) == 1
    taken = encoding.rows(codes)
    found = np.stack([(taken == row).any(axis=1) for row in rows_of_keys(encoding, colour)], axis=1)
    np.testing.assert_array_equal(found, shown)
    assert shown.any()


@pytest.mark.parametrize("encoding", ENCODINGS, ids=str)
def test_keys_have_rows_of_their_own(encoding):
    every = np.concatenate([rows_of_keys(encoding, colour) for colour in COLOR_TO_IDX])
    assert len(np.unique(every)) == len(COLOR_TO_IDX) * encoding.cells
    assert every.min() > encoding.backgrounds
    assert every.max() == encoding.row_inputs.shape[0] - 2, "the last row is blank"


@settings(max_examples=50)
@given(encodings, level_distribution, seeds, colours, colours)
def test_exchanging_twice_is_the_identity_and_the_order_of_the_colours_is_none(
    encoding, level_distribution, seed, one, other
):
    rows = encoding.rows(codes_of(encoding, worlds_of(level_distribution, seed)))
    before = rows.copy()
    exchanged = exchanged_rows(encoding, rows, one, other)
    assert (exchanged.dtype, exchanged.shape) == (np.int32, rows.shape)
    np.testing.assert_array_equal(exchanged_rows(encoding, exchanged, one, other), rows)
    np.testing.assert_array_equal(exchanged_rows(encoding, rows, other, one), exchanged)
    np.testing.assert_array_equal(exchanged_rows(encoding, rows, one, one), rows)
    np.testing.assert_array_equal(rows, before)


@settings(max_examples=50)
@given(encodings, level_distribution, seeds, colours, colours)
def test_exchanged_inputs_are_images_with_the_keys_repainted(encoding, level_distribution, seed, one, other):
    codes = codes_of(encoding, worlds_of(level_distribution, seed))
    rows, images = encoding.rows(codes), encoding.images(codes)
    found = encoding.inputs_of(rows)
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, images.reshape(len(codes), -1))
    exchanged = encoding.inputs_of(exchanged_rows(encoding, rows, one, other))
    expected = repainted(encoding, images, one, other).reshape(len(codes), -1)
    np.testing.assert_array_equal(exchanged, expected)


@settings(max_examples=50)
@given(encodings, seeds, st.sampled_from(list(itertools.permutations(THINGS, 2))))
def test_exchanged_inputs_are_of_the_world_with_the_keys_exchanged(encoding, seed, pair):
    worlds = worlds_of("three_colours", seed)
    exchanged = encoding.inputs_of(exchanged_rows(encoding, encoding.rows(codes_of(encoding, worlds)), *pair))
    np.testing.assert_array_equal(exchanged, flat_images(encoding, with_keys_exchanged(worlds, *pair)))


@pytest.fixture(params=["onehot", "integers"], scope="module")
def seeing(request, recipe) -> tuple[Encoding, Weights]:
    """An encoding and an actor that sees through it."""
    recipe = replace(recipe, encoding=request.param)
    return recipe.world, non_uniform(recipe, 0)


@settings(max_examples=40)
@given(level_distribution, seeds, colours, colours)
def test_perceiving_is_acting_on_exchanged_observations(seeing, level_distribution, seed, one, other):
    encoding, actor = seeing
    policy = policy_of(actor, encoding)
    table = policy.table.copy()
    rows = encoding.rows(codes_of(encoding, worlds_of(level_distribution, seed)))
    perceived = perceiving(policy, encoding, one, other)
    exchanged = exchanged_rows(encoding, rows, one, other)
    np.testing.assert_array_equal(logits(perceived, rows), logits(policy, exchanged))
    np.testing.assert_array_equal(perceiving(perceived, encoding, other, one).table, table)
    np.testing.assert_array_equal(policy.table, table)
    expected = forward(actor, torch.from_numpy(encoding.inputs_of(exchanged)))["layer4"]
    np.testing.assert_allclose(logits(perceived, rows), expected, rtol=1e-4, atol=1e-3)


@settings(max_examples=20)
@given(seeds, st.sampled_from(list(itertools.permutations(THINGS, 2))))
def test_perceiving_is_acting_in_the_world_with_the_keys_exchanged(seeing, seed, pair):
    encoding, actor = seeing
    policy, worlds = policy_of(actor, encoding), worlds_of("three_colours", seed)
    plain, swapped = (
        encoding.rows(codes_of(encoding, played)) for played in (worlds, with_keys_exchanged(worlds, *pair))
    )
    perceived = perceiving(policy, encoding, *pair)
    np.testing.assert_allclose(logits(perceived, plain), logits(policy, swapped), rtol=1e-4, atol=1e-3)
    assert not np.allclose(logits(policy, plain), logits(policy, swapped), rtol=1e-4, atol=1e-3)


@pytest.mark.parametrize(("one", "other"), list(itertools.combinations(COLOR_TO_IDX, 2)))
def test_exchanged_columns_are_the_same_where_colours_are_of_keys_alone(recipe, recipient, one, other):
    encoding = recipe.world
    rows = encoding.rows(
        np.concatenate(
            [codes_of(encoding, worlds_of(level_distribution, 2)) for level_distribution in THIRD_KEY_COLOURS]
        )
    )
    perceived = logits(perceiving(policy_of(recipient, encoding), encoding, one, other), rows)
    columns = logits(policy_of(exchange_colours(recipient, encoding, one, other), encoding), rows)
    alike = np.allclose(perceived, columns, rtol=1e-4, atol=1e-3)
    assert alike == (one in SHOWN_ALONE and other in SHOWN_ALONE)
