"""The compiled loops play the policy that the network defines."""

import numpy as np
import pytest
import scipy.stats
import torch

from agent.subjects import agent_of
from goalsplice.agent.fast.episodes import play
from goalsplice.agent.fast.policy import policy_of
from goalsplice.agent.fast.rollout import collect
from goalsplice.agent.ppo import inputs_of
from goalsplice.world.simulator import (
    RUNNING,
    TIMEOUT,
    Worlds,
    act,
    colour_numbers,
    create,
    draw_ball_cell,
    observe,
    reward,
    uniform,
)


def roll(recipe, agent, steps=200, seed=0):
    worlds = create(recipe.num_envs, "training", np.random.default_rng(seed))
    policy = policy_of(agent.actor.state_dict(), recipe.world)
    return collect(worlds, policy, recipe.world, recipe.rules, colour_numbers("training"), 1, steps), worlds


def test_actions_follow_the_networks_probabilities(recipe):
    """Chosen actions' frequencies match the probabilities that PyTorch computes, action by action."""
    agent = agent_of(recipe, seed=2)
    rollout, _ = roll(recipe, agent, steps=1_000)
    with torch.no_grad():
        logits = agent.actor(inputs_of(recipe.world, rollout.codes.ravel()))
    expected = torch.softmax(logits.double(), dim=1).sum(0).numpy()
    assert expected.max() > 2 * expected.min()
    found = np.bincount(rollout.actions.ravel(), minlength=7)
    assert scipy.stats.chisquare(found, expected * found.sum() / expected.sum()).pvalue > 0.001


def test_rewards_and_lengths_fit_the_outcomes(recipe):
    rollout, worlds = roll(recipe, agent_of(recipe))
    for i in range(recipe.num_envs):
        start = 0
        for step in range(len(rollout.codes)):
            outcome = rollout.outcomes[step, i]
            assert rollout.lengths[step, i] == step - start + 1
            assert rollout.rewards[step, i] == np.float32(reward(outcome, step - start + 1, 1, recipe.max_steps))
            assert (rollout.final_codes[step, i] >= 0) == (outcome == TIMEOUT)
            if outcome != RUNNING:
                start = step + 1
        assert worlds.elapsed[i] == len(rollout.codes) - start


def test_worlds_persist_from_rollout_to_rollout(recipe):
    """Two short rollouts see what one long rollout sees."""
    agent = agent_of(recipe)
    whole, _ = roll(recipe, agent, steps=60)
    first, worlds = roll(recipe, agent, steps=25)
    policy = policy_of(agent.actor.state_dict(), recipe.world)
    second = collect(worlds, policy, recipe.world, recipe.rules, colour_numbers("training"), 1, 35)
    for field in ("codes", "actions", "rewards", "outcomes", "lengths", "final_codes"):
        both = np.concatenate([getattr(first, field), getattr(second, field)])
        np.testing.assert_array_equal(both, getattr(whole, field), err_msg=field)
    np.testing.assert_array_equal(first.last_codes, second.codes[0])


@pytest.mark.parametrize("greedy", [False, True])
def test_playing_levels_leaves_them_and_repeats(recipe, greedy):
    levels = create(300, "three_colours", np.random.default_rng(2))
    before = [field.copy() for field in levels]
    policy = policy_of(agent_of(recipe).actor.state_dict(), recipe.world)
    first = play(levels, policy, recipe.world, recipe.rules, greedy)
    again = play(levels, policy, recipe.world, recipe.rules, greedy)
    for field, copy in zip(levels, before, strict=True):
        np.testing.assert_array_equal(field, copy)
    np.testing.assert_array_equal(first, again)
    outcomes, lengths = first
    assert ((outcomes >= 0) & (outcomes < 6)).all()
    assert ((lengths >= 1) & (lengths <= recipe.max_steps)).all()
    assert (lengths[outcomes == TIMEOUT] == recipe.max_steps).all()


@pytest.mark.parametrize("greedy", [False, True])
def test_a_level_plays_alike_beside_others_and_alone(recipe, greedy):
    """What is kept of one level's observations serves others, and so many are met that places are overwritten."""
    levels = create(2000, "three_colours", np.random.default_rng(2))
    policy = policy_of(agent_of(recipe).actor.state_dict(), recipe.world)
    outcomes, lengths = play(levels, policy, recipe.world, recipe.rules, greedy)
    assert lengths.sum() > 20_000
    for some in (slice(120, 140), *(slice(level, level + 1) for level in range(300, 340))):
        part = play(type(levels)(*(field[some].copy() for field in levels)), policy, recipe.world, recipe.rules, greedy)
        np.testing.assert_array_equal(part[0], outcomes[some])
        np.testing.assert_array_equal(part[1], lengths[some])


@pytest.mark.parametrize("greedy", [False, True])
def test_levels_are_played_as_the_network_has_it(recipe, greedy):
    """Step by step beside PyTorch's probabilities. Where those are a tie but for rounding, either action will do."""
    levels = create(12, "three_colours", np.random.default_rng(3))
    agent = agent_of(recipe)
    policy, tables = policy_of(agent.actor.state_dict(), recipe.world), recipe.world.geometry
    outcomes, lengths = play(levels, policy, recipe.world, recipe.rules, greedy)
    plain = Worlds(*(field.copy() for field in levels))
    for level in range(12):
        outcome = RUNNING
        while outcome == RUNNING:
            with torch.no_grad():
                logits = agent.actor(inputs_of(recipe.world, np.array([observe(plain, level, tables)])))[0].double()
            ball_cell, u = draw_ball_cell(plain, level, tables), uniform(plain.stream, level)
            below = torch.softmax(logits, dim=0).cumsum(0)[:-1].numpy()
            assert greedy or abs(below - u).min() > 1e-6, "choose other levels: these have a tie"
            action = int(logits.argmax()) if greedy else int((u >= below).sum())
            outcome = act(plain, level, action, ball_cell, tables, recipe.rules)
        assert (outcome, plain.elapsed[level]) == (outcomes[level], lengths[level])
