"""Leaving out silent units changes no sum."""

import copy

import numpy as np
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.plain_ppo import inputs_of
from agent.test_input_layer import observed_codes
from goalsplice.agent import live_units
from goalsplice.agent.network import Agent
from goalsplice.agent.propagation import Propagation


@settings(deadline=None)
@given(st.lists(st.booleans(), min_size=1, max_size=12), st.integers(0, 2**32 - 1))
def test_live_columns_hold_all_that_is_not_zero_and_come_first_next_time(live, seed):
    generator = np.random.default_rng(seed)
    live, size = np.array(live), len(live)
    values = (generator.random((5, size)) * live).astype(np.float32)
    order = generator.permutation(size)
    units = order.copy()
    count = live_units.live_columns(values.max(axis=0), order)
    assert not values[:, count:].any()
    assert count == 0 or values[:, count - 1].any()
    assert sorted(order) == list(range(size))
    assert set(order[: live.sum()]) == set(units[live])


@settings(deadline=None)
@given(st.integers(1, 6), st.integers(1, 6), st.data())
def test_put_back_is_the_adjoint_of_reorder(outputs, inputs, data):
    generator = np.random.default_rng(0)
    order = [generator.permutation(size) for size in (outputs, inputs)]
    weight = generator.standard_normal((outputs, inputs)).astype(np.float32)
    moved, back = np.empty_like(weight), np.empty_like(weight)
    live_units.reorder(weight, *order, moved)
    live_units.put_back(moved, *order, back)
    np.testing.assert_array_equal(back, weight)
    part = moved[: data.draw(st.integers(0, outputs)), : data.draw(st.integers(0, inputs))]
    live_units.put_back(part, *order, back)
    np.testing.assert_allclose((back * weight).sum(), (part**2).sum(), rtol=1e-5)


def silenced(agent: Agent, generator: np.random.Generator) -> Agent:
    """The agent with a third of each hidden layer's units silent, and one layer's all."""
    agent = copy.deepcopy(agent)
    with torch.no_grad():
        for network in (agent.actor, agent.critic):
            for layer in list(network)[:-1:2]:
                layer.bias[generator.random(len(layer.bias)) < 1 / 3] = -1e3
        agent.critic.layer2.bias[:] = -1e3
    return agent


def test_gradients_with_silent_units_are_autograds(recipe):
    """Pass after pass, as units fall silent and wake, in whatever order they are computed."""
    generator = np.random.default_rng(0)
    encoding, codes = recipe.world, observed_codes(recipe.world)
    rows, inputs = encoding.rows(codes), inputs_of(encoding, codes)
    agent = Agent(encoding.inputs, recipe.hidden_size, torch.Generator().manual_seed(0))
    fast = {name: Propagation(getattr(agent, name), encoding, len(rows), "float32") for name in ("actor", "critic")}
    for _ in range(4):
        reference = silenced(agent, generator)
        with torch.no_grad():
            for own, other in zip(agent.parameters(), reference.parameters(), strict=True):
                own.copy_(other)
        for name, propagation in fast.items():
            expected = getattr(reference, name)(inputs)
            np.testing.assert_allclose(propagation.forward(rows), expected.detach().numpy(), rtol=1e-4, atol=1e-4)
            gradient = torch.from_numpy(generator.standard_normal(expected.shape).astype(np.float32))
            expected.backward(gradient)
            propagation.backward(gradient.numpy())
        for (name, own), other in zip(agent.named_parameters(), reference.parameters(), strict=True):
            error = (own.grad - other.grad).norm()
            assert error <= 1e-5 * other.grad.norm() + 1e-6, name
        with torch.no_grad():
            for parameter in agent.parameters():
                parameter.clamp_(min=-1)


def test_what_follows_forget_order_does_not_depend_on_what_came_before(recipe):
    encoding, codes = recipe.world, observed_codes(recipe.world)
    rows = encoding.rows(codes)
    actor = silenced(Agent(encoding.inputs, recipe.hidden_size), np.random.default_rng(1)).actor
    used, fresh = (Propagation(actor, encoding, len(rows), "float32") for _ in range(2))
    for _ in range(3):
        used.forward(rows[:50])
    used.forget_order()
    np.testing.assert_array_equal(used.forward(rows), fresh.forward(rows))
