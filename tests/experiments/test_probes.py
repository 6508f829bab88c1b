"""Probes find what was planted, and nothing where nothing was; and never look at what they are scored on."""

from collections import Counter

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from minigrid.core.constants import COLOR_TO_IDX, OBJECT_TO_IDX

from goalsplice.experiments.activations import LAYERS
from goalsplice.experiments.evaluation import levels
from goalsplice.experiments.probes import (
    Network,
    Places,
    all_probes,
    beyond_action,
    key_place,
    key_places,
    synthetic_tables,
    transferred_place,
    wanted_colour,
)
from goalsplice.world.observation import Encoding
from goalsplice.world.simulator import observe
from goalsplice.world.vocabulary import OBJECTIVES as KEYS

CELLS, TRAIN, TEST = 6, 900, 400
ENCODINGS = [Encoding("onehot", 5), Encoding("integers", 7), Encoding("integers", 3)]


@pytest.mark.parametrize("encoding", ENCODINGS, ids=lambda encoding: f"{encoding.name}-{encoding.view_size}")
def test_keys_are_where_the_image_shows_them(encoding):
    on = levels("three_colours", 300, 0)
    codes = np.array([observe(on, i, encoding.geometry) for i in range(300)])
    images = encoding.images(codes).reshape(300, encoding.cells, -1)
    for colour, places in key_places(encoding, codes).items():
        key, number = OBJECT_TO_IDX["key"], COLOR_TO_IDX[colour]
        if encoding.name == "onehot":
            shown = (images[:, :, key] == 1) & (images[:, :, len(OBJECT_TO_IDX) + number] == 1)
        else:
            shown = (images[:, :, 0] == key) & (images[:, :, 1] == number)
        out_of_view = ~shown.any(axis=1)
        assert out_of_view.any()
        np.testing.assert_array_equal(places, np.where(out_of_view, encoding.cells, shown.argmax(axis=1)))


def one_hot(places):
    return np.eye(CELLS, dtype=np.float32)[places]


def places_of(generator):
    return Places(*({key: generator.integers(CELLS, size=n) for key in KEYS} for n in (TRAIN, TEST)))


def planted(phase, objective, places, generator):
    """A network whose layers hold, each with noise, by the layer:

    inputs: every key's place, by colour; layer1: the same, and a level of each unit that is the phase's own;
    layer2: the wanted key's place, in units that are the same for every colour; layer3: which colour is wanted;
    logits: nothing.
    """
    level = generator.normal(0, 5, CELLS * len(KEYS))
    halves = []
    for half in places:
        n = len(half["blue"])
        by_colour = np.concatenate([one_hot(half[key]) for key in KEYS], axis=1)
        layers = {
            "inputs": by_colour,
            "layer1": by_colour + level,
            "layer2": one_hot(half[objective]),
            "layer3": np.full((n, 2), float(objective == "blue")),
            "logits": np.zeros((n, 7)),
        }
        halves.append(
            {
                name: (found + generator.normal(0, 0.05, found.shape)).astype(np.float32)
                for name, found in layers.items()
            }
        )
    # What is put in is the same observation for all.
    for half, found in zip(places, halves, strict=True):
        found["inputs"] = np.concatenate([one_hot(half[key]) for key in KEYS], axis=1)
    return Network(str(phase), objective, *halves)


@pytest.fixture(scope="module")
def run():
    """Networks of six phases to fit on, of two to score on, and the places that they see."""
    generator = np.random.default_rng(0)
    places = places_of(generator)
    networks = [planted(phase, ("blue", "purple")[phase % 2], places, generator) for phase in range(8)]
    return networks[:6], networks[6:], places


def balanced(rows, **known):
    """Balanced accuracy of the only rows that have these values, which must agree."""
    frame = pd.DataFrame(rows)
    found = frame[(frame[list(known)] == pd.Series(known)).all(axis=1)]["balanced_accuracy"]
    assert len(found)
    assert found.max() - found.min() < 0.1
    return found.mean()


