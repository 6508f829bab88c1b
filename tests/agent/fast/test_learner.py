"""The fast update is PPO: the same loss, gradients and steps as the plain one with autograd."""

import copy
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from agent import plain_ppo
from goalsplice.agent.fast import learner as ppo
from goalsplice.agent.fast.policy import policy_of
from goalsplice.agent.fast.rollout import collect
from goalsplice.agent.network import Agent
from goalsplice.agent.numerics import arithmetic
from goalsplice.world.simulator import TIMEOUT, Rules, colour_numbers, create

TOLERANCE = 1e-5
"""Relative error of gradients, by their norm, in float32."""
EPOCHS, STARTS = 2, range(5)
"""Epochs of a whole update that is compared with another one, and seeds of the networks and rollouts that it is for.

Rounding decides for a step at the clip's edge, and for a unit at zero that speaks for one observation. Adam, with
moments still tiny, makes whole steps of that: from the first of these starts, with weights disturbed by 1e-6 of
themselves, more than half of the updates were 2e-2 off after two epochs, and 5e-2 after eight. Of rounding alone it is
rare, and does not happen in most of several updates, whatever the processor and the number of threads."""


def agree(errors: list[float]) -> bool:
    """Whether relative errors of what updates change, one for each of `STARTS`, are such as rounding makes.

    Most were below 4e-6, on several kernels and one or two threads, and single ones 1e-4. With a step size that is off
    by a hundredth they are 3e-2.
    """
    return np.median(errors) < 1e-4 and max(errors) < 0.1


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
    codes, inverse = np.unique(rollout.codes.ravel(), return_inverse=True)
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
        inverse,
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
def test_updates_are_the_plain_ones(recipe, distinct):
    """After an update, with clipping and Adam, the networks agree to rounding."""
    recipe, errors = replace(recipe, update_epochs=EPOCHS), []
    for seed in STARTS:
        agent = agent_of(recipe, seed)
        reference = copy.deepcopy(agent)
        rollout = rollout_of(recipe, agent, seed)
        optimiser = torch.optim.Adam(
            reference.parameters(), lr=recipe.learning_rate, eps=recipe.adam_epsilon, weight_decay=recipe.weight_decay
        )
        before = torch.cat([parameter.detach().flatten() for parameter in reference.parameters()])
        plain_ppo.update(reference, optimiser, rollout, recipe, np.random.default_rng(7), distinct)
        learner = ppo.Learner(agent, recipe)
        learner.learn(rollout, np.random.default_rng(7))
        expected = torch.cat([parameter.detach().flatten() for parameter in reference.parameters()]) - before
        errors.append(relative_error(learner.flat.detach() - before, expected))
    assert agree(errors), errors


def change(recipe, seed: int) -> torch.Tensor:
    """What an update changes in the weights."""
    learner = ppo.Learner(agent_of(recipe, seed), recipe)
    before = learner.flat.detach().clone()
    learner.learn(rollout_of(recipe, learner.agent, seed), np.random.default_rng(7))
    return learner.flat.detach() - before


def test_padded_rows_change_nothing(recipe, monkeypatch):
    """What reduced precision pads its products with has no part in the update."""
    recipe, changes = replace(recipe, update_epochs=EPOCHS), []
    for multiple in (1, 32):
        monkeypatch.setitem(ppo._ROWS_MULTIPLE, recipe.precision, multiple)
        changes.append([change(recipe, seed) for seed in STARTS])
    errors = [relative_error(*two) for two in zip(*changes, strict=True)]
    assert agree(errors), errors


def test_medium_precision_is_close(recipe):
    """One update with rounded factors goes the same way; on processors without bfloat16 it is the same."""
    changes = []
    for precision in ("float32", "medium"):
        with arithmetic(precision):
            changes.append(change(replace(recipe, precision=precision, update_epochs=EPOCHS), 0))
    assert float(torch.cosine_similarity(*changes, dim=0)) > 0.9
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
def test_unique_numbers_by_first_occurrence(values):
    inverse, steps = np.array([99, *values]), np.arange(1, 1 + len(values))
    chosen, local = np.empty(steps.size, dtype=np.int64), np.empty(steps.size, dtype=np.int64)
    count = ppo.unique(inverse, steps, np.empty(21, dtype=np.int64), chosen, local)
    assert chosen[:count].tolist() == list(dict.fromkeys(values))
    assert chosen[local].tolist() == values
