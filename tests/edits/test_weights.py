"""Arithmetic on weights: vectors, masks, and what is in use."""

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st

from goalsplice.edits.delta import WeightDelta
from goalsplice.edits.weights import IN_USE, add, flat, in_use, parts, take, top_mask, unflat

chosen = st.tuples(st.integers(0, 2**32 - 1), st.floats(0, 1))
"""A seed and a share, from which `masks` follow."""


def masks(weights, seed, share):
    """Random places of every tensor."""
    generator = np.random.default_rng(seed)
    return {name: torch.from_numpy(generator.random(part.shape) < share) for name, part in weights.items()}


def test_a_delta_and_adding_it_undo_each_other(recipient, donor):
    torch.testing.assert_close(add(recipient, WeightDelta(recipient, donor).tensors), dict(donor))
    halfway = {name: (recipient[name] + donor[name]) / 2 for name in recipient}
    torch.testing.assert_close(add(recipient, WeightDelta(recipient, donor).tensors, 0.5), halfway)


def test_a_vector_and_its_actor_undo_each_other(recipient, donor):
    """In whatever order the tensors are: a vector says which weight is where by the names alone."""
    vector = flat(recipient)
    assert vector.shape == (sum(part.numel() for part in recipient.values()),)
    backwards = dict(reversed(recipient.items()))
    np.testing.assert_array_equal(flat(backwards), vector)
    for like in (donor, dict(reversed(donor.items()))):
        found = unflat(vector, like)
        assert list(found) == list(like)
        torch.testing.assert_close(found, {name: recipient[name] for name in like}, rtol=0, atol=0)
    for name, place in parts(donor).items():
        np.testing.assert_array_equal(vector[place], recipient[name].numpy().ravel())


def test_a_vector_is_a_copy(recipient):
    vector = flat(recipient)
    before = vector.copy()
    vector += 1
    np.testing.assert_array_equal(flat(recipient), before)


@given(st.lists(st.floats(0, 1e3, width=32), min_size=1, max_size=9))
def test_in_use_is_what_is_not_small_beside_the_largest(sizes):
    found = in_use(torch.tensor(sizes, dtype=torch.float64))
    assert found.tolist() == [size > IN_USE * max(sizes) for size in sizes]
    assert found.any() == (max(sizes) > 0)


@given(chosen)
def test_two_that_take_opposite_places_exchange_the_networks(recipient, donor, chosen):
    where = masks(recipient, *chosen)
    rest = {name: ~mask for name, mask in where.items()}
    torch.testing.assert_close(take(recipient, donor, where), take(donor, recipient, rest), rtol=0, atol=0)


def test_masks_broadcast_and_tensors_without_one_stay(recipient, donor):
    columns = torch.arange(recipient["layer2.weight"].shape[1]) < 3
    edited = take(recipient, donor, {"layer2.weight": columns[None, :]})
    expected = recipient["layer2.weight"].clone()
    expected[:, :3] = donor["layer2.weight"][:, :3]
    torch.testing.assert_close(edited, {**recipient, "layer2.weight": expected}, rtol=0, atol=0)


@given(st.lists(st.integers(-99, 99), min_size=1, max_size=30, unique=True), st.integers(0, 40))
def test_a_top_mask_is_where_the_highest_are(scores, count):
    chosen = top_mask(torch.tensor(scores), count)
    assert sorted(torch.tensor(scores)[chosen].tolist()) == sorted(scores)[len(scores) - min(count, len(scores)) :]


def test_a_top_mask_has_the_scores_shape():
    scores = torch.arange(12.0).reshape(3, 4)
    assert top_mask(scores, 5).tolist() == [[False] * 4, [False] * 3 + [True], [True] * 4]
