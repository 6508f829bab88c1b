"""What separates two networks: geometry of a change."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from goalsplice.agent.network import ACTOR_LAYERS, Agent
from goalsplice.edits.delta import WeightDelta, cosine, effective_rank, singular_values, stable_rank

INPUTS = 12
seeds = st.integers(0, 2**32 - 1)


def actor(seed):
    """An untrained actor with biases."""
    generator = torch.Generator().manual_seed(seed)
    weights = Agent(INPUTS, 6, generator).actor.state_dict()
    return {name: part + torch.randn(part.shape, generator=generator) for name, part in weights.items()}


def double(weights):
    return {name: part.double() for name, part in weights.items()}


def plus(origin, change, scale=1.0):
    return {name: origin[name] + scale * change[name] for name in origin}


@given(seeds, seeds, st.floats(0.01, 100))
def test_geometry_of_a_scaled_change(seed, other, scale):
    origin, change = double(actor(seed)), double(actor(other))
    delta, further = (WeightDelta(origin, plus(origin, change, factor)) for factor in (1, scale))
    back = WeightDelta(origin, plus(origin, change, -scale))
    assert further.norm == pytest.approx(scale * delta.norm)
    assert further.relative_norm == pytest.approx(scale * delta.relative_norm)
    for rank in (effective_rank, stable_rank):
        one, other = (singular_values(each.array("layer1.weight")) for each in (further, delta))
        assert rank(one) == pytest.approx(rank(other))
    assert delta.effective_rank("layer1.weight") == effective_rank(singular_values(delta.array("layer1.weight")))
    for layer in (None, *ACTOR_LAYERS):
        assert delta.cosine(further, layer) == pytest.approx(1)
        assert delta.cosine(back, layer) == pytest.approx(-1)


@given(seeds, seeds)
def test_layers_divide_a_change(seed, other):
    delta = WeightDelta(actor(seed), actor(other))
    if delta.norm > 0:
        assert sum(delta.layer_share(layer) for layer in ACTOR_LAYERS) == pytest.approx(1)
    assert sum(len(delta.vector(layer)) for layer in ACTOR_LAYERS) == len(delta.vector())
    assert np.linalg.norm(delta.vector()) == pytest.approx(delta.norm)


@given(seeds, seeds, seeds)
def test_a_cosine_does_not_depend_on_the_order_and_there_is_none_with_nothing(seed, one, other):
    origin = actor(seed)
    mine, others = (WeightDelta(origin, actor(end)) for end in (one, other))
    found = mine.cosine(others)
    if seed in (one, other):
        assert np.isnan(found)
    else:
        assert -1 - 1e-9 <= found <= 1 + 1e-9
        assert found == pytest.approx(others.cosine(mine))


def test_changes_in_other_places_are_at_right_angles():
    origin = double(actor(0))
    first = WeightDelta(origin, {**origin, "layer1.weight": origin["layer1.weight"] + 1})
    second = WeightDelta(origin, {**origin, "layer2.weight": origin["layer2.weight"] + 1})
    assert first.cosine(second) == 0
    assert np.isnan(first.cosine(second, "layer1"))
    assert first.size == 6 * INPUTS
    assert first.norm == pytest.approx((6 * INPUTS) ** 0.5)
    assert first.layer_share("layer1") == 1
    assert first.effective_rank("layer1.weight") == pytest.approx(1)


def test_size_and_norm_are_of_single_weights():
    origin = actor(0)
    end = {name: part.clone() for name, part in origin.items()}
    end["layer1.weight"][0, 0] += 3
    end["layer3.bias"][2] += 4
    delta = WeightDelta(origin, end)
    assert delta.size == 2
    assert delta.norm == pytest.approx(5, rel=1e-6)
    assert delta.layer_share("layer3") == pytest.approx(16 / 25, rel=1e-6)
    whole = sum(float((part**2).sum()) for part in origin.values()) ** 0.5
    assert delta.relative_norm == pytest.approx(5 / whole, rel=1e-6)


def test_a_small_change_of_large_weights_is_measured_exactly():
    """In float32, the difference of numbers of unlike size is rounded."""
    origin, end = {"layer1.weight": torch.tensor([[1.0]])}, {"layer1.weight": torch.tensor([[-3e-8]])}
    delta = WeightDelta(origin, end)
    exact = 1 + float(torch.tensor(3e-8))
    assert delta.norm == exact
    assert float(delta.tensors["layer1.weight"]) == -1
    assert delta.array("layer1.weight").tolist() == [[-exact]]


def test_no_change_has_no_share_and_no_rank():
    origin = actor(0)
    delta = WeightDelta(origin, origin)
    assert delta.size == delta.norm == 0
    assert np.isnan([delta.layer_share("layer1"), delta.effective_rank("layer1.weight")]).all()


def test_neither_network_is_changed():
    origin, end = actor(0), actor(1)
    copies = [{name: part.clone() for name, part in weights.items()} for weights in (origin, end)]
    delta = WeightDelta(origin, end)
    delta.tensors["layer1.bias"] += 1
    delta.array("layer1.weight")[:] = 0
    delta.vector()[:] = 0
    for weights, copy in zip((origin, end), copies, strict=True):
        torch.testing.assert_close(weights, copy, rtol=0, atol=0)


def test_a_cosine_of_vectors_by_hand():
    assert cosine(np.array([3.0, 4]), np.array([4.0, 3])) == pytest.approx(24 / 25)
    assert np.isnan(cosine(np.zeros(2), np.ones(2)))


def test_ranks_by_hand():
    for rank in (effective_rank, stable_rank):
        assert rank(np.ones(5)) == pytest.approx(5)
        assert rank(np.array([3.0, 0, 0])) == pytest.approx(1)
    halves = np.array([2.0, 1, 1])
    assert effective_rank(halves) == pytest.approx(np.exp(1.5 * np.log(2)))
    assert stable_rank(halves) == pytest.approx(6 / 4)


@given(st.lists(st.just(0.0) | st.floats(1e-250, 1e3), min_size=1, max_size=8).filter(any))
def test_ranks_lie_between_one_and_the_rank(values):
    singular = np.array(values)
    for rank in (effective_rank(singular), stable_rank(singular)):
        assert 1 - 1e-9 <= rank <= np.count_nonzero(singular) + 1e-9
