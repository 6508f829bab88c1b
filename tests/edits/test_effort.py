"""Equal effort: as many weights and gradients, spent on values."""

import numpy as np
import pytest
import torch

from goalsplice.edits import effort
from goalsplice.edits.attribution import POINTS, log_probabilities, preference
from goalsplice.edits.edit import size
from goalsplice.edits.effort import equal_effort

COUNTS = (10, 100, 1000)


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


def test_it_takes_about_as_many_gradients_as_an_attribution(recipient, donor, met, monkeypatch):
    """SciPy's L-BFGS-B looks at its limit between iterations, and so may go over it by a line search."""
    calls, plain = [], effort.gradient
    monkeypatch.setattr(effort, "gradient", lambda *arguments: calls.append(1) or plain(*arguments))
    equal_effort(recipient, donor, 100, met, np.random.default_rng(0))
    assert POINTS <= len(calls) <= POINTS + 3
