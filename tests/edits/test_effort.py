"""Effort at a random site: as many weights and gradients, spent on values."""

import numpy as np
import pytest
import torch

from edits.contexts import checkpoint
from goalsplice.edits.attribution import POINTS, Preference
from goalsplice.edits.delta import WeightDelta
from goalsplice.edits.effort import GRADIENTS, optimised_at_random

COUNTS = (10, 100, 1000)


def equal_effort(context, count, seed=0):
    return optimised_at_random(context, count, GRADIENTS["optimised_same_budget"], np.random.default_rng(seed))


@pytest.fixture(scope="module")
def reached(context):
    """For each count, some draws' networks."""
    return {count: [equal_effort(context, count, seed) for seed in range(4)] for count in COUNTS}


@pytest.fixture(scope="module")
def wanted(context):
    """How much an actor prefers what the donor chooses."""
    preference = Preference(context)
    return lambda actor: preference.of(actor).item()


def test_no_more_weights_change_than_said(recipient, reached):
    for count, networks in reached.items():
        assert all(0 < WeightDelta(recipient, network).size <= count for network in networks)


def test_the_preference_rises_and_more_weights_reach_more(recipient, reached, wanted):
    means = [wanted(recipient), *(np.mean([wanted(network) for network in reached[count]]) for count in COUNTS)]
    assert means == sorted(means)
    assert len(set(means)) == len(means)
    for networks in reached.values():
        assert all(wanted(network) > wanted(recipient) for network in networks)


def test_places_are_drawn_and_nothing_else(recipient, context, reached):
    again = equal_effort(context, COUNTS[1])
    torch.testing.assert_close(again, reached[COUNTS[1]][0], rtol=0, atol=0)
    places = [{name: network[name] != recipient[name] for name in network} for network in reached[COUNTS[1]]]
    shared = sum(int((places[0][name] & places[1][name]).sum()) for name in recipient)
    assert shared < 0.3 * COUNTS[1]
    assert any(places[0][name].any() for name in ("layer2.weight", "layer3.weight"))


@pytest.mark.parametrize(
    ("control", "points"), [("optimised_same_budget", POINTS), ("optimised_8x_budget", 8 * POINTS)]
)
def test_it_takes_about_as_many_gradients_as_said(context, monkeypatch, control, points):
    """SciPy's L-BFGS-B looks at its limit between iterations, and so may go over it by a line search."""
    calls, plain = [], Preference.gradient
    monkeypatch.setattr(Preference, "gradient", lambda *arguments: calls.append(1) or plain(*arguments))
    optimised_at_random(context, 100, GRADIENTS[control], np.random.default_rng(0))
    assert points <= len(calls) <= points + 3


def test_optimised_with_8x_budget_reaches_more_at_the_same_places(recipient, context, reached, wanted):
    longer = optimised_at_random(context, COUNTS[1], GRADIENTS["optimised_8x_budget"], np.random.default_rng(0))
    shorter = reached[COUNTS[1]][0]
    assert wanted(longer) > wanted(shorter)
    assert all(torch.equal(longer[name] != recipient[name], shorter[name] != recipient[name]) for name in recipient)


def test_no_weight_changes_in_which_donor_and_recipient_agree(recipient, donor, context):
    """And where fewer differ than are to be drawn, only those."""
    alike = {**recipient, "layer2.weight": donor["layer2.weight"], "layer4.bias": donor["layer4.bias"]}
    found = equal_effort(context._replace(donor=checkpoint(alike)), 10_000)
    for name in recipient:
        assert torch.equal(found[name], recipient[name]) == (name not in ("layer2.weight", "layer4.bias"))


def test_between_equals_nothing_is_done(recipient, context):
    found = equal_effort(context._replace(donor=checkpoint(recipient)), 10)
    torch.testing.assert_close(found, dict(recipient), rtol=0, atol=0)
