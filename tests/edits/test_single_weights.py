"""Single weights: the highest, and as many as said."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from edits.contexts import context_of
from goalsplice.edits.delta import WeightDelta
from goalsplice.edits.single_weights import LONGER_EFFORT, SHARES, top_masks, weight_edits
from goalsplice.edits.weights import take

shares = st.floats(0, 1)
seeds = st.integers(0, 2**32 - 1)


@pytest.fixture(scope="module")
def scores(recipient):
    """Scores of both signs, no two alike."""
    generator = np.random.default_rng(0)
    return {name: torch.from_numpy(generator.standard_normal(part.shape)) for name, part in recipient.items()}


@pytest.fixture(scope="module")
def edits(scores):
    """By name, then by dose."""
    found = {}
    for edit in weight_edits(scores):
        found.setdefault(edit.name, {})[edit.dose] = edit
    return found


def expected_size(weights, share) -> int:
    return max(1, round(share * sum(part.numel() for part in weights.values())))


@given(seeds, shares)
def test_masks_are_where_the_highest_scores_are(seed, share):
    generator = np.random.default_rng(seed)
    scores = {
        name: torch.from_numpy(generator.permutation(60).reshape(shape) - 60.0 * number)
        for number, (name, shape) in enumerate({"a": (6, 10), "b": (60,), "c": (10, 6)}.items())
    }
    masks = top_masks(scores, share)
    assert {name: mask.shape for name, mask in masks.items()} == {name: part.shape for name, part in scores.items()}
    inside = torch.cat([part[masks[name]] for name, part in scores.items()])
    outside = torch.cat([part[~masks[name]] for name, part in scores.items()])
    assert len(inside) == expected_size(scores, share)
    assert not len(outside) or inside.min() > outside.max()


def test_sizes_are_shares_of_the_actor(recipient, donor, edits):
    assert set(edits) == {"by size", "by attribution"}
    for by_dose in edits.values():
        assert tuple(by_dose) == SHARES
        for share, edit in by_dose.items():
            assert WeightDelta(recipient, edit.make(context_of(recipient, donor))).size == expected_size(
                recipient, share
            )


def test_all_weights_are_the_donor(recipient, donor, edits):
    for by_dose in edits.values():
        torch.testing.assert_close(by_dose[1.0].make(context_of(recipient, donor)), dict(donor), rtol=0, atol=0)


def test_larger_doses_hold_the_smaller(recipient, donor, edits):
    for by_dose in edits.values():
        before = dict(recipient)
        for edit in by_dose.values():
            edited = edit.make(context_of(recipient, donor))
            for name in edited:
                assert torch.where(before[name] != recipient[name], edited[name] == donor[name], True).all()
            before = edited


@settings(max_examples=40)
@given(seeds, st.sampled_from(SHARES[:-1]))
def test_by_size_has_the_largest_norm_of_its_size(recipient, donor, edits, seed, share):
    largest = WeightDelta(recipient, edits["by size"][share].make(context_of(recipient, donor))).norm
    generator = np.random.default_rng(seed)
    random = {name: torch.from_numpy(generator.random(part.shape)) for name, part in recipient.items()}
    other = take(recipient, donor, top_masks(random, share))
    assert WeightDelta(recipient, other).size == expected_size(recipient, share)
    assert WeightDelta(recipient, other).norm <= largest * (1 + 1e-6)


def test_by_size_takes_the_largest_differences(recipient, donor, edits):
    differences = np.sort(np.concatenate([(donor[name] - recipient[name]).numpy().ravel() for name in recipient]) ** 2)
    for share, edit in edits["by size"].items():
        taken = differences[-expected_size(recipient, share) :].sum()
        assert WeightDelta(recipient, edit.make(context_of(recipient, donor))).norm ** 2 == pytest.approx(
            taken, rel=1e-4
        )


def test_by_attribution_takes_the_highest_with_their_sign(recipient, donor, scores, edits):
    for share, edit in edits["by attribution"].items():
        expected = take(recipient, donor, top_masks(scores, share))
        torch.testing.assert_close(edit.make(context_of(recipient, donor)), expected, rtol=0, atol=0)
    one = edits["by attribution"][SHARES[0]].make(context_of(recipient, donor))
    (highest,) = [scores[name][one[name] != recipient[name]] for name in one if (one[name] != recipient[name]).any()]
    assert highest.item() == max(part.max() for part in scores.values())


def test_with_another_donor_by_size_looks_anew_and_by_attribution_keeps_its_places(recipient, donor, scores, edits):
    other = {name: -part for name, part in donor.items()}
    edited = edits["by size"][0.01].make(context_of(recipient, other))
    sizes = {name: (other[name] - recipient[name]).abs() for name in recipient}
    taken = torch.cat([part[edited[name] != recipient[name]] for name, part in sizes.items()])
    left = torch.cat([part[edited[name] == recipient[name]] for name, part in sizes.items()])
    assert taken.min() > left.max()
    for share, edit in edits["by attribution"].items():
        expected = take(recipient, other, top_masks(scores, share))
        torch.testing.assert_close(edit.make(context_of(recipient, other)), expected, rtol=0, atol=0)


def test_by_attribution_has_the_controls_of_by_size_and_those_of_effort(edits):
    for share in SHARES[:-1]:
        more = set(edits["by attribution"][share].controls) - set(edits["by size"][share].controls)
        assert more == (
            {"optimised_same_budget", "optimised_8x_budget"} if share == LONGER_EFFORT else {"optimised_same_budget"}
        )
    assert LONGER_EFFORT in SHARES
