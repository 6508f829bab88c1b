"""Layer splices take what they say, and nothing else."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from goalsplice.agent.network import ACTOR_LAYERS, Agent
from goalsplice.edits.layers import layer_splices, splice_layers

subsets = st.sets(st.sampled_from(ACTOR_LAYERS)).map(lambda chosen: tuple(sorted(chosen)))


def actors():
    """Two actors whose weights differ everywhere."""
    recipient, donor = (Agent(20, 8, torch.Generator().manual_seed(seed)).actor.state_dict() for seed in (0, 1))
    return recipient, {name: tensor + 1 for name, tensor in donor.items()}


@given(subsets)
def test_spliced_layers_are_the_donors_and_the_rest_the_recipients(layers):
    recipient, donor = actors()
    before = {name: tensor.clone() for name, tensor in recipient.items()}
    edit = splice_layers(recipient, donor, layers)
    for name, tensor in edit.weights.items():
        source = donor if name.split(".")[0] in layers else recipient
        assert torch.equal(tensor, source[name])
    assert all(torch.equal(recipient[name], before[name]) for name in before)
    changed = sum(int((edit.weights[name] != recipient[name]).sum()) for name in recipient)
    assert edit.size == changed


@given(subsets)
def test_a_splice_and_its_complement_exchange_the_networks(layers):
    recipient, donor = actors()
    rest = tuple(layer for layer in ACTOR_LAYERS if layer not in layers)
    one, other = splice_layers(recipient, donor, layers), splice_layers(donor, recipient, rest)
    assert all(torch.equal(one.weights[name], other.weights[name]) for name in recipient)


@given(subsets)
def test_splicing_back_undoes_it(layers):
    recipient, donor = actors()
    there = splice_layers(recipient, donor, layers).weights
    assert all(torch.equal(splice_layers(there, recipient, layers).weights[name], recipient[name]) for name in there)


def test_there_are_sixteen_from_none_to_all():
    recipient, donor = actors()
    edits = list(layer_splices(recipient, donor))
    names = [edit.name for edit in edits]
    assert len(names) == len(set(names)) == 16
    assert names[0] == "none"
    assert names[-1] == "+".join(ACTOR_LAYERS)
    assert edits[0].size == 0
    assert edits[-1].size == sum(tensor.numel() for tensor in recipient.values())
    assert {edit.family for edit in edits} == {"layers"}
    assert pytest.approx(0) == sum(float((edits[-1].weights[n] - donor[n]).abs().sum()) for n in donor)
