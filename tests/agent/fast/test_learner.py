"""The fast update is the plain one of `agent/ppo.py`: the same gradients, steps and losses, but for rounding."""

import copy
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from agent.subjects import EPOCHS, STARTS, agent_of, agree, relative_error, rollouts_of, vector
from goalsplice.agent import training
from goalsplice.agent.fast import learner as fast
from goalsplice.agent.fast.backprop import Propagation
from goalsplice.agent.numerics import arithmetic
from goalsplice.agent.ppo import PlainLearner, Steps, inputs_of, surrogate_loss

TOLERANCE = 1e-5
"""Relative error of gradients, by their norm, in float32."""


@pytest.mark.parametrize("seed", range(4))
def test_gradients_are_autograds(recipe, seed):
    """Every parameter's gradient, on random data with both clipped and unclipped steps."""
    agent = agent_of(recipe, seed)
    (rollout,) = rollouts_of(recipe, agent, seed)
    generator = np.random.default_rng(seed)
    codes, inverse = np.unique(rollout.codes.ravel(), return_inverse=True)
    actions = rollout.actions.ravel()
    old = np.log(generator.uniform(0.05, 1, actions.size)).astype(np.float32)
    advantages, returns = generator.standard_normal((2, actions.size)).astype(np.float32)

    reference = copy.deepcopy(agent)
    inputs = inputs_of(recipe.world, rollout.codes.ravel())
    taken = torch.from_numpy(actions)[:, None] == torch.arange(7)
    steps = Steps(taken, *(torch.from_numpy(array) for array in (old, advantages, returns)))
    loss, expected = surrogate_loss(reference.actor(inputs), reference.critic(inputs)[:, 0], steps, recipe)
    loss.backward()

    learner = fast.Learner(agent, recipe)
    rows = recipe.world.rows(codes)
    actor, critic = (
        Propagation(network, recipe.world, len(rows), recipe.precision) for network in (agent.actor, agent.critic)
    )
    logits_gradient, values_gradient = (
        np.empty((len(rows), network.columns), dtype=np.float32) for network in (actor, critic)
    )
    statistics = fast.surrogate_gradient(
        actor.forward(rows),
        critic.forward(rows),
        inverse,
        np.arange(actions.size),
        actions,
        old,
        advantages,
        returns,
        recipe.clip_coefficient,
        recipe.entropy_coefficient,
        recipe.value_coefficient,
        logits_gradient,
        values_gradient,
    )
    actor.backward(logits_gradient)
    critic.backward(values_gradient)
    np.testing.assert_allclose(statistics, expected, rtol=1e-4, atol=1e-5)
    assert 0.2 < statistics[4] < 0.99, "the data has clipped and unclipped steps"
    assert len(rows) < 0.9 * actions.size, "the data has repeated observations"
    for (name, found), own in zip(agent.named_parameters(), reference.parameters(), strict=True):
        if own.grad.norm() > 0:
            assert relative_error(found.grad.numpy(), own.grad.numpy()) < TOLERANCE, name
    whole = torch.cat([parameter.grad.flatten() for parameter in reference.parameters()])
    assert relative_error(learner.flat.grad.numpy(), whole.numpy()) < TOLERANCE


@pytest.mark.parametrize("decoupled", [False, True])
def test_updates_are_the_plain_ones(recipe, decoupled):
    """After two updates, with clipping and Adam, weights agree to rounding, and so does what the updates report."""
    recipe = replace(recipe, update_epochs=1, weight_decay=0.01, decoupled_decay=decoupled)
    errors, differences = [], []
    for seed in STARTS:
        agents, generators = [agent_of(recipe, seed) for _ in range(2)], [np.random.default_rng(7) for _ in range(2)]
        before, rollouts = vector(agents[0]), rollouts_of(recipe, agents[0], seed, count=2)
        learners = fast.Learner(agents[0], recipe), PlainLearner(agents[1], recipe)
        found, expected = (
            [learner.learn(rollout, generator) for rollout in rollouts]
            for learner, generator in zip(learners, generators, strict=True)
        )
        errors.append(relative_error(*(vector(agent) - before for agent in agents)))
        differences.append(np.abs(np.subtract(found, expected)) / (1e-4 + 1e-3 * np.abs(expected)))
        states = [generator.bit_generator.state for generator in generators]
        assert states[0] == states[1], "as many random numbers are drawn"
    assert agree(errors), errors
    assert (np.median(differences, axis=0) < 1).all(), differences


