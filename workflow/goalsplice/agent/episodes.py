"""One episode on each of many levels, in one compiled loop: how networks are tested.

A network stays as it is while it is tested, so what it does in an observation is kept for when that is met again:
levels have observations in common, and a network that an edit has broken walks in circles.
"""

import numpy as np

from goalsplice.agent.input_layer import gather_relu
from goalsplice.agent.live_inputs import live_dot, live_inputs
from goalsplice.agent.policy import Policy, add, add_relu, draw, exponentiate
from goalsplice.compiled import njit, njit_unowned
from goalsplice.world.observation import Encoding, rows
from goalsplice.world.simulator import RUNNING, Rules, Worlds, act, draw_ball_cell, observe, uniform

_WIDTH = 128
"""Levels that run at a time: enough for efficient products, few enough to stay in the processor's cache."""
_KEPT_BITS = 14
"""2 to this power: observations whose chances are kept at a time."""


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


@njit_unowned
def _place(code):
    """Where an observation's chances are kept: the upper bits of a product (Knuth's multiplicative hashing)."""
    return (np.uint64(code) * np.uint64(0x9E3779B97F4A7C15)) >> np.uint64(64 - _KEPT_BITS)


@njit_unowned
def _choose_likeliest(logits):
    """Overwrite logits with chances that leave no choice."""
    best = 0
    for k in range(1, logits.size):
        if logits[k] > logits[best]:
            best = k
    for k in range(logits.size):
        logits[k] = k == best


@njit
def _play(levels, policy, tables, rules, greedy, cells, backgrounds, outcomes, lengths):
    count = levels.agent.size
    width = min(count, _WIDTH)
    hidden, actions = policy.table.shape[1], policy.bias4.size
    chances = np.empty((width, actions), dtype=np.float32)
    # An observation has one place. Where several have the same, the last one met stands there.
    kept_codes = np.full(1 << _KEPT_BITS, -1, dtype=np.int64)
    kept_chances = np.empty((1 << _KEPT_BITS, actions), dtype=np.float32)
    # One row more than there can be: a product has two at least.
    new_codes = np.empty(width + 1, dtype=np.int64)
    new_slots = np.empty(width, dtype=np.int64)
    observation_rows = np.empty((width + 1, 5), dtype=np.int32)
    first = np.empty((width + 1, hidden), dtype=np.float32)
    second = np.empty((width + 1, hidden), dtype=np.float32)
    logits = np.empty((width + 1, actions), dtype=np.float32)
    inputs2, inputs3 = live_inputs(policy.weight2), live_inputs(policy.weight3)
    # Slot s plays level playing[s]; an ended level makes place for the next, and in the end for the last slot's.
    playing = np.arange(width)
    started, active = width, width
    while active > 0:
        new = 0
        for slot in range(active):
            code = observe(levels, playing[slot], tables)
            place = _place(code)
            if kept_codes[place] == code:
                for k in range(actions):
                    chances[slot, k] = kept_chances[place, k]
            else:
                new_codes[new], new_slots[new] = code, slot
                new += 1
        if new > 0:
            # A single row would be summed in another order (`live_dot`), and what a network does in an observation
            # would depend on what else was met.
            new_codes[new] = new_codes[0]
            computed = max(new, 2)
            rows(new_codes[:computed], cells, backgrounds, observation_rows[:computed])
            _logits_of(
                policy,
                inputs2,
                inputs3,
                observation_rows[:computed],
                first[:computed],
                second[:computed],
                logits[:computed],
            )
        for i in range(new):
            if greedy:
                _choose_likeliest(logits[i])
            else:
                exponentiate(logits[i])
            place = _place(new_codes[i])
            kept_codes[place] = new_codes[i]
            for k in range(actions):
                kept_chances[place, k] = chances[new_slots[i], k] = logits[i, k]
        for slot in range(active - 1, -1, -1):
            level = playing[slot]
            ball_cell = draw_ball_cell(levels, level, tables)
            # Drawn also when greedy, so that the ball's stream is the same for both policies.
            action = draw(chances[slot], uniform(levels.stream, level))
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
