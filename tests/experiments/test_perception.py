"""Probes of an edited network: an exchange mirrors them, what is planted is found, and verdicts keep to their rules."""

import numpy as np
import pytest
import torch

from figures.perception_tables import NETWORKS, perception_table
from goalsplice.agent.network import Agent
from goalsplice.analysis.perception import informative, sides, towards, verdicts
from goalsplice.edits.relabelling import exchanged_rows
from goalsplice.experiments.evaluation import levels
from goalsplice.experiments.perception import (
    change_rows,
    distance_rows,
    hidden,
    looks,
    probe_rows,
    reader,
    share_rows,
    stimuli,
)
from goalsplice.experiments.probes import key_places
from goalsplice.world.observation import Encoding
from goalsplice.world.simulator import observe
from goalsplice.world.vocabulary import OBJECTIVES as KEYS

ENCODINGS = [Encoding("onehot", 5), Encoding("integers", 7)]
HIDDEN = ("layer1", "layer2", "layer3")
SPARSE, DOWNSTREAM = ("preregistered", "sparse"), ("preregistered", "downstream of layer 1")


def codes_of(encoding, seed, count=200):
    on = levels("three_colours", count, seed)
    return np.array([observe(on, i, encoding.geometry) for i in range(count)])


def network(encoding, hidden_size=24):
    return Agent(encoding.inputs, hidden_size, torch.Generator().manual_seed(3)).actor.state_dict()


@pytest.fixture(params=ENCODINGS, ids=lambda encoding: encoding.name)
def encoding(request):
    return request.param


def test_looks_hold_what_was_seen_and_every_exchange_of_it(encoding):
    codes = codes_of(encoding, 0)
    shown = stimuli(encoding, codes)
    assert len(np.unique(shown, axis=0)) == len(shown)
    found = looks(encoding, shown)
    assert len(found.rows) == 6 * len(shown)
    known = {tuple(row): number for number, row in enumerate(found.rows.tolist())}
    places = key_places(encoding, codes)
    for number, row in enumerate(encoding.rows(codes).tolist()):
        same = known[tuple(row)]
        assert all(found.places[key][same] == places[key][number] for key in KEYS)


def test_an_exchange_of_two_colours_gives_the_same_observations_in_another_order(encoding):
    found = looks(encoding, stimuli(encoding, codes_of(encoding, 0)))
    exchanged = exchanged_rows(encoding, found.rows, "purple", "yellow")

    def sorted_inputs(rows):
        inputs = encoding.inputs_of(rows)
        return inputs[np.lexsort(inputs.T)]

    np.testing.assert_array_equal(sorted_inputs(found.rows), sorted_inputs(exchanged))
    assert not (found.rows == exchanged).all()


def values(rows):
    return {(row["layer"], row["what"]): row["value"] for row in rows}


def test_where_two_colours_are_exchanged_probes_are_fooled_as_often_as_they_were_right(encoding):
    actor = network(encoding)
    train, test = (looks(encoding, stimuli(encoding, codes_of(encoding, seed))) for seed in (0, 1))
    reading = reader(hidden(actor, encoding, train.rows), train.places)
    plain = hidden(actor, encoding, test.rows)
    turned = hidden(actor, encoding, exchanged_rows(encoding, test.rows, "blue", "yellow"))
    before = list(probe_rows(reading, plain, test.places, "blue", "yellow"))
    after = values(probe_rows(reading, turned, test.places, "blue", "yellow"))
    for (layer, what), value in values(before).items():
        key, reads = what.split(" ")
        mirrored = {"correct": "swapped", "swapped": "correct"}[reads] if key != "third" else reads
        assert after[layer, f"{key} {mirrored}"] == pytest.approx(value, abs=0.01)
    assert before[0]["value"] > 3 * before[0]["chance"], "there must be something to mirror"
    apart = test.places["blue"] != test.places["yellow"]
    assert {row["count"] for row in before} == {apart.sum()}
    near = values(distance_rows(reading, turned, plain))
    assert list(near.values()) == pytest.approx([1, 1, 1], rel=1e-3)


