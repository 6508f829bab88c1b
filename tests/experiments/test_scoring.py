"""The rows of one pair: what is scored, how often, and that every random draw is the edit's own."""

from collections import Counter

import numpy as np
import pytest
import torch
import yaml

from goalsplice.agent.network import Agent
from goalsplice.edits.edit import Edit, norm, size
from goalsplice.edits.families import all_edits
from goalsplice.edits.layers import splice_layers
from goalsplice.experiments.evaluation import evaluate, levels
from goalsplice.experiments.scoring import DRAWN, Levels, Pair, bounds, control, first, score
from goalsplice.io.tables import table_schema

DRAWS = 3
ALONE = ("turned", "complement", "same_goal", "other_seed", "untrained", "longer_effort")
IDENTITY = ["arm", "seed", "recipient_phase", "donor_phase", "recipient_objective", "donor_objective"]
FAMILIES = {"layers", "layer_weights", "layer_biases", "inputs", "units", "weights", "rank", "path", "activations"}


@pytest.fixture(scope="module")
def pair(recipe, recipient, donor, met):
    """With three actors that stand in for the donor."""
    others = {
        name: Agent(recipe.world.inputs, recipe.hidden_size, torch.Generator().manual_seed(seed)).actor.state_dict()
        for seed, name in enumerate(("same_goal", "other_seed", "untrained"), start=10)
    }
    return Pair(recipient, donor, met, others, ("arm", 99, 18, 19))


@pytest.fixture(scope="module")
def on(recipe):
    every = levels("three_colours", 64, 0, recipe.grid_size)
    return Levels(every, first(every, 24), "three_colours", "sampling")


@pytest.fixture(scope="module")
def edits(recipient, donor, met, recipe):
    return all_edits(recipient, donor, met, recipe)


@pytest.fixture
def edit():
    """A splice with every control that there is."""
    return Edit("layers", "layer2", splice_layers(("layer2",)), controls=(*ALONE, *DRAWN))


def copies(actor):
    return {name: part.clone() for name, part in actor.items()}


def equal(one, other):
    return all(torch.equal(one[name], other[name]) for name in one)


def test_every_control_is_scored_and_those_that_are_drawn_several_times(pair, edit, on, recipe):
    rows = list(score(pair, edit, on, DRAWS, recipe))
    assert (rows[0]["control"], rows[0]["draw"]) == ("none", 0)
    found = Counter(row["control"] for row in rows)
    assert found == {"none": 1, **dict.fromkeys(ALONE, 1), **dict.fromkeys(DRAWN, DRAWS)}
    for name in DRAWN:
        assert [row["draw"] for row in rows if row["control"] == name] == list(range(DRAWS))
    assert {(row["family"], row["edit"]) for row in rows} == {("layers", "layer2")}
    assert [row["control"] for row in score(pair, edit._replace(controls=()), on, DRAWS, recipe)] == ["none"]


def test_controls_play_the_first_of_the_levels(pair, edit, on, recipe):
    for row in score(pair, edit, on, 1, recipe):
        assert row["levels"] == (64 if row["control"] == "none" else 24)
        assert (row["layouts"], row["policy"]) == ("three_colours", "sampling")
    for part, whole in zip(on.controls, on.edits, strict=True):
        np.testing.assert_array_equal(part, whole[:24])


def test_rows_say_what_the_networks_are_and_do(pair, edit, on, recipe):
    edited = edit.make(pair.recipient, pair.donor)
    for row in score(pair, edit, on, 1, recipe):
        own = row["control"] == "none"
        network = edited if own else control(pair, edit, edited, row["control"], 0)
        assert (row["size"], row["norm"]) == (size(pair.recipient, network), norm(pair.recipient, network))
        expected = evaluate(network, recipe, on.edits if own else on.controls, "sampling")
        assert {name: row[name] for name in expected} == expected
    greedy = next(score(pair, edit, on._replace(policy="greedy"), 1, recipe))
    assert greedy["policy"] == "greedy"
    assert greedy["mean_length"] == evaluate(edited, recipe, on.edits, "greedy")["mean_length"]


def test_stand_ins_stand_in_for_the_donor_and_missing_ones_are_left_out(pair, edit, on, recipe):
    edited = edit.make(pair.recipient, pair.donor)
    for name, actor in pair.stand_ins.items():
        assert equal(control(pair, edit, edited, name, 0), edit.make(pair.recipient, actor))
    alone = pair._replace(stand_ins={"untrained": pair.stand_ins["untrained"]})
    found = {row["control"] for row in score(alone, edit, on, 1, recipe)}
    assert found == {"none", *ALONE, *DRAWN} - {"same_goal", "other_seed"}


def test_a_draw_is_repeatable_and_differs_from_others(pair, edit):
    """Other draws, other doses, names, families and pairs: each has random numbers of its own."""
    edited = edit.make(pair.recipient, pair.donor)
    others = {
        "draw": (pair, edit, 1),
        "dose": (pair, edit._replace(dose=0.5), 0),
        "name": (pair, edit._replace(name="layer3"), 0),
        "family": (pair, edit._replace(family="rank"), 0),
        "pair": (pair._replace(key=("arm", 99, 19, 18)), edit, 0),
    }
    for name in (*DRAWN, "longer_effort"):
        drawn = control(pair, edit, edited, name, 0)
        assert equal(control(pair, edit, edited, name, 0), drawn)
        for what, (of_pair, of_edit, draw) in others.items():
            assert not equal(control(of_pair, of_edit, edited, name, draw), drawn), (name, what)


