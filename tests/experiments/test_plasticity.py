"""What is measured of hidden layers, on networks whose units are known."""

from collections import OrderedDict

import numpy as np
import pytest
import torch
from torch import nn

from goalsplice.agent.network import Agent
from goalsplice.experiments.plasticity import plasticity


def network(weight, bias):
    """Two layers, the first with these weights."""
    layers = nn.Linear(len(weight[0]), len(weight)), nn.Linear(len(weight), 1)
    with torch.no_grad():
        layers[0].weight[:] = torch.tensor(weight)
        layers[0].bias[:] = torch.tensor(bias)
    return nn.Sequential(OrderedDict(layer1=layers[0], relu1=nn.ReLU(), layer2=layers[1]))


def test_inactive_and_dormant_units_by_hand():
    """Units give (1, 0), (0, 1), never anything, and a hundredth of the first."""
    of = network([[1.0, 0.0], [0.0, 1.0], [-1.0, -1.0], [0.01, 0.0]], [0.0] * 4)
    (row,) = plasticity(of, torch.eye(2), torch.tensor([0.5, 0.5]))
    assert row["layer"] == "layer1"
    assert row["inactive"] == 0.25
    assert row["dormant"] == 0.5
    assert row["weight_norm"] == pytest.approx(np.sqrt(1 + 1 + 2 + 1e-4))


def test_the_effective_rank_is_the_activations():
    of = network([[1.0, 0.0], [0.0, 1.0]], [0.0, 0.0])
    rank = [
        plasticity(of, torch.eye(2), torch.tensor(frequency))[0]["effective_rank"]
        for frequency in ([0.5, 0.5], [0.999, 0.001])
    ]
    assert rank[0] == pytest.approx(2, rel=1e-4)
    assert 1 < rank[1] < 1.2, "what is hardly met hardly counts"
    (alike,) = plasticity(network([[1.0, 0.0], [2.0, 0.0]], [0.0, 0.0]), torch.eye(2), torch.tensor([0.5, 0.5]))
    assert alike["effective_rank"] == pytest.approx(1, abs=1e-3)


def test_a_network_without_life_is_measured():
    of = network([[-1.0, -1.0], [-1.0, -1.0]], [0.0, 0.0])
    (row,) = plasticity(of, torch.eye(2), torch.tensor([0.5, 0.5]))
    assert (row["inactive"], row["dormant"]) == (1, 1)
    assert np.isnan(row["effective_rank"])


def test_every_hidden_layer_has_a_row():
    agent = Agent(12, 16, torch.Generator().manual_seed(0))
    inputs, frequency = torch.rand(30, 12), torch.full((30,), 1 / 30)
    assert [row["layer"] for row in plasticity(agent.actor, inputs, frequency)] == ["layer1", "layer2", "layer3"]
    assert [row["layer"] for row in plasticity(agent.critic, inputs, frequency)] == ["layer1", "layer2"]
    assert all(1 < row["effective_rank"] <= 16 for row in plasticity(agent.actor, inputs, frequency))
