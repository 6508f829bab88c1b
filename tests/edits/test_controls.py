"""Controls are like the edit in what they should be like, and unlike it in the rest."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from goalsplice.agent.network import ACTOR_LAYERS
from goalsplice.edits import controls
from goalsplice.edits.delta import WeightDelta
from goalsplice.edits.layers import splice_layers
from goalsplice.edits.weights import take

seeds = st.integers(0, 2**32 - 1)
subsets = st.sets(st.sampled_from(ACTOR_LAYERS)).map(lambda chosen: tuple(sorted(chosen)))
shares = st.floats(0, 1)


def some(recipient, donor, seed, share):
    """The recipient with a share of its weights from the donor, anywhere."""
    generator = np.random.default_rng(seed)
    masks = {name: torch.from_numpy(generator.random(part.shape) < share) for name, part in recipient.items()}
    return take(recipient, donor, masks)


def places(recipient, edited):
    return {name: edited[name] != recipient[name] for name in recipient}


@given(seeds, shares)
def test_flipped_twice_is_the_edit(recipient, donor, seed, share):
    edited = some(recipient, donor, seed, share)
    flipped = controls.sign_flipped(recipient, edited)
    torch.testing.assert_close(controls.sign_flipped(recipient, flipped), edited)
    assert WeightDelta(recipient, flipped).norm == pytest.approx(WeightDelta(recipient, edited).norm, rel=1e-4)
    middle = {name: (flipped[name] + edited[name]) / 2 for name in recipient}
    torch.testing.assert_close(middle, dict(recipient), rtol=1e-4, atol=1e-5)


@given(subsets)
def test_the_complement_of_a_splice_is_the_splice_of_the_rest(recipient, donor, layers):
    rest = tuple(layer for layer in ACTOR_LAYERS if layer not in layers)
    found = controls.complement(recipient, donor, splice_layers(recipient, donor, layers))
    torch.testing.assert_close(found, splice_layers(recipient, donor, rest))


@given(seeds, shares)
def test_an_edit_and_its_complement_share_out_the_difference(recipient, donor, seed, share):
    """To the bit: a weight that rounding makes another counts into the control's size."""
    edited = some(recipient, donor, seed, share)
    found = controls.complement(recipient, donor, edited)
    assert (
        WeightDelta(recipient, edited).size + WeightDelta(recipient, found).size == WeightDelta(recipient, donor).size
    )


@given(seeds, shares)
def test_permuted_has_the_same_values_at_the_same_places(recipient, donor, seed, share):
    edited = some(recipient, donor, seed, share)
    found = controls.permuted(recipient, edited, np.random.default_rng(seed))
    for name, part in WeightDelta(recipient, edited).tensors.items():
        mixed = found[name] - recipient[name]
        torch.testing.assert_close(mixed.flatten().sort()[0], part.flatten().sort()[0], rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(places(recipient, found), places(recipient, edited), rtol=0, atol=0)


@given(seeds, shares)
def test_gaussian_has_the_same_norms_at_the_same_places(recipient, donor, seed, share):
    edited = some(recipient, donor, seed, share)
    found = controls.gaussian(recipient, edited, np.random.default_rng(seed))
    for name, part in WeightDelta(recipient, edited).tensors.items():
        torch.testing.assert_close((found[name] - recipient[name]).norm(), part.norm(), rtol=1e-4, atol=1e-5)
        assert torch.equal(found[name][part == 0], recipient[name][part == 0])


@given(seeds, shares)
def test_random_weights_are_as_many_and_the_donors(recipient, donor, seed, share):
    edited = some(recipient, donor, seed, share)
    found = controls.random_weights(recipient, donor, edited, np.random.default_rng(seed))
    assert WeightDelta(recipient, found).size == WeightDelta(recipient, edited).size
    for name, changed in places(recipient, found).items():
        assert torch.equal(found[name], torch.where(changed, donor[name], recipient[name]))


@given(seeds, shares)
def test_random_weights_are_not_where_nothing_differs(recipient, donor, seed, share):
    alike = {**donor, "layer1.weight": recipient["layer1.weight"], "layer3.bias": recipient["layer3.bias"]}
    edited = some(recipient, alike, seed, share)
    found = controls.random_weights(recipient, alike, edited, np.random.default_rng(seed))
    assert WeightDelta(recipient, found).size == WeightDelta(recipient, edited).size


def test_random_weights_are_equally_likely_everywhere(recipient, donor):
    """Over many draws each tensor has its share of the sites: 36 of 3559 places, 300 times, to four standard errors."""
    edited = some(recipient, donor, 0, 0.01)
    draws = 300
    total, count = WeightDelta(recipient, donor).size, WeightDelta(recipient, edited).size
    hits = dict.fromkeys(recipient, 0)
    for seed in range(draws):
        found = controls.random_weights(recipient, donor, edited, np.random.default_rng(seed))
        for name, changed in places(recipient, found).items():
            hits[name] += int(changed.sum())
    for name, part in recipient.items():
        share = part.numel() / total
        expected = draws * count * share
        assert abs(hits[name] - expected) < 4 * np.sqrt(draws * count * share * (1 - share))


def test_draws_differ_from_each_other_and_from_the_edit_and_are_repeatable(recipient, donor):
    edited = some(recipient, donor, 0, 0.1)
    draw = {
        "permuted": lambda seed: controls.permuted(recipient, edited, np.random.default_rng(seed)),
        "gaussian": lambda seed: controls.gaussian(recipient, edited, np.random.default_rng(seed)),
        "random_weights": lambda seed: controls.random_weights(recipient, donor, edited, np.random.default_rng(seed)),
    }
    for name, drawn in draw.items():
        one, again, other = drawn(0), drawn(0), drawn(1)
        torch.testing.assert_close(one, again, rtol=0, atol=0)
        enough = 0.8 * WeightDelta(recipient, edited).size
        assert WeightDelta(one, other).size > enough, name
        assert WeightDelta(one, edited).size > enough, name