def test_a_place_that_is_there_is_found_and_one_that_is_not_is_not(run):
    _, test, places = run
    rows = key_place(test, places)
    assert len(rows) == len(test) * len(LAYERS) * len(KEYS)
    for key in KEYS:
        for layer in ("inputs", "layer1"):
            assert balanced(rows, layer=layer, test_key=key) > 0.99
        for layer in ("layer3", "logits"):
            assert balanced(rows, layer=layer, test_key=key) == pytest.approx(1 / CELLS, abs=0.07)
    wanted = {"blue": "purple", "purple": "blue"}
    for objective, other in wanted.items():
        assert balanced(rows, layer="layer2", test_objective=objective, test_key=objective) > 0.99
        assert balanced(rows, layer="layer2", test_objective=objective, test_key=other) < 0.3


def test_places_by_colour_and_places_by_what_is_wanted_are_told_apart(run):
    rows = transferred_place(*run)
    flip = {"train_objective": "blue", "test_objective": "purple"}
    for layer, same_colour, same_role in (("inputs", 1, 0), ("layer1", 1, 0), ("layer2", 0, 1)):
        # The probe that learned where the blue key is, in blue phases, looks for keys in purple ones.
        colour = balanced(rows, layer=layer, train_key="blue", test_key="blue", **flip)
        role = balanced(rows, layer=layer, train_key="blue", test_key="purple", **flip)
        for found, expected in ((colour, same_colour), (role, same_role)):
            assert found > 0.99 if expected else found == pytest.approx(1 / CELLS, abs=0.1)
    # It learned from three networks with another level of each unit, and that must not have mattered.
    assert balanced(rows, layer="layer1", train_objective="blue", test_objective="blue", train_key="blue",
                    test_key="blue") > 0.99  # fmt: skip


def test_a_wanted_colour_is_found_in_phases_that_were_not_seen(run):
    train, test, _ = run
    rows = wanted_colour(train, test)
    later = {"test_phases": "6+7"}
    assert balanced(rows, layer="layer3", **later) > 0.99
    assert balanced(rows, layer="inputs", **later) == 0.5, "all networks see the same"
    assert balanced(rows, layer="logits", **later) == pytest.approx(0.5, abs=0.05)
    assert {row["majority"] for row in rows} == {0.5}


def test_the_phases_own_levels_are_learned_but_do_not_carry_over(run):
    """Why phases are kept apart: a network is easily known again, whatever its label."""
    train, test, _ = run
    permuted = [n._replace(objective=o) for n, o in zip(train, ["blue", "blue", "blue", "purple", "purple", "purple"],
                strict=True)]  # fmt: skip
    rows = wanted_colour(permuted, test, ["layer1"])
    assert balanced(rows, test_phases="0+1+2+3+4+5") > 0.99
    assert balanced(rows, test_phases="6+7") < 0.8


def test_probes_do_not_learn_from_what_they_are_scored_on(run):
    """With other test halves, a probe that is scored on its training phases' training half would do as well."""
    train, test, places = run
    generator = np.random.default_rng(1)
    wrong = places._replace(test={key: generator.permutation(found) for key, found in places.test.items()})
    for rows in (key_place(test, wrong), transferred_place(train, test, wrong)):
        assert max(row["balanced_accuracy"] for row in rows) < 0.35


def test_scores_by_hand():
    """A majority, and a class that is never named, on data where the probe's answer is known."""
    found = np.repeat([0, 1], [30, 10])
    train = dict.fromkeys(KEYS, found)
    half = {layer: np.zeros((40, 2), dtype=np.float32) for layer in LAYERS}
    other = {layer: np.zeros((4, 2), dtype=np.float32) for layer in LAYERS}
    for layer in LAYERS:
        half[layer][:, 0] = found + np.linspace(-0.1, 0.1, 40)
        other[layer][:, 0] = [0, 0, 1, 1]
    rows = key_place([Network("0", "blue", half, other)], Places(train, {key: np.array([0, 1, 1, 2]) for key in KEYS}))
    assert {row["accuracy"] for row in rows} == {0.5}
    assert {row["balanced_accuracy"] for row in rows} == {(1 + 1 / 2 + 0) / 3}
    assert {row["majority"] for row in rows} == {0.25}
    assert {(row["classes"], row["train_observations"], row["test_observations"]) for row in rows} == {(2, 40, 4)}


