"""All edits of the study together: what holds for every one of them."""

from collections import Counter

import numpy as np
import pytest
import torch
import yaml

from edits.contexts import donors_of
from goalsplice.edits.controlled import DRAWN, OF_OTHER_DONORS, control
from goalsplice.edits.delta import WeightDelta
from goalsplice.edits.families import all_edits

FAMILIES = {
    "layers",
    "layer_weights",
    "layer_biases",
    "inputs",
    "units",
    "weights",
    "rank",
    "linear interpolation",
    "activations",
}
CONTROLS = {"sign_flipped", "complement", *OF_OTHER_DONORS, "optimised_8x_budget", *DRAWN}


@pytest.fixture(scope="module")
def edits(context):
    return all_edits(context)


def copies(actor):
    return {name: part.clone() for name, part in actor.items()}


def equal(one, other):
    return all(torch.equal(one[name], other[name]) for name in one)


def test_names_and_doses_tell_all_edits_apart(edits):
    labels = Counter((edit.family, edit.name, str(edit.dose)) for edit in edits)
    assert max(labels.values()) == 1
    assert {edit.family for edit in edits} == FAMILIES
    assert {name for edit in edits for name in edit.controls} == CONTROLS
    assert all(len(set(edit.controls)) == len(edit.controls) for edit in edits)


def test_no_edit_or_control_changes_its_inputs_and_all_keep_the_shape(context, edits):
    donors = donors_of(context, *OF_OTHER_DONORS)
    networks = [*context.actors, *(donor.actor for donor in donors.values())]
    before = [copies(network) for network in networks]
    codes, counts = (part.copy() for part in context.observations)
    for edit in edits:
        edited = edit.make(context)
        made = copies(edited)
        names = [name for name in edit.controls if "effort" not in name]
        controls = [control(context, edit, edited, name, donors, 0, context.key) for name in names]
        assert equal(edited, made)
        for network in (edited, *controls):
            assert list(network) == list(context.recipient.actor)
            for name, part in network.items():
                assert part.shape == context.recipient.actor[name].shape, edit
                assert part.dtype == torch.float32, edit
                assert part.isfinite().all(), edit
        assert all(map(equal, networks, before)), (edit.family, edit.name)
    np.testing.assert_array_equal(context.observations.codes, codes)
    np.testing.assert_array_equal(context.observations.counts, counts)


def test_edits_are_made_alike_each_time(context, edits):
    for edit in edits:
        assert equal(edit.make(context), edit.make(context))


def test_a_network_without_difference_is_left_as_it_is(context, edits):
    """Nothing to take from a donor that is the recipient; but exchanging one's own columns needs none."""
    for edit in edits:
        edited = edit.make(context._replace(donor=context.recipient))
        changed = WeightDelta(context.recipient.actor, edited).size
        assert (changed == 0) == (not edit.name.endswith(" exchanged")), edit


def test_the_study_has_controls_for_every_family_but_where_none_is_due(edits, pytestconfig):
    tables = yaml.safe_load((pytestconfig.rootpath / "workflow/schemas/tables.yaml").read_text(encoding="utf-8"))
    meaning = tables["splices"]["columns"]["family"]["meaning"]
    controlled = {edit.family for edit in edits if edit.controls}
    assert controlled == FAMILIES - {"layer_weights", "layer_biases"}
    assert all(family in meaning for family in FAMILIES)
