"""The plain update does what its formulas say, by hand and by definition."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from agent.subjects import agent_of, relative_error, rollouts_of, vector
from goalsplice.agent import ppo
from goalsplice.agent.rollout import NO_CODE
from goalsplice.world.simulator import RUNNING, TIMEOUT

KEY = 0
"""An outcome that ends an episode in earnest."""


def gae_by_definition(rewards, values, outcomes, final_values, last_values, gamma, gae_lambda) -> np.ndarray:
    """GAE as it is defined: each step's discounted sum of later errors, in float64."""
    steps, count = rewards.shape
    out = np.zeros(rewards.shape)
    for i in range(count):
        for start in range(steps):
            weight = 1.0
            for t in range(start, steps):
                ended, truncated = outcomes[t, i] != RUNNING, outcomes[t, i] == TIMEOUT
                following = values[t + 1, i] if t + 1 < steps else last_values[i]
                following = final_values[t, i] if truncated else 0.0 if ended else following
                out[start, i] += weight * (rewards[t, i] + gamma * following - values[t, i])
                if ended:
                    break
                weight *= gamma * gae_lambda
    return out


def test_advantages_are_their_definition(recipe):
    (rollout,) = rollouts_of(recipe, agent_of(recipe), max_steps=9)
    assert {RUNNING, TIMEOUT} < set(rollout.outcomes.ravel().tolist())
    generator = np.random.default_rng(0)
    values, final_values = generator.standard_normal((2, *rollout.rewards.shape)).astype(np.float32)
    final_values[rollout.outcomes != TIMEOUT] = 0
    last_values = generator.standard_normal(recipe.num_envs).astype(np.float32)
    arguments = (rollout.rewards, values, rollout.outcomes, final_values, last_values, 0.99, 0.95)
    found = ppo.estimate_advantages(*arguments)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, gae_by_definition(*arguments), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    ("outcome", "final_value", "after_first"),
    [(RUNNING, 0, 0.5 * 3 + 0.25 * (5 + 0.5 * 7 - 3)), (KEY, 0, 0), (TIMEOUT, 11, 0.5 * 11)],
    ids=["goes on", "ended", "truncated"],
)
def test_what_follows_a_step_counts_by_how_it_ended(outcome, final_value, after_first):
    """Two steps of one world, with discount and lambda a half; the first pays 1, the second 5."""
    column = (np.array([[one], [other]], dtype=np.float32) for one, other in ((1, 5), (2, 3), (final_value, 0)))
    rewards, values, final_values = column
    outcomes, last_values = np.array([[outcome], [RUNNING]]), np.array([7], dtype=np.float32)
    found = ppo.estimate_advantages(rewards, values, outcomes, final_values, last_values, 0.5, 0.5)
    np.testing.assert_allclose(found[:, 0], [1 - 2 + after_first, 5 + 0.5 * 7 - 3])


def test_values_find_their_places(recipe):
    """Each observation's value is its code, so what is computed of it says which observation it was."""
    (rollout,) = rollouts_of(recipe, agent_of(recipe), max_steps=9)
    codes = np.unique(ppo.observations(rollout))

    def values(of: np.ndarray) -> np.ndarray:
        return np.where(of == NO_CODE, 0, np.searchsorted(codes, of)).astype(np.float32)

    found = ppo.advantages_and_returns(rollout, values(ppo.observations(rollout)), recipe)
    parts = (values(part) for part in (rollout.codes, rollout.final_codes, rollout.last_codes))
    of_steps, of_final, of_last = parts
    expected = gae_by_definition(
        rollout.rewards, of_steps, rollout.outcomes, of_final, of_last, recipe.gamma, recipe.gae_lambda
    )
    np.testing.assert_allclose(found[0], expected.ravel(), rtol=1e-4, atol=1e-3)
    np.testing.assert_allclose(found[1], (expected + of_steps).ravel(), rtol=1e-4, atol=1e-3)


def test_the_loss_by_hand(recipe):
    """Four steps of two actions, of which each bound of the clip decides one: above for a gain, below for a loss."""
    recipe = replace(recipe, clip_coefficient=0.2, entropy_coefficient=0.1, value_coefficient=0.5)
    chance, taken, old = [0.5, 0.9, 0.2, 0.3], [0, 0, 1, 0], [0.45, 0.6, 0.5, 0.6]
    advantages, values, returns = [1.0, 3.0, 5.0, -1.0], [1.0, 2.0, 3.0, 0.0], [2.0, 2.0, 1.0, 0.0]
    logits = torch.tensor([[math.log(p), math.log(1 - p)] for p in chance])
    steps = ppo.Steps(
        torch.tensor(taken)[:, None] == torch.arange(2), *(torch.tensor(part) for part in (old, advantages, returns))
    )
    steps = steps._replace(old_log_probabilities=steps.old_log_probabilities.log())
    loss, statistics = ppo.surrogate_loss(logits, torch.tensor(values), steps, recipe)

    ratios = [(1 - p if action else p) / was for p, action, was in zip(chance, taken, old, strict=True)]
    assert ratios == pytest.approx([0.5 / 0.45, 1.5, 1.6, 0.5])
    deviation = (20 / 3) ** 0.5  # Of advantages 1, 3, 5 and -1, whose mean is 2, with ddof=1.
    normal = [part / deviation for part in (-1, 1, 3, -3)]
    # The first within the clip; then twice a gain that counts as 1.2; and a loss that counts as 0.8, though it is 0.5.
    policy = -(normal[0] * ratios[0] + normal[1] * 1.2 + normal[2] * 1.2 + normal[3] * 0.8) / 4
    value = 0.5 * (1 + 0 + 4 + 0) / 4
    entropy = sum(-p * math.log(p) - (1 - p) * math.log(1 - p) for p in chance) / 4
    kl = sum(r - 1 - math.log(r) for r in ratios) / 4
    assert statistics.tolist() == pytest.approx([policy, value, entropy, kl, 3 / 4], rel=1e-5)
    assert loss.item() == pytest.approx(policy - 0.1 * entropy + 0.5 * value, rel=1e-5)


