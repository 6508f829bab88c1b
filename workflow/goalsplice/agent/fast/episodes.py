"""One episode on each of many levels, in one compiled loop: how networks are tested."""

import numpy as np

from goalsplice.agent.fast.policy import Policy, draw
from goalsplice.agent.fast.policy_cache import action_probabilities, cached_policy
from goalsplice.io.compiled import njit
from goalsplice.world.observation import Encoding
from goalsplice.world.simulator import RUNNING, Rules, Worlds, act, draw_ball_cell, observe, uniform

_WIDTH = 128
"""Levels that run at a time: enough for efficient products, few enough to stay in the processor's cache."""


@njit
def _play(levels, policy, tables, rules, greedy, cells, backgrounds, outcomes, lengths):
    count = levels.agent.size
    width = min(count, _WIDTH)
    cached = cached_policy(policy, width)
    codes = np.empty(width, dtype=np.int64)
    probabilities = np.empty((width, policy.bias4.size), dtype=np.float32)
    # Slot s plays level playing[s]; an ended level makes place for the next, and in the end for the last slot's.
    playing = np.arange(width)
    started, running = width, width
    while running > 0:
        for slot in range(running):
            codes[slot] = observe(levels, playing[slot], tables)
        action_probabilities(cached, codes[:running], greedy, cells, backgrounds, probabilities)
        for slot in range(running - 1, -1, -1):
            level = playing[slot]
            ball_cell = draw_ball_cell(levels, level, tables)
            # Drawn also when greedy, so that the ball's stream is the same for both policies.
            action = draw(probabilities[slot], uniform(levels.stream, level))
            outcome = act(levels, level, action, ball_cell, tables, rules)
            if outcome != RUNNING:
                outcomes[level] = outcome
                lengths[level] = levels.elapsed[level]
                if started < count:
                    playing[slot] = started
                    started += 1
                else:
                    running -= 1
                    playing[slot] = playing[running]


def play(
    levels: Worlds, policy: Policy, encoding: Encoding, rules: Rules, greedy: bool
) -> tuple[np.ndarray, np.ndarray]:
    """Play each level once, to its end: outcomes and lengths in steps, both int64 (n,). `levels` stay as they are.

    Args:
        greedy: take the likeliest action, instead of sampling.
    """
    outcomes = np.empty(levels.agent.size, dtype=np.int64)
    lengths = np.empty(levels.agent.size, dtype=np.int64)
    _play(
        Worlds(*(field.copy() for field in levels)),
        policy,
        encoding.geometry,
        rules,
        greedy,
        encoding.cells,
        encoding.backgrounds,
        outcomes,
        lengths,
    )
    return outcomes, lengths
