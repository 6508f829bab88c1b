"""The part of low rank is the best there is, and its control has the same singular values."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from edits.contexts import context_of
from goalsplice.agent.network import ACTOR_LAYERS
from goalsplice.edits.delta import WeightDelta
from goalsplice.edits.rank import RANKS, randomly_directed, rank_edits, truncated

FULL = {"layer1": 16, "layer2": 16, "layer3": 16, "layer4": 7, "all layers": 16}
"""Full rank of each layer's weights with their bias."""

matrices = st.tuples(st.integers(1, 12), st.integers(1, 30), st.integers(0, 2**32 - 1)).map(
    lambda drawn: torch.randn(drawn[:2], generator=torch.Generator().manual_seed(drawn[2]))
)


@pytest.fixture(scope="module")
def edits(recipient):
    """By name, then by dose."""
    found = {}
    for edit in rank_edits(recipient):
        found.setdefault(edit.name, {})[edit.dose] = edit
    return found


def added(recipient, edited, layer):
    """What an edit added to a layer's weights and bias: one matrix, in double precision."""
    difference = WeightDelta(recipient, edited).tensors
    return torch.cat([difference[f"{layer}.weight"], difference[f"{layer}.bias"][:, None]], dim=1).double()


def taken_layers(name):
    return ACTOR_LAYERS if name == "all layers" else (name,)


@given(matrices, st.integers(1, 14))
def test_truncation_is_the_closest_of_its_rank(matrix, rank):
    """Eckart and Young: what is missing has the singular values that were left out."""
    values = torch.linalg.svdvals(matrix.double())
    part = truncated(matrix, rank).double()
    tolerance = 1e-5 * float(values[0])
    assert (torch.linalg.svdvals(part)[rank:] < tolerance).all()
    assert float((matrix - part).norm()) == pytest.approx(float(values[rank:].norm()), abs=tolerance * 10)
    kept = torch.linalg.svdvals(part)[:rank]
    torch.testing.assert_close(kept, values[:rank], rtol=1e-4, atol=tolerance)


def test_there_is_every_layer_up_to_full_rank(edits):
    assert set(edits) == set(FULL)
    for name, by_dose in edits.items():
        assert list(by_dose) == [rank for rank in RANKS if rank < FULL[name]] + [
            min(rank for rank in RANKS if rank >= FULL[name])
        ]


def test_one_layers_edit_leaves_the_others(recipient, donor, edits):
    for name, by_dose in edits.items():
        for edit in by_dose.values():
            for make in (edit.make, edit.at_random(np.random.default_rng(0))):
                edited = make(context_of(recipient, donor))
                for tensor, part in edited.items():
                    assert torch.equal(part, recipient[tensor]) == (tensor.split(".")[0] not in taken_layers(name))


def test_each_dose_has_its_rank_and_full_rank_is_the_donor(recipient, donor, edits):
    for name, by_dose in edits.items():
        for rank, edit in by_dose.items():
            edited = edit.make(context_of(recipient, donor))
            for layer in taken_layers(name):
                expected = truncated(added(recipient, donor, layer).float(), rank).double()
                torch.testing.assert_close(added(recipient, edited, layer), expected, rtol=1e-3, atol=1e-4)
        full = {part: donor[part] if part.split(".")[0] in taken_layers(name) else recipient[part] for part in donor}
        torch.testing.assert_close(edited, full, rtol=1e-4, atol=1e-4)


def test_more_ranks_come_closer_to_the_donor(recipient, donor, edits):
    for by_dose in edits.values():
        left = [WeightDelta(edit.make(context_of(recipient, donor)), donor).norm for edit in by_dose.values()]
        assert left == sorted(left, reverse=True)
        assert len(set(left)) == len(left)


def test_at_random_the_singular_values_are_equal_and_the_directions_others(recipient, donor, edits):
    for name, by_dose in edits.items():
        for rank, edit in by_dose.items():
            edited = edit.make(context_of(recipient, donor))
            drawn = [edit.at_random(np.random.default_rng(seed))(context_of(recipient, donor)) for seed in (0, 0, 1)]
            torch.testing.assert_close(drawn[0], drawn[1], rtol=0, atol=0)
            for layer in taken_layers(name):
                own, one, _, other = (added(recipient, network, layer) for network in (edited, *drawn))
                values = torch.linalg.svdvals(own)
                torch.testing.assert_close(torch.linalg.svdvals(one), values, rtol=1e-3, atol=1e-3 * float(values[0]))
                for left, right in ((own, one), (one, other)):
                    alike = (left * right).sum() / left.norm() / right.norm()
                    assert abs(alike) < 0.7, (name, rank)


@given(matrices, st.integers(1, 14), st.integers(0, 2**32 - 1), st.data())
def test_random_directions_leave_dead_rows_and_columns(matrix, rank, seed, data):
    """What is next to zero beside the rest counts as zero; the singular values are those of the live part."""
    for side, count in enumerate(matrix.shape):
        dead = data.draw(st.sets(st.integers(0, count - 1), max_size=count - 1))
        scale = torch.ones(count)
        scale[list(dead)] = 1e-12
        matrix = matrix * (scale[:, None] if side == 0 else scale)
    live = [matrix.norm(dim=1 - side) > 1e-6 for side in (0, 1)]
    found = randomly_directed(matrix, rank, np.random.default_rng(seed))
    for side in (0, 1):
        assert (found.norm(dim=1 - side)[~live[side]] == 0).all()
    values = torch.linalg.svdvals(matrix.double())
    expected = values.where(torch.arange(len(values)) < rank, 0)
    torch.testing.assert_close(torch.linalg.svdvals(found.double()), expected, rtol=1e-3, atol=1e-3 * float(values[0]))


def test_nothing_in_random_directions_is_nothing():
    zeros = torch.zeros(4, 6)
    assert torch.equal(randomly_directed(zeros, 2, np.random.default_rng(0)), zeros)