def test_a_run_trains_with_either(recipe, arm):
    """Two rollouts and their updates, from a run's own start: the same episodes, and weights that agree to rounding.

    Errors were 3e-7 to 1e-6. From one start or another rounding may once decide for an action, so most of them count.
    """
    errors, alike = [], []
    for seed in STARTS:
        runs = [training.Training(replace(recipe, update_epochs=EPOCHS), arm, seed) for _ in range(2)]
        runs[1].learner = PlainLearner(runs[1].learner.agent, runs[1].recipe)
        before = vector(runs[0].learner.agent)
        rows = [[run.advance().row for _ in range(2)] for run in runs]
        one, other = ([(row["episodes"], row["mean_length"]) for row in of_run] for of_run in rows)
        alike.append(one == other)
        errors.append(relative_error(*(vector(run.learner.agent) - before for run in runs)))
    assert sum(alike) >= 4
    assert np.median(errors) < 1e-5, errors


def change(recipe, seed: int) -> np.ndarray:
    """What an update changes in the weights."""
    learner = fast.Learner(agent_of(recipe, seed), recipe)
    before = vector(learner.agent)
    learner.learn(*rollouts_of(recipe, learner.agent, seed), np.random.default_rng(7))
    return vector(learner.agent) - before


def test_padded_rows_change_nothing(recipe, monkeypatch):
    """What reduced precision pads its products with has no part in the update."""
    recipe, changes = replace(recipe, update_epochs=EPOCHS), []
    for multiple in (1, 32):
        monkeypatch.setitem(fast._ROWS_MULTIPLE, recipe.precision, multiple)
        changes.append([change(recipe, seed) for seed in STARTS])
    errors = [relative_error(*two) for two in zip(*changes, strict=True)]
    assert agree(errors), errors


def test_medium_precision_is_close(recipe):
    """One update with rounded factors goes the same way; on processors without bfloat16 it is the same."""
    changes = []
    for precision in ("float32", "medium"):
        with arithmetic(precision):
            changes.append(change(replace(recipe, precision=precision, update_epochs=EPOCHS), 0))
    one, other = changes
    assert one @ other > 0.9 * np.linalg.norm(one) * np.linalg.norm(other)
    assert torch.get_float32_matmul_precision() == "highest"


@pytest.mark.parametrize("learner", [fast.Learner, PlainLearner])
def test_statistics_are_what_they_say(recipe, learner):
    """An update with step size 0 leaves the policy: no divergence, nothing clipped, and the entropy of the policy."""
    still = replace(recipe, learning_rate=0.0)
    agent = agent_of(still)
    (rollout,) = rollouts_of(still, agent)
    losses = learner(agent, still).learn(rollout, np.random.default_rng(0))
    logits = agent.actor(inputs_of(still.world, rollout.codes.ravel()))
    entropy = torch.distributions.Categorical(logits=logits).entropy().mean().item()
    assert losses.entropy == pytest.approx(entropy, rel=1e-4)
    assert losses.approximate_kl == pytest.approx(0, abs=1e-6)
    assert losses.clip_fraction == 0
    assert losses.policy_loss == pytest.approx(0, abs=1e-5)
    assert losses.gradient_norm > 0


@given(st.lists(st.integers(0, 20), min_size=1, max_size=60))
def test_unique_numbers_by_first_occurrence(values):
    inverse, steps = np.array([99, *values]), np.arange(1, 1 + len(values))
    chosen, local = np.empty(steps.size, dtype=np.int64), np.empty(steps.size, dtype=np.int64)
    count = fast.unique(inverse, steps, np.empty(21, dtype=np.int64), chosen, local)
    assert chosen[:count].tolist() == list(dict.fromkeys(values))
    assert chosen[local].tolist() == values
