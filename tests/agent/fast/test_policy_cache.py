"""What is kept of an actor is what it does, whatever was met before and is met beside it."""

import numpy as np
import pytest
import torch

from agent.subjects import agent_of, observed_codes
from goalsplice.agent.fast.policy import policy_of
from goalsplice.agent.fast.policy_cache import action_probabilities, cached_policy
from goalsplice.agent.ppo import inputs_of
from goalsplice.io.compiled import njit


@njit
def _in_turn(policy, width, codes, ends, greedy, cells, backgrounds, out):
    cached = cached_policy(policy, width)
    for number in range(ends.size - 1):
        batch = slice(ends[number], ends[number + 1])
        action_probabilities(cached, codes[batch], greedy, cells, backgrounds, out[batch])


def probabilities(agent, encoding, batches: list[np.ndarray], greedy: bool) -> np.ndarray:
    """Of one actor, batch after batch."""
    codes, ends = np.concatenate(batches), np.cumsum([0, *map(len, batches)])
    out = np.full((len(codes), 7), np.nan, dtype=np.float32)
    policy = policy_of(agent.actor.state_dict(), encoding)
    _in_turn(policy, max(map(len, batches)), codes, ends, greedy, encoding.cells, encoding.backgrounds, out)
    return out


@pytest.mark.parametrize("greedy", [False, True])
def test_action_probabilities_are_the_networks(recipe, greedy):
    agent, encoding = agent_of(recipe), recipe.world
    codes = observed_codes(encoding)
    with torch.no_grad():
        expected = torch.softmax(agent.actor(inputs_of(encoding, codes)), dim=1).numpy()
    found = probabilities(agent, encoding, [codes], greedy)
    if greedy:
        np.testing.assert_array_equal(found.sum(axis=1), 1)
        best = np.take_along_axis(expected, found.argmax(axis=1)[:, None], axis=1)[:, 0]
        np.testing.assert_allclose(best, expected.max(axis=1), rtol=1e-4)
    else:
        np.testing.assert_allclose(found / found.sum(axis=1, keepdims=True), expected, rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("greedy", [False, True])
def test_they_do_not_depend_on_what_was_met_before_or_is_met_beside(recipe, greedy):
    agent, encoding, generator = agent_of(recipe), recipe.world, np.random.default_rng(0)
    codes = observed_codes(encoding)
    whole = dict(zip(codes.tolist(), probabilities(agent, encoding, [codes], greedy), strict=True))
    # Batches of one and of many, with repetitions within them and between them.
    batches = [generator.choice(codes, size) for size in (1, 1, 2, 50, 3, 200, 1, 400)]
    found = probabilities(agent, encoding, batches, greedy)
    expected = [whole[code] for code in np.concatenate(batches).tolist()]
    # On some processors the last digit differs.
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-7)


def test_observations_that_share_a_place_are_told_apart(recipe):
    """So many are met that each place is overwritten about twice."""
    agent, encoding, generator = agent_of(recipe), recipe.world, np.random.default_rng(0)
    many = np.unique(np.concatenate([observed_codes(encoding, 40_000)]))
    assert len(many) > 20_000
    batches = np.array_split(generator.permutation(many), 200)
    first = probabilities(agent, encoding, batches, False)
    again = probabilities(agent, encoding, [*batches, *batches], False)
    np.testing.assert_allclose(again, np.concatenate([first, first]), rtol=1e-5, atol=1e-7)
