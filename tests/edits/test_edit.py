"""What is said of an edit, and what taking weights by masks does."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from goalsplice.edits.edit import add, change, norm, size, take

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
