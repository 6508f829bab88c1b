"""Alignment finds units again wherever they are, and a permutation changes no output."""

from itertools import combinations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from goalsplice.agent.network import Agent
from goalsplice.edits.alignment import match, permute, random_order
from goalsplice.edits.delta import WeightDelta

INPUTS, HIDDEN = 20, 12
seeds = st.integers(0, 2**32 - 1)


def actor(seed):
    """An actor without equal units: its biases are random too."""
    generator = torch.Generator().manual_seed(seed)
    weights = Agent(INPUTS, HIDDEN, generator).actor.state_dict()
    return {
        name: torch.randn(tensor.shape, generator=generator) if name.endswith("bias") else tensor
        for name, tensor in weights.items()
    }


def any_order(seed):
    generator = np.random.default_rng(seed)
    return tuple(generator.permutation(HIDDEN) for _ in range(3))


def logits(weights, inputs):
    network = Agent(INPUTS, HIDDEN).actor
    network.load_state_dict(weights)
    with torch.no_grad():
        return network(inputs)


def equal(one, other):
    return all(torch.equal(one[name], other[name]) for name in one)


@given(seeds, seeds)
@settings(max_examples=30)
def test_another_order_of_units_computes_the_same(seed, order_seed):
    weights = actor(seed)
    inputs = torch.randn(16, INPUTS, generator=torch.Generator().manual_seed(seed))
    permuted = permute(weights, any_order(order_seed))
    torch.testing.assert_close(logits(permuted, inputs), logits(weights, inputs), rtol=1e-4, atol=1e-5)


@given(seeds, seeds)
@settings(max_examples=30)
def test_a_permuted_copy_is_put_in_order_again_exactly(seed, order_seed):
    weights, order = actor(seed), any_order(order_seed)
    copy = permute(weights, order)
    found = match(weights, copy)
    assert all(np.array_equal(places, np.argsort(went)) for places, went in zip(found, order, strict=True))
    assert equal(permute(copy, found), weights)


@given(seeds, seeds)
@settings(max_examples=30)
def test_a_permuted_copy_is_found_below_noise(seed, order_seed):
    weights, order = actor(seed), any_order(order_seed)
    generator = torch.Generator().manual_seed(seed)
    noisy = {name: tensor + 0.02 * torch.randn(tensor.shape, generator=generator) for name, tensor in weights.items()}
    found = match(weights, permute(noisy, order))
    assert all(np.array_equal(places, np.argsort(went)) for places, went in zip(found, order, strict=True))


def similarity(reference, other) -> float:
    """Inner product of all weights and biases of two actors: what matching makes large."""
    return float(sum((reference[name].double() * other[name].double()).sum() for name in reference))


@given(seeds, seeds)
@settings(max_examples=10)
def test_no_two_units_of_a_layer_are_better_exchanged(seed, other_seed):
    reference, other = actor(seed), actor(other_seed)
    order = match(reference, other)
    best = similarity(reference, permute(other, order))
    for layer in range(3):
        for one, two in combinations(range(HIDDEN), 2):
            changed = [places.copy() for places in order]
            changed[layer][[one, two]] = changed[layer][[two, one]]
            assert similarity(reference, permute(other, tuple(changed))) <= best + 1e-6


def test_units_of_equal_weights_are_distinguished_by_their_biases():
    weights, order = actor(0), any_order(1)
    weights["layer1.weight"][:] = weights["layer1.weight"][:1]
    weights["layer2.weight"][:] = weights["layer2.weight"][:, :1]
    found = match(weights, permute(weights, order))
    assert np.array_equal(found[0], np.argsort(order[0]))


def test_units_without_weights_do_not_matter():
    weights = actor(0)
    for name, part in (("layer1.weight", np.s_[:5]), ("layer1.bias", np.s_[:5]), ("layer2.weight", np.s_[:, :5])):
        weights[name][part] = 0
    copy = permute(weights, any_order(1))
    assert equal(permute(copy, match(weights, copy)), weights)


def test_a_difference_is_permuted_as_the_networks_are():
    one, other, order = actor(0), actor(1), any_order(2)
    assert equal(
        permute(WeightDelta(one, other).tensors, order), WeightDelta(permute(one, order), permute(other, order)).tensors
    )


@given(seeds)
def test_a_random_order_brings_units_in_use_to_each_other(seed):
    reference, other = actor(0), actor(1)
    for weights, idle in ((reference, [0, 3, 7]), (other, [1, 2, 11])):
        weights["layer2.weight"][idle] = 0
    order = random_order(reference, other, np.random.default_rng(seed))
    assert all(sorted(places) == list(range(HIDDEN)) for places in order)
    assert set(order[1][[0, 3, 7]]) == {1, 2, 11}


def test_a_random_order_follows_from_its_generator_and_no_unit_stays_put_for_ever():
    weights = actor(0)
    orders = [random_order(weights, weights, np.random.default_rng(seed)) for seed in (0, 0, *range(1, 60))]
    assert all(np.array_equal(one, same) for one, same in zip(orders[0], orders[1], strict=True))
    first = [int(order[0][0]) for order in orders[1:]]
    assert set(first) == set(range(HIDDEN))


def test_neither_network_is_changed():
    reference, other = actor(0), actor(1)
    before = {name: tensor.clone() for name, tensor in other.items()}
    permute(other, match(reference, other))
    assert equal(other, before)
    with pytest.raises(ValueError, match="zip"):
        permute(other, any_order(0)[:2])
