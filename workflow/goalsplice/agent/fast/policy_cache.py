"""What an actor does in an observation, kept for when it is met again: the compiled loops' policy.

A network stays as it is while it plays. So its action probabilities are computed once for an observation: levels have
observations in common, and a network that an edit has broken walks in circles.
"""

from typing import NamedTuple

import numpy as np

from goalsplice.agent.fast.first_layer import gather_relu
from goalsplice.agent.fast.inactive_inputs import ActiveInputs, active_dot, active_inputs
from goalsplice.agent.fast.policy import Policy, add, add_relu, exponentiate
from goalsplice.io.compiled import njit, njit_unowned
from goalsplice.world.observation import rows

_KEPT_BITS = 14
"""2 to this power: observations whose probabilities are kept at a time."""
_ROWS_MULTIPLE = 4
"""Observations are computed in multiples of this: OpenBLAS sums what is left over from groups of four in another order,
and what an actor does in an observation would depend, in its last digit, on how many others are new beside it."""


class CachedPolicy(NamedTuple):
    """A policy that plays up to n worlds at a time, and what is known of it so far.

    Attributes:
        policy: its weights.
        inputs2, inputs3: units that were ever active, before the second and the third layer.
        codes: int64 (K,), the observation whose probabilities each place holds, or -1. An observation has one place.
            Where several have the same, the last one met stands there.
        probabilities: float32 (K, 7), up to a factor.
        new_codes, new_slots: int64 (N,) and (n,), scratch; N is n, rounded up to the next multiple.
        rows: int32 (N, 5), scratch.
        first, second, logits: float32 (N, H), (N, H) and (N, 7), scratch.
        column_maxima: float32 (H,), scratch.
    """

    policy: Policy
    inputs2: ActiveInputs
    inputs3: ActiveInputs
    codes: np.ndarray
    probabilities: np.ndarray
    new_codes: np.ndarray
    new_slots: np.ndarray
    rows: np.ndarray
    first: np.ndarray
    second: np.ndarray
    logits: np.ndarray
    column_maxima: np.ndarray


@njit_unowned
def _padded(count):
    return -(-count // _ROWS_MULTIPLE) * _ROWS_MULTIPLE


@njit
def cached_policy(policy, width):
    """A `CachedPolicy` of which nothing is known yet, for up to `width` worlds at a time."""
    hidden, actions, most = policy.table.shape[1], policy.bias4.size, _padded(width)
    return CachedPolicy(
        policy,
        active_inputs(policy.weight2),
        active_inputs(policy.weight3),
        np.full(1 << _KEPT_BITS, -1, dtype=np.int64),
        np.empty((1 << _KEPT_BITS, actions), dtype=np.float32),
        np.empty(most, dtype=np.int64),
        np.empty(width, dtype=np.int64),
        np.empty((most, 5), dtype=np.int32),
        np.empty((most, hidden), dtype=np.float32),
        np.empty((most, hidden), dtype=np.float32),
        np.empty((most, actions), dtype=np.float32),
        np.empty(hidden, dtype=np.float32),
    )


@njit
def _forward(cached, count):
    """Logits of the first `count` observations in `rows`, into the first rows of `logits`."""
    policy, first, second, logits = cached.policy, cached.first[:count], cached.second[:count], cached.logits[:count]
    gather_relu(policy.table, cached.rows[:count], first, cached.column_maxima)
    active_dot(first, cached.column_maxima, cached.inputs2, second)
    add_relu(second, policy.bias2, cached.column_maxima)
    active_dot(second, cached.column_maxima, cached.inputs3, first)
    add_relu(first, policy.bias3, cached.column_maxima)
    np.dot(first, policy.weight4, logits)
    add(logits, policy.bias4, logits)


@njit_unowned
def _place(code):
    """Where an observation's probabilities are kept: the upper bits of a product (Knuth's multiplicative hashing)."""
    return (np.uint64(code) * np.uint64(0x9E3779B97F4A7C15)) >> np.uint64(64 - _KEPT_BITS)


@njit_unowned
def _choose_likeliest(logits):
    """Overwrite logits with probabilities that leave no choice."""
    best = 0
    for k in range(1, logits.size):
        if logits[k] > logits[best]:
            best = k
    for k in range(logits.size):
        logits[k] = k == best


@njit
def action_probabilities(cached, codes, greedy, cells, backgrounds, probabilities):
    """Action probabilities, up to a factor for each observation, into `probabilities` (n, 7), from codes int64 (n,).

    They do not depend on what else was or is met, but for rounding on processors for which OpenBLAS does not go by
    groups of four rows.

    Args:
        greedy: leave no chance to any action but the likeliest; the same in all calls with one `cached`.
        cells, backgrounds: of the encoding.
    """
    kept, actions = cached.probabilities, probabilities.shape[1]
    new_codes, new_slots, logits = cached.new_codes, cached.new_slots, cached.logits
    new = 0
    for slot in range(codes.size):
        code = codes[slot]
        place = _place(code)
        if cached.codes[place] == code:
            for k in range(actions):
                probabilities[slot, k] = kept[place, k]
        else:
            new_codes[new], new_slots[new] = code, slot
            new += 1
    if new == 0:
        return
    count = _padded(new)
    new_codes[new:count] = new_codes[0]
    rows(new_codes[:count], cells, backgrounds, cached.rows[:count])
    _forward(cached, count)
    for i in range(new):
        if greedy:
            _choose_likeliest(logits[i])
        else:
            exponentiate(logits[i])
        place = _place(new_codes[i])
        cached.codes[place] = new_codes[i]
        for k in range(actions):
            kept[place, k] = probabilities[new_slots[i], k] = logits[i, k]
