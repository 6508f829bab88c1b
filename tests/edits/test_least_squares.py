"""Refitted layers come closest to what followed from the exchanged observations, and nothing else changes."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn.functional import linear

from edits.subjects import copies, equal, logits, non_uniform, subject_of
from goalsplice.agent.fast.policy import policy_of
from goalsplice.agent.network import ACTOR_LAYERS, forward
from goalsplice.edits.delta import WeightDelta
from goalsplice.edits.inputs import exchange_colours
from goalsplice.edits.least_squares import refitted
from goalsplice.edits.relabelling import exchanged_rows, perceiving
from goalsplice.edits.retargeting import LOWER
from goalsplice.world.observation import Observations
from goalsplice.world.simulator import create, observe

PAIR = ("purple", "yellow")
CHOICES = {**LOWER, "layer 1": ("layer1",), "all": ACTOR_LAYERS}

close = {"rtol": 1e-3, "atol": 1e-3}


@pytest.fixture(params=["onehot", "integers"], scope="module")
def subject(request, recipe):
    """A subject, which has met something, and its recipe."""
    return subject_of(recipe, request.param)


def twice(encoding, met, pair=PAIR):
    """Inputs as they are and exchanged, the same the other way round, and how often each counts."""
    rows = encoding.rows(met.codes)
    plain, turned = (
        torch.from_numpy(encoding.inputs_of(seen)) for seen in (rows, exchanged_rows(encoding, rows, *pair))
    )
    weights = torch.from_numpy(np.tile(met.counts, 2)).double()
    return torch.cat([plain, turned]), torch.cat([turned, plain]), weights / weights.sum()


def error(found, targets, weights):
    """Mean squared error over observations as often as they were met."""
    return float((weights[:, None] * (found.double() - targets.double()) ** 2).sum())


def entering(actor, inputs, layer):
    """What a layer gets."""
    number = ACTOR_LAYERS.index(layer)
    return inputs if number == 0 else forward(actor, inputs)[ACTOR_LAYERS[number - 1]]


def into(actor, inputs, layer):
    """What a layer gives before its ReLU."""
    return linear(entering(actor, inputs, layer), actor[f"{layer}.weight"], actor[f"{layer}.bias"])


@pytest.mark.parametrize("layers", CHOICES.values(), ids=CHOICES)
def test_only_the_chosen_layers_change(subject, layers):
    mine, recipe = subject
    before, codes = copies(mine.actor), mine.met.codes.copy()
    edited = refitted(mine.actor, recipe.world, mine.met, *PAIR, layers)
    for name, part in edited.items():
        layer, kind = name.split(".")
        if layer not in layers:
            assert torch.equal(part, before[name]), name
        elif kind == "weight":
            assert not torch.equal(part, before[name]), name
        assert (part.dtype, part.shape) == (torch.float32, before[name].shape)
        assert torch.isfinite(part).all()
    assert equal(mine.actor, before)
    np.testing.assert_array_equal(mine.met.codes, codes)
    assert equal(refitted(mine.actor, recipe.world, mine.met, *PAIR, layers), edited)
    assert equal(refitted(mine.actor, recipe.world, mine.met, *reversed(PAIR), layers), edited)


@pytest.mark.parametrize("layers", CHOICES.values(), ids=CHOICES)
def test_a_colour_exchanged_with_itself_changes_nothing(subject, layers):
    mine, recipe = subject
    edited = refitted(mine.actor, recipe.world, mine.met, "purple", "purple", layers)
    assert WeightDelta(mine.actor, edited).norm < 1e-6


def test_no_layer_is_no_edit(subject):
    mine, recipe = subject
    assert equal(refitted(mine.actor, recipe.world, mine.met, *PAIR, ()), mine.actor)


@pytest.mark.parametrize("layers", CHOICES.values(), ids=CHOICES)
def test_layers_come_closer_to_what_followed_from_exchanged_observations(subject, layers):
    """Each as it is refitted, and with the last of them what the network does."""
    mine, recipe = subject
    inputs, turned, weights = twice(recipe.world, mine.met)
    edited = refitted(mine.actor, recipe.world, mine.met, *PAIR, layers)
    for layer in layers:
        targets = into(mine.actor, turned, layer)
        without = {**edited, **{name: mine.actor[name] for name in edited if name.split(".")[0] == layer}}
        refit, left = (error(into(actor, inputs, layer), targets, weights) for actor in (edited, without))
        assert refit < left, layer
    # Those that the second layer makes need not come closer to themselves in the end, but here they do.
    done, undone = (
        error(forward(actor, inputs)["layer4"], forward(mine.actor, turned)["layer4"], weights)
        for actor in (edited, mine.actor)
    )
    assert done < undone


def test_a_single_refitted_layer_is_better_than_what_is_near_it(subject):
    mine, recipe = subject
    inputs, turned, weights = twice(recipe.world, mine.met)
    for layer in ("layer2", "layer3", "layer4"):
        targets, name = into(mine.actor, turned, layer), f"{layer}.weight"
        edited = refitted(mine.actor, recipe.world, mine.met, *PAIR, (layer,))
        best = error(into(edited, inputs, layer), targets, weights)
        for seed in range(5):
            away = 1e-2 * torch.randn(edited[name].shape, generator=torch.Generator().manual_seed(seed))
            for moved in (edited[name] + away, edited[name] - away):
                assert error(into({**edited, name: moved}, inputs, layer), targets, weights) > best


def test_against_plain_least_squares(subject):
    mine, recipe = subject
    inputs, turned, weights = twice(recipe.world, mine.met)
    enters = torch.cat([entering(mine.actor, inputs, "layer3"), torch.ones(len(inputs), 1)], dim=1).double()
    root = weights.sqrt()[:, None]
    targets = into(mine.actor, turned, "layer3").double()
    best = torch.linalg.lstsq(root * enters, root * targets, driver="gelsd").solution
    edited = refitted(mine.actor, recipe.world, mine.met, *PAIR, ("layer3",))
    found = into(edited, inputs, "layer3").double()
    assert error(found, enters @ best, weights) < 1e-3 * error(enters @ best, targets, weights)


@settings(max_examples=10)
@given(st.integers(0, 2**32 - 1), st.integers(2, 50))
def test_counts_are_how_often_an_observation_counts(recipe, recipient, seed, times):
    """As if it were there that many times; all of them more often is the same."""
    generator = np.random.default_rng(seed)
    codes = [observe(create(200, "three_colours", generator), i, recipe.world.geometry) for i in range(200)]
    codes, counts = np.array(codes), generator.integers(1, 6, len(codes))

    def refit(codes, counts):
        return refitted(recipient, recipe.world, Observations(codes, counts), *PAIR, ("layer2", "layer3"))

    expected = refit(codes, counts)
    torch.testing.assert_close(refit(np.repeat(codes, counts), np.ones(counts.sum(), int)), expected, **close)
    torch.testing.assert_close(refit(codes, times * counts), expected, **close)
    order = generator.permutation(len(codes))
    torch.testing.assert_close(refit(codes[order], counts[order]), expected, **close)
    assert WeightDelta(expected, refit(codes, np.ones_like(counts))).norm > 0.01


def rich(recipe) -> Observations:
    """Many observations with keys of every colour, each once."""
    codes = []
    for seed, level_distribution in enumerate(("training", "three_colours")):
        worlds = create(1500, level_distribution, np.random.default_rng(seed))
        codes += [observe(worlds, i, recipe.world.geometry) for i in range(1500)]
    distinct = np.unique(codes)
    return Observations(distinct, np.ones(len(distinct), dtype=np.int64))


@pytest.mark.parametrize("pair", [("blue", "purple"), ("purple", "yellow"), ("blue", "green")], ids="-".join)
def test_the_first_layer_of_one_hot_inputs_can_be_the_exchange(recipe, recipient, pair):
    """Colours have inputs of their own there, so there is nothing that least squares would have to leave."""
    world, met = recipe.world, rich(recipe)
    rows = world.rows(met.codes)
    edited = refitted(recipient, world, met, *pair, ("layer1",))
    found = logits(policy_of(edited, world), rows)
    perceived = logits(perceiving(policy_of(recipient, world), world, *pair), rows)
    exchanged = logits(policy_of(exchange_colours(recipient, world, *pair), world), rows)
    plain = logits(policy_of(recipient, world), rows)
    scale = np.abs(plain - perceived).max()
    assert np.abs(found - perceived).max() < 0.01 * scale
    assert np.abs(found - exchanged).max() < 0.01 * scale


def test_units_that_never_are_active_do_no_harm(recipe):
    actor = non_uniform(recipe, 0)
    actor["layer1.bias"][:5] = -1e3
    edited = refitted(actor, recipe.world, rich(recipe), *PAIR, ("layer2",))
    assert torch.equal(edited["layer2.weight"][:, :5], actor["layer2.weight"][:, :5])
    assert WeightDelta(actor, edited).norm > 0.01
