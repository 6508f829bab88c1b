"""Effort at a random site: as many weights and gradients, spent on values."""

import numpy as np
import pytest
import torch

from goalsplice.edits import effort
from goalsplice.edits.attribution import POINTS, log_probabilities, preference
from goalsplice.edits.edit import size
from goalsplice.edits.effort import GRADIENTS, optimised_at_random

COUNTS = (10, 100, 1000)


def equal_effort(recipient, donor, count, met, generator):
    return optimised_at_random(recipient, donor, count, met, GRADIENTS["equal_effort"], generator)


@pytest.fixture(scope="module")
def reached(recipient, donor, met):
    """For each count, some draws' networks."""
    return {
        count: [equal_effort(recipient, donor, count, met, np.random.default_rng(seed)) for seed in range(4)]
        for count in COUNTS
    }


@pytest.fixture(scope="module")
def wanted(donor, met):
    """How much an actor prefers what the donor chooses."""
    choices = log_probabilities(donor, met.inputs).exp()
    return lambda actor: preference(actor, met, choices).item()


def test_no_more_weights_change_than_said(recipient, reached):
    for count, networks in reached.items():
        assert all(0 < size(recipient, network) <= count for network in networks)


def test_the_preference_rises_and_more_weights_reach_more(recipient, reached, wanted):
    means = [wanted(recipient), *(np.mean([wanted(network) for network in reached[count]]) for count in COUNTS)]
    assert means == sorted(means)
    assert len(set(means)) == len(means)
    for networks in reached.values():
        assert all(wanted(network) > wanted(recipient) for network in networks)


def test_places_are_drawn_and_nothing_else(recipient, donor, met, reached):
    again = equal_effort(recipient, donor, COUNTS[1], met, np.random.default_rng(0))
    torch.testing.assert_close(again, reached[COUNTS[1]][0], rtol=0, atol=0)
    places = [{name: network[name] != recipient[name] for name in network} for network in reached[COUNTS[1]]]
    shared = sum(int((places[0][name] & places[1][name]).sum()) for name in recipient)
    assert shared < 0.3 * COUNTS[1]
    assert any(places[0][name].any() for name in ("layer2.weight", "layer3.weight"))


@pytest.mark.parametrize(("control", "points"), [("equal_effort", POINTS), ("longer_effort", 8 * POINTS)])
def test_it_takes_about_as_many_gradients_as_said(recipient, donor, met, monkeypatch, control, points):
    """SciPy's L-BFGS-B looks at its limit between iterations, and so may go over it by a line search."""
    calls, plain = [], effort.gradient
    monkeypatch.setattr(effort, "gradient", lambda *arguments: calls.append(1) or plain(*arguments))
    optimised_at_random(recipient, donor, 100, met, GRADIENTS[control], np.random.default_rng(0))
    assert points <= len(calls) <= points + 3


def test_longer_effort_reaches_more_at_the_same_places(recipient, donor, met, reached, wanted):
    longer = optimised_at_random(recipient, donor, COUNTS[1], met, GRADIENTS["longer_effort"], np.random.default_rng(0))
    shorter = reached[COUNTS[1]][0]
    assert wanted(longer) > wanted(shorter)
    assert all(torch.equal(longer[name] != recipient[name], shorter[name] != recipient[name]) for name in recipient)


def test_no_weight_changes_in_which_donor_and_recipient_agree(recipient, donor, met):
    """And where fewer differ than are to be drawn, only those."""
    alike = {**recipient, "layer2.weight": donor["layer2.weight"], "layer4.bias": donor["layer4.bias"]}
    found = equal_effort(recipient, alike, 10_000, met, np.random.default_rng(0))
    for name in recipient:
        assert torch.equal(found[name], recipient[name]) == (name not in ("layer2.weight", "layer4.bias"))


def test_between_equals_nothing_is_done(recipient, met):
    found = equal_effort(recipient, recipient, 10, met, np.random.default_rng(0))
    torch.testing.assert_close(found, dict(recipient), rtol=0, atol=0)
