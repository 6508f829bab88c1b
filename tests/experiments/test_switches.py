"""Switches by hand, and how far apart two actors are."""

import pandas as pd
import pytest
import torch

from goalsplice.agent.network import Agent
from goalsplice.experiments.switches import last_switches, movement, recovered


def test_the_last_switches_are_those_where_the_objective_changed():
    assert last_switches(["a", "b", "b", "a", "b"], 2) == [(2, 3), (3, 4)]
    assert last_switches(["a", "b", "b", "a"], 9) == [(0, 1), (2, 3)]
    assert last_switches(["a", "a"], 3) == []
    assert last_switches(["a"], 3) == []


def test_movement_by_hand():
    origin = Agent(6, 4, torch.Generator().manual_seed(1)).actor.state_dict()
    moved = {name: tensor.clone() for name, tensor in origin.items()}
    moved["layer1.weight"][0, 0] += 3
    moved["layer3.bias"][2] += 4
    found = movement(origin, moved)
    assert found["distance"] == pytest.approx(5)
    assert found["share_layer1"] == pytest.approx(9 / 25)
    assert found["effective_rank"] == pytest.approx(1, abs=1e-6)
    norm = sum(float((tensor**2).sum()) for tensor in origin.values()) ** 0.5
    assert found["relative_distance"] == pytest.approx(5 / norm)
    still = movement(origin, origin)
    assert still["distance"] == 0
    assert pd.isna(still["share_layer1"])
    assert pd.isna(still["effective_rank"])


def splice(family, edit, control, share, size=1, draw=0):
    return {
        **{"arm": "", "seed": 0, "recipient_phase": 0, "donor_phase": 1, "donor_objective": "purple"},
        **{"family": family, "edit": edit, "control": control, "draw": draw, "size": size},
        **{"share_purple": share, "share_blue": 0.0, "share_yellow": 0.0},
    }


def test_recoveries_are_scaled_by_floor_and_ceiling_and_means_of_draws():
    whole = "layer1+layer2+layer3+layer4"
    rows = [
        splice("bounds", "none", "bound", 0.2),
        splice("bounds", "donor", "bound", 0.7),
        splice("layers", "none", "none", 0.2, size=0),
        splice("layers", whole, "none", 0.7),
        splice("layers", "layer1", "none", 0.6),
        splice("layers", "layer1", "random_sites", 0.2, draw=0),
        splice("layers", "layer1", "random_sites", 0.3, draw=1),
        splice("rank", "layer1", "none", 0.7),
        splice("rank", "layer1", "random_sites", 0.2),
    ]
    found = recovered(pd.DataFrame(rows)).iloc[0]
    assert found["gap"] == pytest.approx(0.5)
    assert found["spliced"] == pytest.approx(0.8)
    assert found["spliced_random"] == pytest.approx(0.1)
    assert found["low_rank"] == pytest.approx(1)
    assert found["low_rank_random"] == pytest.approx(0)


def test_a_pair_that_hardly_differs_has_no_recovery():
    whole = "layer1+layer2+layer3+layer4"
    rows = [
        splice("bounds", "none", "bound", 0.3),
        splice("bounds", "donor", "bound", 0.35),
        splice("layers", "none", "none", 0.3, size=0),
        splice("layers", whole, "none", 0.35),
        *[
            splice(family, "layer1", control, 0.3)
            for family in ("layers", "rank")
            for control in ("none", "random_sites")
        ],
    ]
    found = recovered(pd.DataFrame(rows)).iloc[0]
    assert found["gap"] == pytest.approx(0.05)
    assert found[["spliced", "spliced_random", "low_rank", "low_rank_random"]].isna().all()
