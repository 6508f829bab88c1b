"""One episode on each of many levels, in one compiled loop: how networks are tested."""

import numpy as np

from goalsplice.agent.input_layer import gather_relu
from goalsplice.agent.live_inputs import live_dot, live_inputs
from goalsplice.agent.policy import Policy, add, add_relu, sample
from goalsplice.compiled import njit
from goalsplice.world.observation import Encoding, rows
from goalsplice.world.simulator import RUNNING, Rules, Worlds, act, draw_ball_cell, observe, uniform

_WIDTH = 128
"""Levels that run at a time: enough for efficient products, few enough to stay in the processor's cache."""


@njit
def _logits_of(policy, inputs2, inputs3, observation_rows, first, second, out):
    """`policy.logits_of` without silent units, of which one policy's calls learn more and more."""
    gather_relu(policy.table, observation_rows, first)
    live_dot(first, inputs2, second)
    add_relu(second, policy.bias2)
    live_dot(second, inputs3, first)
    add_relu(first, policy.bias3)
    np.dot(first, policy.weight4, out)
    add(out, policy.bias4)


@njit
def _play(levels, policy, tables, rules, greedy, cells, backgrounds, outcomes, lengths):
    count = levels.agent.size
    width = min(count, _WIDTH)
    hidden = policy.table.shape[1]
    codes = np.empty(width, dtype=np.int64)
    observation_rows = np.empty((width, 5), dtype=np.int32)
    first = np.empty((width, hidden), dtype=np.float32)
    second = np.empty((width, hidden), dtype=np.float32)
    logits = np.empty((width, policy.bias4.size), dtype=np.float32)
    inputs2, inputs3 = live_inputs(policy.weight2), live_inputs(policy.weight3)
    # Slot s plays level playing[s]; an ended level makes place for the next, and in the end for the last slot's.
    playing = np.arange(width)
    started, active = width, width
    while active > 0:
        for slot in range(active):
            codes[slot] = observe(levels, playing[slot], tables)
        rows(codes[:active], cells, backgrounds, observation_rows[:active])
        _logits_of(
            policy, inputs2, inputs3, observation_rows[:active], first[:active], second[:active], logits[:active]
        )
        for slot in range(active - 1, -1, -1):
            level = playing[slot]
            ball_cell = draw_ball_cell(levels, level, tables)
            # Drawn also when greedy, so that the ball's stream is the same for both policies.
            u = uniform(levels.stream, level)
            action = np.argmax(logits[slot]) if greedy else sample(logits[slot], u)
            outcome = act(levels, level, action, ball_cell, tables, rules)
            if outcome != RUNNING:
                outcomes[level] = outcome
                lengths[level] = levels.elapsed[level]
                if started < count:
                    playing[slot] = started
                    started += 1
                else:
                    active -= 1
                    playing[slot] = playing[active]


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
