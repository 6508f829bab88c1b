"""A graft takes the largest changes, as many as said, and all of them give the donor."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from goalsplice.edits.delta import WeightDelta
from goalsplice.edits.graft import grafted
from goalsplice.edits.single_weights import SHARES


@st.composite
def pairs(draw):
    """A recipient, and a donor that differs in some places only, by amounts no two of which are alike."""
    generator = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    shapes = {"a": (6, 10), "b": (20,), "c": (10, 4)}
    total = 120
    recipient = generator.integers(-50, 50, total).astype(np.float32)
    places = generator.permutation(total)[: draw(st.integers(0, total))]
    donor = recipient.copy()
    donor[places] += generator.permutation(1 + np.arange(total))[: len(places)] * generator.choice([-1, 1], len(places))
    ends = np.cumsum([np.prod(shape) for shape in shapes.values()])[:-1]
    return tuple(
        {
            name: torch.from_numpy(part.reshape(shape).copy())
            for (name, shape), part in zip(shapes.items(), np.split(flat, ends), strict=True)
        }
        for flat in (recipient, donor)
    )


def changes(recipient, other):
    return torch.cat([(other[name] - recipient[name]).abs().flatten() for name in recipient])


@given(pairs(), st.floats(0, 1))
def test_a_graft_takes_the_largest_changes(pair, share):
    recipient, donor = pair
    found = grafted(recipient, donor, share)
    changed = WeightDelta(recipient, donor).size
    assert WeightDelta(recipient, found).size == min(changed, max(1, round(share * changed)))
    for name, part in found.items():
        assert ((part == recipient[name]) | (part == donor[name])).all()
    taken = changes(recipient, found) > 0
    sizes = changes(recipient, donor)
    if taken.any() and not taken.all():
        assert sizes[taken].min() > sizes[~taken].max()


@given(pairs(), st.tuples(st.floats(0, 1), st.floats(0, 1)))
def test_a_larger_graft_holds_the_smaller_and_comes_closer_to_the_donor(pair, shares):
    recipient, donor = pair
    small, large = (grafted(recipient, donor, share) for share in sorted(shares))
    for name in recipient:
        own = small[name] != recipient[name]
        assert (large[name][own] == donor[name][own]).all()
    assert changes(large, donor).norm() <= changes(small, donor).norm()


@given(pairs())
def test_the_whole_is_the_donor_and_nothing_is_changed_in_place(pair):
    recipient, donor = pair
    before = [{name: part.clone() for name, part in weights.items()} for weights in pair]
    found = grafted(recipient, donor, 1.0)
    for name in recipient:
        assert torch.equal(found[name], donor[name])
        assert torch.equal(recipient[name], before[0][name])
        assert torch.equal(donor[name], before[1][name])


def test_equal_actors_give_the_recipient(recipient):
    found = grafted(recipient, recipient, 0.5)
    assert WeightDelta(recipient, found).size == 0


def test_sizes_are_the_shares_of_what_changed(recipient, donor):
    assert (SHARES[0], SHARES[-1]) == (1e-4, 1.0)
    sizes = [WeightDelta(recipient, grafted(recipient, donor, share)).size for share in SHARES]
    assert sizes == pytest.approx([share * sizes[-1] for share in SHARES], abs=1)