def planted(places, cells, order=KEYS):
    """Activations that hold every key's place, in units that belong to the colours in this order."""
    generator = np.random.default_rng(len(places["blue"]))
    held = np.concatenate([np.eye(cells)[places[key]] for key in order], axis=1)
    return {layer: (held + generator.normal(0, 0.05, held.shape)).astype(np.float32) for layer in HIDDEN}


def places_of(count, seed, cells=5):
    generator = np.random.default_rng(seed)
    return {key: generator.integers(cells, size=count) for key in KEYS}


def test_what_is_planted_is_read():
    cells = 5
    train, test = places_of(600, 0), places_of(400, 1)
    reading = reader(planted(train, cells), train)
    plain = values(probe_rows(reading, planted(test, cells), test, "purple", "yellow"))
    turned = values(probe_rows(reading, planted(test, cells, ("blue", "yellow", "purple")), test, "purple", "yellow"))
    shifted = {layer: found + 7 for layer, found in planted(test, cells).items()}
    moved = values(probe_rows(reading, shifted, test, "purple", "yellow"))
    for layer in HIDDEN:
        for key in ("target", "wanted"):
            assert (
                plain[layer, f"{key} correct"] == turned[layer, f"{key} swapped"] == moved[layer, f"{key} correct"] == 1
            )
            assert plain[layer, f"{key} swapped"] == turned[layer, f"{key} correct"] == 0
        assert plain[layer, "third correct"] == turned[layer, "third correct"] == 1
    chances = {row["chance"] for row in probe_rows(reading, planted(test, cells), test, "purple", "yellow")}
    assert list(chances) == pytest.approx([1 / cells] * len(chances), abs=0.02)


def test_distances_are_in_parts_of_the_unedited_networks():
    train, test = places_of(600, 0), places_of(400, 1)
    reading = reader(planted(train, 5), train)
    plain = planted(test, 5)
    assert list(values(distance_rows(reading, plain, plain)).values()) == [1, 1, 1]
    away = {layer: found + 3 * (layer == "layer2") for layer, found in plain.items()}
    one, two, three = values(distance_rows(reading, away, plain)).values()
    assert one == three == 1
    assert two > 5


def test_changes_are_counted_where_they_are():
    actor = network(ENCODINGS[0])
    edited = {**actor, "layer2.weight": actor["layer2.weight"].clone(), "layer4.bias": actor["layer4.bias"] + 1}
    edited["layer2.weight"][3, 4] += 1
    rows = {row["layer"]: row for row in change_rows(actor, edited)}
    assert {layer: row["count"] for layer, row in rows.items()} == {"layer1": 0, "layer2": 1, "layer3": 0, "layer4": 7}
    before = torch.cat([actor["layer2.weight"].flatten(), actor["layer2.bias"]]).norm().item()
    assert rows["layer2"]["value"] == pytest.approx(1 / before, rel=1e-4)
    assert rows["layer1"]["value"] == 0


def test_shares_are_named_by_what_colours_are_here():
    outcome = {
        "episode_share_yellow": 0.5,
        "episode_share_blue": 0.2,
        "episode_share_crash": 0.1,
        "episode_share_timeout": 0.05,
    }
    rows = list(share_rows("alone", outcome, {"target": "yellow", "wanted": "blue"}, 12))
    assert {row["what"]: row["value"] for row in rows} == pytest.approx({"target": 0.5, "wanted": 0.2, "broken": 0.15})
    assert {row["count"] for row in rows} == {12}


def judged(seeds=(1, 2, 3, 4), **settings):
    """Verdicts of the arm onehot by family, edit and direction."""
    found = verdicts(perception_table(seeds, arms=("onehot",), **settings))
    return found.set_index(["family", "edit", "towards"]).sort_index()


def test_directions_are_told_by_what_was_trained():
    table = perception_table((1,))
    assert set(table["target"][towards(table) == "new"]) == {"yellow"}
    assert set(table["target"][towards(table) == "trained"]) == {"blue", "purple"}


