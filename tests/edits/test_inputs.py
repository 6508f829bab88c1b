"""Groups of inputs are what they are called: checked by moving things in the world."""

import itertools

import numpy as np
import pytest
import torch
from minigrid.core.constants import COLOR_TO_IDX, OBJECT_TO_IDX

from edits.contexts import context_of
from goalsplice.edits.attribution import log_probabilities
from goalsplice.edits.delta import WeightDelta
from goalsplice.edits.inputs import exchange_colours, input_edits, input_groups, take_inputs
from goalsplice.world.observation import Encoding
from goalsplice.world.simulator import (
    BALL_THING,
    BLUE_THING,
    PURPLE_THING,
    THIRD_THING,
    Worlds,
    create,
    observe,
)

ENCODINGS = [Encoding(name, view) for name in ("onehot", "integers") for view in (3, 5, 7)]
EXCHANGES = {
    "own trained colours exchanged": ("blue", "purple"),
    **{
        f"own {one} and {other} exchanged": (one, other)
        for one, other in itertools.combinations(("blue", "purple", "green", "yellow"), 2)
        if (one, other) != ("blue", "purple")
    },
}
SIDES = ("left", "straight ahead", "right")
TURNS = {"straight ahead": 0, "right": 1, "left": 3}
"""Quarter turns clockwise to where a side is."""


@pytest.fixture(params=ENCODINGS, ids=lambda encoding: f"{encoding.name}-{encoding.view_size}")
def encoding(request):
    return request.param


def seen(encoding, agent, direction, **things) -> np.ndarray:
    """Inputs (inputs,) of an agent there; things that are not placed lie under it, where it sees none of them."""
    worlds = Worlds(
        agent=np.array([agent]),
        direction=np.array([direction]),
        things=np.array([[things.get(name, agent) for name in ("ball", "blue", "purple", "third")]]),
        third_colour=np.array([COLOR_TO_IDX[things.get("colour", "yellow")]]),
        carried=np.array([-1]),
        elapsed=np.array([0]),
        stream=np.array([0], dtype=np.uint64),
        drawn=np.zeros((1, 16), dtype=np.int64),
    )
    return encoding.images(np.array([observe(worlds, 0, encoding.geometry)])).ravel()


def poses(encoding):
    """Every place in the room, with every direction."""
    return itertools.product(encoding.geometry.interior, range(4))


def walk(encoding, agent, direction, steps) -> int:
    """The cell so many steps from the agent in a direction; -1 beyond the room."""
    for _ in range(steps):
        agent = encoding.geometry.front[agent, direction]
        if encoding.geometry.is_wall[agent]:
            return -1
    return agent


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("steps", [1, 2, 3])
def test_a_key_put_somewhere_changes_inputs_of_that_place_only(encoding, side, steps):
    furthest = encoding.view_size - 1 if side == "straight ahead" else encoding.view_size // 2
    groups, placed = input_groups(encoding), 0
    for agent, direction in poses(encoding):
        cell = walk(encoding, agent, (direction + TURNS[side]) % 4, steps)
        if cell < 0:
            continue
        changed = seen(encoding, agent, direction) != seen(encoding, agent, direction, blue=cell)
        if steps > furthest:
            assert not changed.any()
            continue
        placed += 1
        assert changed.any()
        assert not changed[~(groups[f"distance {steps}"] & groups[side])].any()
    assert placed or steps > furthest


def test_distances_aside_and_ahead_add_up(encoding):
    """A knight's move ahead and to the left is three steps away on the left."""
    groups, placed = input_groups(encoding), 0
    for agent, direction in poses(encoding):
        before = walk(encoding, agent, direction, 2)
        cell = before if before < 0 else walk(encoding, before, (direction + TURNS["left"]) % 4, 1)
        if cell >= 0:
            placed += 1
            changed = seen(encoding, agent, direction) != seen(encoding, agent, direction, ball=cell)
            assert changed.any()
            assert not changed[~(groups["distance 3"] & groups["left"])].any()
    assert placed


