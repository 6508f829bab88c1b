"""Layer splices take what they say, and nothing else."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from edits.contexts import context_of
from goalsplice.agent.network import ACTOR_LAYERS
from goalsplice.edits.delta import WeightDelta
from goalsplice.edits.layers import layer_edits, splice_layers
from goalsplice.settings.labels import NO_EDIT

subsets = st.sets(st.sampled_from(ACTOR_LAYERS)).map(lambda chosen: tuple(sorted(chosen)))
parts = st.sets(st.sampled_from(["weight", "bias"])).map(tuple)


@given(subsets, parts)
def test_spliced_parts_are_the_donors_and_the_rest_the_recipients(recipient, donor, layers, parts):
    edited = splice_layers(recipient, donor, layers, parts)
    for name, tensor in edited.items():
        layer, part = name.split(".")
        source = donor if layer in layers and part in parts else recipient
        assert torch.equal(tensor, source[name])
    assert list(edited) == list(recipient)


@given(subsets)
def test_a_splice_and_its_complement_exchange_the_networks(recipient, donor, layers):
    rest = tuple(layer for layer in ACTOR_LAYERS if layer not in layers)
    one, other = splice_layers(recipient, donor, layers), splice_layers(donor, recipient, rest)
    torch.testing.assert_close(one, other, rtol=0, atol=0)


@given(subsets, parts)
def test_splicing_back_undoes_it(recipient, donor, layers, parts):
    edited = splice_layers(recipient, donor, layers, parts)
    back = splice_layers(edited, recipient, layers, parts)
    torch.testing.assert_close(back, dict(recipient), rtol=0, atol=0)


def test_there_are_all_subsets_from_none_to_all(recipient, donor):
    edits = {family: [] for family in ("layers", "layer_weights", "layer_biases")}
    for edit in layer_edits():
        edits[edit.family].append(edit)
    assert [len(of_family) for of_family in edits.values()] == [16, 15, 15]
    for family, of_family in edits.items():
        names = [edit.name for edit in of_family]
        assert len(set(names)) == len(names)
        assert (NO_EDIT in names) == (family == "layers")
    floor, *_, ceiling = edits["layers"]
    assert (floor.name, ceiling.name) == (NO_EDIT, "+".join(ACTOR_LAYERS))
    torch.testing.assert_close(floor.make(context_of(recipient, donor)), dict(recipient), rtol=0, atol=0)
    torch.testing.assert_close(ceiling.make(context_of(recipient, donor)), dict(donor), rtol=0, atol=0)


def test_names_say_which_layers_are_taken(recipient, donor):
    for edit in layer_edits():
        edited = edit.make(context_of(recipient, donor))
        taken = {name.split(".")[0] for name in edited if not torch.equal(edited[name], recipient[name])}
        assert taken == (set() if edit.name == NO_EDIT else set(edit.name.split("+")))


def test_sizes_of_weights_and_biases_add_up(recipient, donor):
    sizes = {
        (edit.family, edit.name): WeightDelta(recipient, edit.make(context_of(recipient, donor))).size
        for edit in layer_edits()
    }
    for (family, name), whole in sizes.items():
        if family == "layers" and name != NO_EDIT:
            assert whole == sizes["layer_weights", name] + sizes["layer_biases", name]
    assert sizes["layers", "+".join(ACTOR_LAYERS)] == sum(tensor.numel() for tensor in recipient.values())


def test_only_whole_layers_have_controls():
    for edit in layer_edits():
        assert not edit.controls or (edit.family == "layers" and edit.name != NO_EDIT)
    controlled = [edit for edit in layer_edits() if edit.controls]
    assert len(controlled) >= 14


def test_where_all_is_taken_no_other_sites_are_drawn():
    """As many sites as there are would be the edit itself."""
    (ceiling,) = (edit for edit in layer_edits() if edit.family == "layers" and edit.name.count("+") == 3)
    assert "random_weights" not in ceiling.controls


@pytest.mark.parametrize("family", ["layer_weights", "layer_biases"])
def test_families_of_parts_leave_the_other_part(recipient, donor, family):
    other = {"layer_weights": "bias", "layer_biases": "weight"}[family]
    for edit in layer_edits():
        if edit.family == family:
            edited = edit.make(context_of(recipient, donor))
            assert all(torch.equal(edited[name], recipient[name]) for name in edited if name.endswith(other))
