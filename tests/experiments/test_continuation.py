"""How far: geometry of changes."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from goalsplice.agent.network import ACTOR_LAYERS, Agent
from goalsplice.experiments.continuation import (
    cosine,
    distance,
    layer_share,
    movement,
    rank_of_change,
)

INPUTS = 12
seeds = st.integers(0, 2**32 - 1)
values = st.floats(-1, 1)


def actor(seed):
    """An untrained actor with biases, in double precision."""
    generator = torch.Generator().manual_seed(seed)
    weights = Agent(INPUTS, 6, generator).actor.state_dict()
    return {name: (part + torch.randn(part.shape, generator=generator)).double() for name, part in weights.items()}


def plus(origin, change, scale=1.0):
    return {name: origin[name] + scale * change[name] for name in origin}


@settings(deadline=None)
@given(seeds, seeds, st.floats(0.01, 100))
def test_geometry_of_a_scaled_change(seed, other, scale):
    origin, change = actor(seed), actor(other)
    ended, further = plus(origin, change), plus(origin, change, scale)
    assert distance(origin, further) == pytest.approx(scale * distance(origin, ended))
    assert rank_of_change(origin, further) == pytest.approx(rank_of_change(origin, ended))
    for part in ({}, {"layer": "layer1"}, {"columns": np.arange(INPUTS) < 4}):
        assert cosine(origin, ended, further, **part) == pytest.approx(1)
        assert cosine(origin, ended, plus(origin, change, -scale), **part) == pytest.approx(-1)


@settings(deadline=None)
@given(seeds, seeds)
def test_layers_divide_a_change(seed, other):
    origin, ended = actor(seed), actor(other)
    whole = distance(origin, ended)
    if whole == 0:
        return
    assert sum(layer_share(origin, ended, layer) for layer in ACTOR_LAYERS) == pytest.approx(1)
    assert sum(distance(origin, ended, layer) ** 2 for layer in ACTOR_LAYERS) == pytest.approx(whole**2)
    columns = np.arange(INPUTS) < 5
    halves = [distance(origin, ended, columns=half) ** 2 for half in (columns, ~columns)]
    weights = (ended["layer1.weight"] - origin["layer1.weight"]).norm() ** 2
    assert sum(halves) == pytest.approx(float(weights))


@settings(deadline=None)
@given(seeds, seeds, seeds)
def test_a_cosine_is_one_and_does_not_depend_on_the_order(seed, one, other):
    origin, mine, others = actor(seed), actor(one), actor(other)
    found = cosine(origin, mine, others)
    if seed in (one, other):
        assert np.isnan(found)
    else:
        assert -1 - 1e-9 <= found <= 1 + 1e-9
        assert found == pytest.approx(cosine(origin, others, mine))


def test_changes_in_other_places_are_at_right_angles():
    origin = actor(0)
    first = {**origin, "layer1.weight": origin["layer1.weight"] + 1}
    second = {**origin, "layer2.weight": origin["layer2.weight"] + 1}
    assert cosine(origin, first, second) == 0
    assert np.isnan(cosine(origin, first, second, layer="layer1"))
    assert movement(origin, first) == pytest.approx(
        {"distance": (6 * INPUTS) ** 0.5, "layer1_share": 1.0, "layer1_effective_rank": 1.0}
    )


def test_no_change_has_no_share_and_no_rank():
    origin = actor(0)
    found = movement(origin, origin)
    assert found["distance"] == 0
    assert np.isnan([found["layer1_share"], found["layer1_effective_rank"]]).all()