def test_another_colour_changes_inputs_of_these_colours_only(encoding):
    groups = input_groups(encoding)
    agent, direction = 14, 0
    front = walk(encoding, agent, direction, 1)
    for colours in itertools.combinations(COLOR_TO_IDX, 2):
        one, other = (seen(encoding, agent, direction, third=front, colour=colour) for colour in colours)
        names = colours if encoding.name == "onehot" else ("colour",)
        assert all((one != other)[groups[name]].any() for name in names)
        assert not (one != other)[~np.any([groups[name] for name in names], axis=0)].any()


def test_another_kind_changes_inputs_of_these_kinds_only(encoding):
    """A grey key in place of the ball, which is grey, changes the kind alone; an empty cell counts as red."""
    groups = input_groups(encoding)
    agent, direction = 14, 0
    front = walk(encoding, agent, direction, 1)
    key = seen(encoding, agent, direction, third=front, colour="grey")
    ball = seen(encoding, agent, direction, ball=front)
    empty = seen(encoding, agent, direction)
    if encoding.name == "onehot":
        kinds, all_of_it = ("key", "ball"), ("empty", "ball", "red", "grey")
    else:
        kinds, all_of_it = ("kind",), ("kind", "colour")
    for one, other, names in ((key, ball, kinds), (ball, empty, all_of_it)):
        for name in names:
            assert (one != other)[groups[name]].any()
        assert not (one != other)[~np.any([groups[name] for name in names], axis=0)].any()


