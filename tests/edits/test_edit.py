"""What is said of an edit, and what taking weights by masks does."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from goalsplice.edits.edit import IN_USE, add, change, flat, in_use, norm, parts, size, take, unflat

chosen = st.tuples(st.integers(0, 2**32 - 1), st.floats(0, 1))
"""A seed and a share, from which `masks` follow."""


def masks(weights, seed, share):
    """Random places of every tensor."""
    generator = np.random.default_rng(seed)
    return {name: torch.from_numpy(generator.random(part.shape) < share) for name, part in weights.items()}


def test_change_and_add_undo_each_other(recipient, donor):
    torch.testing.assert_close(add(recipient, change(recipient, donor)), dict(donor))
    halfway = {name: (recipient[name] + donor[name]) / 2 for name in recipient}
    torch.testing.assert_close(add(recipient, change(recipient, donor), 0.5), halfway)


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


@settings(deadline=None)
@given(chosen)
def test_size_and_norm_are_of_what_was_taken(recipient, donor, chosen):
    where = masks(recipient, *chosen)
    edited = take(recipient, donor, where)
    assert size(recipient, edited) == sum(int(mask.sum()) for mask in where.values())
    taken = np.concatenate([(donor[name] - recipient[name])[where[name]].numpy() for name in recipient])
    assert norm(recipient, edited) == pytest.approx(np.linalg.norm(taken), rel=1e-5)


@settings(deadline=None)
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