def test_log_probabilities_of_the_actions_taken():
    log_probabilities = torch.randn(5, 7)
    actions = torch.tensor([0, 6, 3, 3, 1])
    found = ppo.of_taken(log_probabilities, actions[:, None] == torch.arange(7))
    assert torch.equal(found, log_probabilities[torch.arange(5), actions])


def test_places_pick_steps_from_every_part():
    count = 6
    steps = ppo.Steps(*(torch.arange(count) + 10 * part for part in range(len(ppo.Steps._fields))))
    for part, picked in enumerate(steps.at(torch.tensor([4, 1]))):
        assert picked.tolist() == [4 + 10 * part, 1 + 10 * part]


@pytest.mark.parametrize("decoupled", [False, True])
def test_a_first_step_by_hand(recipe, decoupled):
    """One minibatch of all steps: no ratio has left 1, and Adam divides the gradient by its own size."""
    recipe = replace(recipe, update_epochs=1, minibatches=1, weight_decay=0.1, decoupled_decay=decoupled)
    agent = agent_of(recipe)
    (rollout,) = rollouts_of(recipe, agent)
    weights = torch.from_numpy(vector(agent))

    inputs, last, final = (
        ppo.inputs_of(recipe.world, codes)
        for codes in (rollout.codes.ravel(), rollout.last_codes, np.maximum(rollout.final_codes.ravel(), 0))
    )
    shape = rollout.rewards.shape
    with torch.no_grad():
        values, final_values = (agent.critic(part).numpy().reshape(shape) for part in (inputs, final))
        last_values = agent.critic(last).numpy().ravel()
    advantages = gae_by_definition(
        rollout.rewards, values, rollout.outcomes, final_values, last_values, recipe.gamma, recipe.gae_lambda
    )
    normal = torch.from_numpy((advantages - advantages.mean()) / advantages.std(ddof=1)).float().ravel()
    policy = torch.distributions.Categorical(logits=agent.actor(inputs))
    gain = (normal * policy.log_prob(torch.from_numpy(rollout.actions.ravel()))).mean()
    errors = agent.critic(inputs)[:, 0] - torch.from_numpy((advantages + values).astype(np.float32).ravel())
    loss = recipe.value_coefficient * errors.square().mean() / 2 - recipe.entropy_coefficient * policy.entropy().mean()
    parts = torch.autograd.grad(loss - gain, list(agent.parameters()))
    gradient = torch.cat([part.flatten() for part in parts])
    norm = float(gradient.norm())
    gradient = gradient * min(1, recipe.max_gradient_norm / norm)
    if decoupled:
        decayed = weights * (1 - recipe.learning_rate * recipe.weight_decay)
    else:
        gradient, decayed = gradient + recipe.weight_decay * weights, weights
    expected = decayed - recipe.learning_rate * gradient / (gradient.abs() + recipe.adam_epsilon)

    losses = ppo.PlainLearner(agent, recipe).learn(rollout, np.random.default_rng(0))
    assert relative_error(vector(agent) - weights.numpy(), (expected - weights).numpy()) < 1e-3
    assert losses.gradient_norm == pytest.approx(norm, rel=1e-4)
    assert losses.clip_fraction == 0


def test_each_epoch_takes_every_step_once_in_the_order_that_is_drawn(recipe, monkeypatch):
    learner, taken = ppo.PlainLearner(agent_of(recipe), recipe), []
    outputs = learner.outputs
    monkeypatch.setattr(learner, "outputs", lambda inputs, places: taken.append(places) or outputs(inputs, places))
    learner.learn(*rollouts_of(recipe, learner.agent), np.random.default_rng(5))
    assert len(taken) == recipe.update_epochs * recipe.minibatches
    epochs = np.concatenate(taken).reshape(recipe.update_epochs, recipe.batch_size)
    generator = np.random.default_rng(5)
    for epoch in epochs:
        np.testing.assert_array_equal(epoch, generator.permutation(recipe.batch_size))


def test_adam_remembers_the_last_update(recipe):
    """The second of two updates is not what a new learner would make of the same rollout."""
    recipe = replace(recipe, update_epochs=1)
    agent, other = agent_of(recipe), agent_of(recipe)
    first, second = rollouts_of(recipe, agent, count=2)
    learner = ppo.PlainLearner(agent, recipe)
    learner.learn(first, np.random.default_rng(1))
    other.load_state_dict(agent.state_dict())
    before = vector(agent)
    learner.learn(second, np.random.default_rng(2))
    ppo.PlainLearner(other, recipe).learn(second, np.random.default_rng(2))
    assert relative_error(vector(other) - before, vector(agent) - before) > 0.05
    np.testing.assert_array_equal(learner.flat.detach(), vector(agent))
