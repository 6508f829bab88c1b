"""The fast update is PPO: the same loss, gradients and steps as the plain one with autograd."""

import copy
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from agent import plain_ppo
from goalsplice.agent import ppo
from goalsplice.agent.arithmetic import arithmetic
from goalsplice.agent.network import Agent
from goalsplice.agent.policy import policy_of
from goalsplice.agent.rollout import collect
from goalsplice.world.simulator import TIMEOUT, Rules, colour_numbers, create

TOLERANCE = 1e-5
"""Relative error of gradients, by their norm, in float32."""
AGREEMENT = [(1, 1e-3), (8, 5e-2)]
"""Epochs of an update, and the relative error of what it changes, by its norm. In few steps that is about 1e-6, and a
setting that is off by a hundredth shows. In many, rounding puts a step on the other side of the clip's edge sooner or
later, after which Adam, with moments still tiny, goes another way: up to 4e-2 was seen after two updates."""


def agent_of(recipe, seed: int = 0) -> Agent:
    """An agent with weights large enough that its policy is far from uniform."""
    agent = Agent(recipe.world.inputs, recipe.hidden_size, torch.Generator().manual_seed(seed))
    with torch.no_grad():
        agent.actor.layer4.weight *= 100
    return agent


def rollout_of(recipe, agent, seed: int = 0, max_steps: int = 20):
    """A rollout with short episodes, so that all outcomes occur, timeouts too."""
    worlds = create(recipe.num_envs, "training", np.random.default_rng(seed))
    policy = policy_of(agent.actor.state_dict(), recipe.world)
    rules = Rules(max_steps=max_steps)
    return collect(worlds, policy, recipe.world, rules, colour_numbers("training"), 0, recipe.num_steps)


def relative_error(found: torch.Tensor, expected: torch.Tensor) -> float:
    """Norm of the difference by the norm of the expected."""
    return float((found - expected).norm() / expected.norm())