def test_a_draw_depends_on_its_own_edit_only(pair, edit, on, recipe):
    """Whatever was scored before, and whichever controls there are."""

    def found(*edits):
        rows = [row for each in edits for row in score(pair, each, on, 2, recipe) if each.name == edit.name]
        return {(row["control"], row["draw"]): row for row in rows}

    whole = found(edit)
    other = edit._replace(name="layer3", make=splice_layers(("layer3",)))
    np.testing.assert_equal(found(other, edit), whole)
    np.testing.assert_equal(found(edit, other), whole)
    backwards = found(edit._replace(controls=edit.controls[::-1]))
    np.testing.assert_equal(backwards, whole)
    alone = found(edit._replace(controls=("noise",)))
    np.testing.assert_equal(alone, {key: whole[key] for key in alone})
    more = {(row["control"], row["draw"]): row for row in score(pair, edit, on, 4, recipe)}
    np.testing.assert_equal({key: more[key] for key in whole}, whole)


def test_random_sites_are_of_the_edits_own_kind_where_it_has_one(pair, edit):
    drawn = []
    own = edit._replace(at_random=lambda generator: drawn.append(generator.random()) or splice_layers(("layer1",)))
    edited = edit.make(pair.recipient, pair.donor)
    for draw in (0, 1, 0):
        network = control(pair, own, edited, "random_sites", draw)
        assert equal(network, splice_layers(("layer1",))(pair.recipient, pair.donor))
    assert drawn[0] == drawn[2] != drawn[1]


def test_bounds_are_recipient_and_donor_on_the_controls_levels(pair, on, recipe):
    floor, ceiling = bounds(pair, on, recipe)
    for row, name, network in ((floor, "none", pair.recipient), (ceiling, "donor", pair.donor)):
        assert (row["family"], row["edit"], row["control"], row["levels"]) == ("bounds", name, "bound", 24)
        expected = evaluate(network, recipe, on.controls, "sampling")
        assert {measure: row[measure] for measure in expected} == expected
    assert floor["size"] == floor["norm"] == 0
    assert ceiling["size"] == size(pair.recipient, pair.donor) == sum(part.numel() for part in pair.donor.values())


def test_rows_have_the_tables_columns(pair, edit, on, recipe, pytestconfig):
    schema = table_schema(pytestconfig.rootpath / "workflow/schemas/tables.yaml", "splices")
    columns = [name for name in schema.names if name not in IDENTITY]
    assert len(columns) == len(schema.names) - len(IDENTITY)
    for row in (*score(pair, edit, on, 1, recipe), *bounds(pair, on, recipe)):
        assert list(row) == columns


def test_names_and_doses_tell_all_edits_apart(edits):
    labels = Counter((edit.family, edit.name, str(edit.dose)) for edit in edits)
    assert max(labels.values()) == 1
    assert {edit.family for edit in edits} == FAMILIES
    assert {name for edit in edits for name in edit.controls} == {*ALONE, *DRAWN}
    assert all(len(set(edit.controls)) == len(edit.controls) for edit in edits)


def test_no_edit_or_control_changes_its_inputs_and_all_keep_the_shape(pair, edits):
    networks = {"recipient": pair.recipient, "donor": pair.donor, **pair.stand_ins}
    before = {name: copies(network) for name, network in networks.items()}
    met = [part.clone() for part in pair.met]
    for edit in edits:
        edited = edit.make(pair.recipient, pair.donor)
        made = copies(edited)
        controls = [control(pair, edit, edited, name, 0) for name in edit.controls if "effort" not in name]
        assert equal(edited, made)
        for network in (edited, *controls):
            assert list(network) == list(pair.recipient)
            for name, part in network.items():
                assert part.shape == pair.recipient[name].shape, edit
                assert part.dtype == torch.float32, edit
                assert part.isfinite().all(), edit
        assert all(equal(networks[name], copy) for name, copy in before.items()), (edit.family, edit.name)
    assert all(map(torch.equal, pair.met, met))


def test_edits_are_made_alike_each_time(pair, edits):
    for edit in edits:
        assert equal(edit.make(pair.recipient, pair.donor), edit.make(pair.recipient, pair.donor))


def test_a_network_without_difference_is_left_as_it_is(pair, edits):
    """Nothing to take from a donor that is the recipient; but exchanging one's own columns needs none."""
    for edit in edits:
        edited = edit.make(pair.recipient, pair.recipient)
        assert (size(pair.recipient, edited) == 0) == (not edit.name.endswith(" exchanged")), edit


def test_the_study_has_controls_for_every_family_but_where_none_is_due(edits, pytestconfig):
    tables = yaml.safe_load((pytestconfig.rootpath / "workflow/schemas/tables.yaml").read_text(encoding="utf-8"))
    meaning = tables["splices"]["columns"]["family"]["meaning"]
    controlled = {edit.family for edit in edits if edit.controls}
    assert controlled == FAMILIES - {"layer_weights", "layer_biases"}
    assert all(family in meaning for family in FAMILIES)
