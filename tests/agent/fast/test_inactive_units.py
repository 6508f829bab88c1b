"""Leaving out inactive units changes no sum."""

import copy

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from agent.subjects import observed_codes
from goalsplice.agent.fast import inactive_units
from goalsplice.agent.fast.backprop import Propagation
from goalsplice.agent.network import Agent
from goalsplice.agent.ppo import inputs_of


@given(st.lists(st.booleans(), min_size=1, max_size=12), st.integers(0, 2**32 - 1))
def test_active_columns_hold_all_that_is_not_zero_and_come_first_next_time(active, seed):
    generator = np.random.default_rng(seed)
    active, size = np.array(active), len(active)
    values = (generator.random((5, size)) * active).astype(np.float32)
    order = generator.permutation(size)
    units = order.copy()
    count = inactive_units.active_columns(values.max(axis=0), order)
    assert not values[:, count:].any()
    assert count == 0 or values[:, count - 1].any()
    assert sorted(order) == list(range(size))
    assert set(order[: active.sum()]) == set(units[active])


@given(st.integers(0, 4096), st.integers(0, 200), st.integers(1, 200))
def test_sides_are_filled_up_by_a_few_where_products_are_large(rows, inputs, outputs):
    filled = inactive_units.filled_sides(rows, inputs, outputs)
    for own, side in zip((inputs, outputs), filled, strict=True):
        assert side == own if outputs == 1 or rows * inputs * outputs <= 1e6 else side % 8 == 0
        assert own <= side < own + 8


@given(st.integers(1, 6), st.integers(1, 6), st.integers(0, 3), st.data())
def test_put_back_is_the_adjoint_of_reorder(outputs, inputs, more, data):
    generator = np.random.default_rng(0)
    order = [generator.permutation(size) for size in (outputs, inputs)]
    weight = generator.standard_normal((outputs, inputs)).astype(np.float32)
    active = data.draw(st.integers(0, inputs))
    moved = np.full((outputs + more, active), np.nan, dtype=np.float32)
    inactive_units.reorder(weight, *order, moved)
    np.testing.assert_array_equal(moved[:outputs], weight[order[0]][:, order[1][:active]])
    assert not moved[outputs:].any()

    got = data.draw(st.integers(0, outputs + more))
    gradient = generator.standard_normal((active, got)).astype(np.float32)
    back = np.full_like(weight, np.nan)
    inactive_units.put_back(gradient, *order, back)
    np.testing.assert_allclose((back * weight).sum(), (gradient.T * moved[:got]).sum(), rtol=1e-4, atol=1e-5)
    assert np.count_nonzero(back) <= gradient.size


@given(st.integers(0, 9), st.integers(1, 9), st.integers(0, 3), st.integers(0, 2**32 - 1))
def test_sums_and_the_way_back_through_relu_are_what_numpy_computes(rows, units, inactive, seed):
    generator = np.random.default_rng(seed)
    gradient, column = (generator.standard_normal((rows, width)).astype(np.float32) for width in (units, 1))
    activation = generator.standard_normal((rows, units + inactive)).astype(np.float32).clip(0)
    weight = generator.standard_normal(units).astype(np.float32)
    sums = np.empty(max(1, units - inactive), dtype=np.float32)
    inactive_units.column_sums(gradient, sums)
    np.testing.assert_allclose(sums, gradient.sum(axis=0)[: sums.size], rtol=1e-5, atol=1e-5)

    total, outer = np.empty(units, dtype=np.float32), np.empty_like(gradient)
    inactive_units.outer_through_relu(column[:, 0], weight, activation, outer, total)
    expected = column * weight * (activation[:, :units] > 0)
    np.testing.assert_array_equal(outer, expected)
    np.testing.assert_allclose(total, expected.sum(axis=0), rtol=1e-5, atol=1e-5)

    expected = gradient * (activation[:, :units] > 0)
    inactive_units.back_through_relu(gradient, activation, total)
    np.testing.assert_array_equal(gradient, expected)
    np.testing.assert_allclose(total, expected.sum(axis=0), rtol=1e-5, atol=1e-5)


def inactivated(agent: Agent, generator: np.random.Generator) -> Agent:
    """The agent with a third of each hidden layer's units inactive, and one layer's all."""
    agent = copy.deepcopy(agent)
    with torch.no_grad():
        for network in (agent.actor, agent.critic):
            for layer in list(network)[:-1:2]:
                layer.bias[generator.random(len(layer.bias)) < 1 / 3] = -1e3
        agent.critic.layer2.bias[:] = -1e3
    return agent


@pytest.mark.parametrize("small", [None, 0], ids=["small products", "all sides filled up"])
@pytest.mark.parametrize("hidden_size", [13, 64])
def test_gradients_with_inactive_units_are_autograds(recipe, monkeypatch, small, hidden_size):
    """Pass after pass, as units turn inactive and active, in whatever order they are; at last all of layer 1."""
    if small is not None:
        monkeypatch.setattr(inactive_units, "_SMALL", small)
    generator = np.random.default_rng(0)
    encoding, codes = recipe.world, observed_codes(recipe.world)
    rows, inputs = encoding.rows(codes), inputs_of(encoding, codes)
    agent = Agent(encoding.inputs, hidden_size, torch.Generator().manual_seed(0))
    fast = {name: Propagation(getattr(agent, name), encoding, len(rows), "float32") for name in ("actor", "critic")}
    for last in (False, False, False, False, True):
        reference = inactivated(agent, generator)
        with torch.no_grad():
            if last:
                reference.actor.layer1.bias[:] = reference.critic.layer1.bias[:] = -1e3
            for own, other in zip(agent.parameters(), reference.parameters(), strict=True):
                own.copy_(other)
        for name, network in fast.items():
            expected = getattr(reference, name)(inputs)
            np.testing.assert_allclose(network.forward(rows), expected.detach().numpy(), rtol=1e-4, atol=1e-4)
            gradient = torch.from_numpy(generator.standard_normal(expected.shape).astype(np.float32))
            expected.backward(gradient)
            filled = np.zeros((len(rows), network.columns), dtype=np.float32)
            filled[:, : gradient.shape[1]] = gradient
            network.backward(filled)
        for (name, own), other in zip(agent.named_parameters(), reference.parameters(), strict=True):
            error = (own.grad - other.grad).norm()
            assert error <= 1e-5 * other.grad.norm() + 1e-6, name
        with torch.no_grad():
            for parameter in agent.parameters():
                parameter.clamp_(min=-1)


def test_what_follows_forget_order_does_not_depend_on_what_came_before(recipe):
    encoding, codes = recipe.world, observed_codes(recipe.world)
    rows = encoding.rows(codes)
    actor = inactivated(Agent(encoding.inputs, recipe.hidden_size), np.random.default_rng(1)).actor
    used, fresh = (Propagation(actor, encoding, len(rows), "float32") for _ in range(2))
    for _ in range(3):
        used.forward(rows[:50])
    used.forget_order()
    np.testing.assert_array_equal(used.forward(rows), fresh.forward(rows))
