"""How far an actor moved, as the finetuning table says it."""

import numpy as np
import pytest
import torch

from goalsplice.agent.network import Agent
from goalsplice.experiments.finetuning import movement


def test_movement_by_hand():
    origin = Agent(12, 6, torch.Generator().manual_seed(0)).actor.state_dict()
    moved = {name: part.clone() for name, part in origin.items()}
    moved["layer1.weight"][0, 0] += 3
    moved["layer3.bias"][2] += 4
    expected = {"distance": 5.0, "layer1_variance_share": 9 / 25, "layer1_effective_rank": 1.0}
    assert movement(origin, moved) == pytest.approx(expected, rel=1e-6)
    still = movement(origin, origin)
    assert still["distance"] == 0
    assert np.isnan([still["layer1_variance_share"], still["layer1_effective_rank"]]).all()