@pytest.mark.parametrize("seeds", [(1,), (1, 2, 3, 4)])
def test_signed_margins_are_those_of_the_synthetic_table(seeds):
    found = sides(perception_table(seeds, noise=0)).set_index(["family", "edit", "layer", "key"])
    for (family, edit), (target, wanted, *_) in NETWORKS.items():
        for key, expected in (("target", target), ("wanted", wanted)):
            for layer, side in zip(HIDDEN, expected, strict=True):
                assert found.loc[(family, edit, layer, key), "side"].to_numpy() == pytest.approx(side)
    assert found["margin"].xs("layer2", level="layer").to_numpy() == pytest.approx(0.4)


def readings(found, direction):
    return set(found[found["towards"] == direction][["layer", "key"]].itertuples(index=False, name=None))


def test_a_reading_is_informative_where_known_changes_of_the_goal_leave_it_right():
    trained = {("layer1", "target"), ("layer1", "wanted"), ("layer2", "target")}
    found = informative(perception_table((1, 2, 3), arms=("onehot",)))
    assert readings(found, "trained") == readings(found, "new") == trained
    # An agent trained on the new colour speaks for that direction alone.
    turned = {("trained", "fine-tuned"): ((-0.2, 0.6, 0.1), (-0.4, -0.3, -0.9), "layer1", 0.99)}
    found = informative(perception_table((1, 2, 3), arms=("onehot",), changed=turned))
    assert readings(found, "trained") == trained
    assert readings(found, "new") == {("layer2", "target")}
    found = informative(perception_table((1, 2, 3), arms=("onehot",), without=("fine-tuned",)))
    assert readings(found, "new") == trained
    assert informative(perception_table((1, 2, 3), without=("switch", "fine-tuned"))).empty


def test_what_is_known_gets_its_verdict():
    found = judged()["verdict"]
    assert found["perception", "swap"].tolist() == ["perception", "perception"]
    assert found["bounds", "unedited"].tolist() == ["no effect", "no effect"]
    assert not {"switch", "fine-tuned"} & set(found.index.get_level_values("edit"))
    assert found["layer 1", "least squares", "new"] == "perception"


def test_readings_before_an_edit_are_not_heard():
    found = judged()
    assert found.loc[(*DOWNSTREAM, "new"), "first"] == "layer2"
    assert found.loc[(*DOWNSTREAM, "new"), "readings"].startswith("layer2 target -0.5")
    assert found.loc[(*DOWNSTREAM, "new"), "verdict"] == "perception"
    last = {DOWNSTREAM: ((1, 1, 1), (1, 1, 1), "layer4", 0.9)}
    assert judged(changed=last).loc[(*DOWNSTREAM, "new"), ["first", "readings", "verdict"]].tolist() == [
        *("layer4", "", "inconclusive")
    ]


@pytest.mark.parametrize(
    ("target", "wanted", "share", "verdict"),
    [
        ((0.6, 0.5, 0.1), (0.5, -0.7, -0.9), 0.95, "goal"),
        ((0.6, 0.5, 0.1), (0.5, -0.7, -0.9), 0.3, "no effect"),
        ((-0.6, 0.5, 0.1), (-0.5, -0.7, -0.9), 0.95, "perception"),
        ((0.6, 0.5, 0.1), (-0.5, -0.7, -0.9), 0.95, "between"),
        ((0.6, -0.5, 0.1), (0.5, -0.7, -0.9), 0.95, "between"),
        ((0.6, 0.0, 0.1), (0.5, -0.7, -0.9), 0.95, "between"),
    ],
)
def test_verdicts_keep_to_their_rules(target, wanted, share, verdict):
    found = judged(seeds=(1, 2, 3, 4, 5, 6), changed={SPARSE: (target, wanted, "layer1", share)})
    assert found.loc[(*SPARSE, "new"), "verdict"] == verdict
    assert found.loc[(*SPARSE, "new"), "episode_share_target"] == pytest.approx(share, abs=0.02)
    assert found.loc[(*SPARSE, "new"), "composed"] == pytest.approx(0.8 / 0.99, abs=0.02)
    assert np.isnan(found.loc[(*SPARSE, "trained"), "composed"])


def test_rows_may_have_any_index():
    table = perception_table((1, 2))
    table.index = np.zeros(len(table), dtype=int)
    assert len(verdicts(table)) == len(verdicts(table.reset_index(drop=True)))