def test_a_place_with_one_example_is_left_out(run):
    _, test, places = run
    rare = {key: np.append(found[:-1], CELLS) for key, found in places.train.items()}
    rows = key_place(test[:1], places._replace(train=rare))
    assert {row["classes"] for row in rows} == {CELLS}
    assert balanced(rows, layer="inputs") > 0.99


def test_what_the_action_explains_is_taken_away_and_the_rest_stays():
    generator = np.random.default_rng(0)
    halves = []
    for n in (TRAIN, TEST):
        logits = generator.normal(0, 2, (n, 7)).astype(np.float32)
        own = generator.normal(0, 1, (n, 1)).astype(np.float32)
        action = np.eye(7, dtype=np.float32)[logits.argmax(axis=1)]
        halves.append({"inputs": own, "logits": logits, "layer1": logits @ np.ones((7, 2), np.float32) + 3,
                       "layer2": action, "layer3": np.concatenate([own, own + 5 * action[:, :1]], axis=1)})  # fmt: skip
    rest = beyond_action(Network("3", "blue", *halves))
    assert (rest.phase, rest.objective) == ("3", "blue")
    for before, after in ((halves[0], rest.train), (halves[1], rest.test)):
        assert set(after) == {"layer1", "layer2", "layer3"}
        assert max(np.abs(after["layer1"]).max(), np.abs(after["layer2"]).max()) < 1e-3
        for unit in range(2):
            assert np.corrcoef(after["layer3"][:, unit], before["inputs"][:, 0])[0, 1] > 0.95


@given(names=st.lists(st.sampled_from(["blue", "purple"]), min_size=2, max_size=16), seed=st.integers(0, 99))
def test_synthetic_objectives_say_nothing_of_the_true_ones(names, seed):
    drawn = synthetic_tables(names, np.random.default_rng(seed))
    assert set(drawn) <= set(names)
    for objective in set(names):
        shares = Counter(new for old, new in zip(names, drawn, strict=True) if old == objective)
        if len(set(names)) == 2:
            assert abs(shares["blue"] - shares["purple"]) <= 1
    if len({names.count(name) for name in set(names)}) == 1:
        assert Counter(drawn) == Counter(names)


def test_synthetic_objectives_differ_from_draw_to_draw():
    names = ["blue", "purple"] * 4
    assert len({tuple(synthetic_tables(names, np.random.default_rng(seed))) for seed in range(40)}) > 15


def test_a_whole_run_is_the_same_twice_and_has_its_controls(run):
    train, test, places = run
    untrained = train[0]._replace(phase="", objective="")
    one, again = (
        pd.DataFrame(all_probes(train, test, untrained, places, 2, np.random.default_rng(3))) for _ in range(2)
    )
    pd.testing.assert_frame_equal(one, again)
    assert not one.duplicated(list(one.columns.drop(["accuracy", "balanced_accuracy"]))).any()
    assert one.notna().all(axis=None)
    controls = one.groupby("probe")["control"].unique().map(set).to_dict()
    assert controls == {
        "key_place": {"no_control", "untrained"},
        "transferred_place": {"no_control", "permuted"},
        "place_beyond_action": {"no_control", "permuted"},
        "wanted_colour": {"no_control", "permuted"},
    }
    assert set(one.loc[one["control"] == "permuted", "draw"]) == {0, 1}
    assert set(one.loc[one["control"] != "permuted", "draw"]) == {0}
    assert set(one.loc[one["control"] == "untrained", "test_objective"]) == {""}