@pytest.mark.parametrize("seed", range(4))
def test_gradients_are_autograds(recipe, seed):
    """Every parameter's gradient, on random data with both clipped and unclipped steps."""
    agent = agent_of(recipe, seed)
    rollout = rollout_of(recipe, agent, seed)
    generator = np.random.default_rng(seed)
    codes, which = np.unique(rollout.codes.ravel(), return_inverse=True)
    steps = recipe.batch_size
    actions = rollout.actions.ravel()
    old = np.log(generator.uniform(0.05, 1, steps)).astype(np.float32)
    advantages, returns = generator.standard_normal((2, steps)).astype(np.float32)

    reference = copy.deepcopy(agent)
    tensors = [torch.from_numpy(array) for array in (actions, old, advantages, returns)]
    inputs = plain_ppo.inputs_of(recipe.world, rollout.codes.ravel())
    plain_ppo.loss(reference, inputs, slice(None), *tensors, recipe).backward()

    learner = ppo.Learner(agent, recipe)
    rows = recipe.world.rows(codes)
    actor = ppo.Propagation(agent.actor, recipe.world, len(rows), recipe.precision)
    critic = ppo.Propagation(agent.critic, recipe.world, len(rows), recipe.precision)
    logits_gradient, values_gradient = (
        np.empty((len(rows), network.columns), dtype=np.float32) for network in (actor, critic)
    )
    statistics = ppo.surrogate_gradient(
        actor.forward(rows),
        critic.forward(rows),
        which,
        np.arange(steps),
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
    assert 0.2 < statistics[4] < 0.99, "the data has clipped and unclipped steps"
    assert len(rows) < 0.9 * steps, "the data has repeated observations"
    for (name, found), expected in zip(agent.named_parameters(), reference.parameters(), strict=True):
        if expected.grad.norm() > 0:
            assert relative_error(found.grad, expected.grad) < TOLERANCE, name
    whole = torch.cat([parameter.grad.flatten() for parameter in reference.parameters()])
    assert relative_error(learner.flat.grad, whole) < TOLERANCE


@pytest.mark.parametrize("distinct", [False, True])
@pytest.mark.parametrize(("epochs", "tolerance"), AGREEMENT)
def test_updates_are_the_plain_ones(recipe, distinct, epochs, tolerance):
    """After an update, with clipping and Adam, the networks agree to rounding."""
    recipe = replace(recipe, update_epochs=epochs)
    agent = agent_of(recipe)
    reference = copy.deepcopy(agent)
    rollout = rollout_of(recipe, agent)
    optimiser = torch.optim.Adam(
        reference.parameters(), lr=recipe.learning_rate, eps=recipe.adam_epsilon, weight_decay=recipe.weight_decay
    )
    before = torch.cat([parameter.detach().flatten() for parameter in reference.parameters()])
    plain_ppo.update(reference, optimiser, rollout, recipe, np.random.default_rng(7), distinct)
    learner = ppo.Learner(agent, recipe)
    learner.learn(rollout, np.random.default_rng(7))
    expected = torch.cat([parameter.detach().flatten() for parameter in reference.parameters()]) - before
    assert relative_error(learner.flat.detach() - before, expected) < tolerance


def test_padded_rows_change_nothing(recipe, monkeypatch):
    """What reduced precision pads its products with has no part in the update."""
    rollout = rollout_of(recipe, agent_of(recipe))
    updated = []
    for multiple in (1, 32):
        monkeypatch.setitem(ppo._ROWS_MULTIPLE, recipe.precision, multiple)
        learner = ppo.Learner(agent_of(recipe), recipe)
        before = learner.flat.detach().clone()
        learner.learn(rollout, np.random.default_rng(7))
        updated.append(learner.flat.detach() - before)
    assert relative_error(*updated) < 1e-2


def test_medium_precision_is_close(recipe):
    """One update with rounded factors goes the same way; on processors without bfloat16 it is the same."""
    rollout = rollout_of(recipe, agent_of(recipe))
    updated = []
    for precision in ("float32", "medium"):
        rounded = replace(recipe, precision=precision)
        learner = ppo.Learner(agent_of(rounded), rounded)
        before = learner.flat.detach().clone()
        with arithmetic(precision):
            learner.learn(rollout, np.random.default_rng(7))
        updated.append(learner.flat.detach() - before)
    assert float(torch.cosine_similarity(*updated, dim=0)) > 0.9
    assert torch.get_float32_matmul_precision() == "highest"


def test_advantages_are_their_definition(recipe):
    agent = agent_of(recipe)
    rollout = rollout_of(recipe, agent, max_steps=9)
    assert (rollout.outcomes == TIMEOUT).any()
    generator = np.random.default_rng(0)
    values, final_values = generator.standard_normal((2, *rollout.rewards.shape)).astype(np.float32)
    last_values = generator.standard_normal(recipe.num_envs).astype(np.float32)
    arguments = (rollout.rewards, values, rollout.outcomes, final_values, last_values, 0.99, 0.95)
    np.testing.assert_allclose(
        ppo.estimate_advantages(*arguments), plain_ppo.advantages(*arguments), rtol=1e-4, atol=1e-5
    )


def test_statistics_are_what_they_say(recipe):
    """An update with step size 0 leaves the policy: no divergence, nothing clipped, and the entropy of the policy."""
    still = copy.copy(recipe)
    object.__setattr__(still, "learning_rate", 0.0)
    agent = agent_of(still)
    rollout = rollout_of(still, agent)
    losses = ppo.Learner(agent, still).learn(rollout, np.random.default_rng(0))
    logits = agent.actor(plain_ppo.inputs_of(still.world, rollout.codes.ravel()))
    entropy = torch.distributions.Categorical(logits=logits).entropy().mean().item()
    assert losses.entropy == pytest.approx(entropy, rel=1e-4)
    assert losses.approximate_kl == pytest.approx(0, abs=1e-6)
    assert losses.clip_fraction == 0
    assert losses.policy_loss == pytest.approx(0, abs=1e-5)
    assert losses.gradient_norm > 0


@settings(deadline=None)
@given(st.lists(st.integers(0, 20), min_size=1, max_size=60))
def test_distinct_numbers_by_first_occurrence(values):
    which, steps = np.array([99, *values]), np.arange(1, 1 + len(values))
    chosen, local = np.empty(steps.size, dtype=np.int64), np.empty(steps.size, dtype=np.int64)
    count = ppo.distinct(which, steps, np.empty(21, dtype=np.int64), chosen, local)
    assert chosen[:count].tolist() == list(dict.fromkeys(values))
    assert chosen[local].tolist() == values