def test_places_partition_the_view(encoding):
    groups = input_groups(encoding)
    distances = [name for name in groups if name.startswith("distance")]
    assert distances == [f"distance {steps}" for steps in range(3 * (encoding.view_size // 2) + 1)]
    for names in (distances, SIDES):
        assert (sum(groups[name].astype(int) for name in names) == 1).all()
    assert groups["distance 0"].sum() == encoding.channels
    assert groups["left"].sum() == groups["right"].sum()


def test_colours_and_kinds_are_disjoint_and_make_up_their_unions():
    for encoding in ENCODINGS[:3]:
        groups = input_groups(encoding)
        assert all(groups[colour].sum() == encoding.cells for colour in COLOR_TO_IDX)
        colours = sum(groups[colour].astype(int) for colour in COLOR_TO_IDX)
        np.testing.assert_array_equal(colours, groups["all colours"])
        np.testing.assert_array_equal(groups["trained colours"], groups["blue"] | groups["purple"])
        kinds = sum(groups[kind].astype(int) for kind in ("empty", "wall", "key", "ball"))
        assert kinds.max() == 1
        assert (kinds <= groups["all kinds"]).all()
        assert groups["all kinds"].sum() == len(OBJECT_TO_IDX) * encoding.cells
        assert not (groups["all kinds"] & groups["all colours"]).any()


def test_numbers_have_no_inputs_of_one_colour():
    for encoding in ENCODINGS[3:]:
        groups = input_groups(encoding)
        assert [name for name in groups if not name.startswith("distance") and name not in SIDES] == [
            "kind",
            "colour",
            "state",
        ]
        assert (sum(groups[name].astype(int) for name in ("kind", "colour", "state")) == 1).all()
        assert [edit.name for edit in input_edits(encoding)] == list(groups)


def test_every_group_is_an_edit_that_takes_its_columns_only(recipient, donor, recipe):
    groups = input_groups(recipe.world)
    edits = {edit.name: edit for edit in input_edits(recipe.world)}
    assert set(edits) == {*groups, *EXCHANGES}
    for name, columns in groups.items():
        edited = edits[name].make(context_of(recipient, donor))
        expected = recipient["layer1.weight"].clone()
        expected[:, np.flatnonzero(columns)] = donor["layer1.weight"][:, np.flatnonzero(columns)]
        torch.testing.assert_close(edited, {**recipient, "layer1.weight": expected}, rtol=0, atol=0)
        torch.testing.assert_close(take_inputs(recipient, donor, columns), edited, rtol=0, atol=0)


def test_random_columns_are_as_many_and_anywhere(recipient, donor, recipe):
    for edit in input_edits(recipe.world):
        if edit.at_random is None:
            assert edit.name in EXCHANGES
            continue
        sites = []
        for seed in range(3):
            drawn = edit.at_random(np.random.default_rng(seed))(context_of(recipient, donor))
            assert (
                WeightDelta(recipient, drawn).size
                == WeightDelta(recipient, edit.make(context_of(recipient, donor))).size
            )
            assert all(torch.equal(drawn[name], recipient[name]) for name in drawn if name != "layer1.weight")
            columns = (drawn["layer1.weight"] != recipient["layer1.weight"]).any(dim=0)
            assert torch.equal(drawn["layer1.weight"][:, columns], donor["layer1.weight"][:, columns])
            sites.append(frozenset(columns.nonzero()[:, 0].tolist()))
        assert len(set(sites)) == 3


def exchanged_keys(worlds, one, other):
    """The same worlds with two colours of keys exchanged; keys of other colours than blue and purple are third ones."""
    assert {one, other} in ({"blue", "purple"}, {"green", "yellow"})
    if one == "blue":
        things = worlds.things.copy()
        things[:, [BLUE_THING, PURPLE_THING]] = things[:, [PURPLE_THING, BLUE_THING]]
        np.testing.assert_array_equal(things[:, [BALL_THING, THIRD_THING]], worlds.things[:, [BALL_THING, THIRD_THING]])
        return worlds._replace(things=things)
    colours = worlds.third_colour.copy()
    places = [colours == COLOR_TO_IDX[colour] for colour in (one, other)]
    assert all(place.any() for place in places)
    colours[places[0]], colours[places[1]] = COLOR_TO_IDX[other], COLOR_TO_IDX[one]
    return worlds._replace(third_colour=colours)


@pytest.mark.parametrize("name", ["own trained colours exchanged", "own green and yellow exchanged"])
def test_exchanged_columns_see_the_world_with_the_keys_exchanged(recipient, donor, recipe, name):
    worlds = create(200, "training", np.random.default_rng(3), recipe.grid_size)

    def inputs(worlds):
        codes = np.array([observe(worlds, i, recipe.world.geometry) for i in range(len(worlds.agent))])
        return torch.from_numpy(recipe.world.images(codes).reshape(len(codes), -1).astype(np.float32))

    (edit,) = (edit for edit in input_edits(recipe.world) if edit.name == name)
    exchanged = edit.make(context_of(recipient, donor, recipe))
    as_they_are, swapped = inputs(worlds), inputs(exchanged_keys(worlds, *EXCHANGES[name]))
    torch.testing.assert_close(log_probabilities(exchanged, as_they_are), log_probabilities(recipient, swapped))
    assert not torch.allclose(log_probabilities(exchanged, as_they_are), log_probabilities(recipient, as_they_are))


@pytest.mark.parametrize(("one", "other"), EXCHANGES.values(), ids=EXCHANGES)
def test_an_exchange_is_of_two_colours_columns_and_undoes_itself(recipient, recipe, one, other):
    groups = input_groups(recipe.world)
    exchanged = exchange_colours(recipient, recipe.world, one, other)
    before, after = recipient["layer1.weight"], exchanged["layer1.weight"]
    assert torch.equal(after[:, groups[one]], before[:, groups[other]])
    assert torch.equal(after[:, groups[other]], before[:, groups[one]])
    rest = ~(groups[one] | groups[other])
    assert torch.equal(after[:, rest], before[:, rest])
    torch.testing.assert_close(exchanged, {**recipient, "layer1.weight": after}, rtol=0, atol=0)
    back = exchange_colours(exchanged, recipe.world, one, other)
    torch.testing.assert_close(back, dict(recipient), rtol=0, atol=0)
