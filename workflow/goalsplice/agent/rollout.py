"""The agent in the world: one compiled loop for a whole rollout, and one for a set of levels.

Both compute the policy from the actor's weights by the same few products as `network.py`, for the worlds that are
running, and step the worlds of `world/simulator.py` in between. Nothing else is computed on the way: values and
log-probabilities follow in one batch when the rollout is complete (`ppo.py`).
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from torch import Tensor

from goalsplice.agent.input_layer import gather_relu, table_of
from goalsplice.compiled import njit
from goalsplice.world.observation import Encoding, rows
from goalsplice.world.simulator import (
    RUNNING,
    TIMEOUT,
    Rules,
    Worlds,
    act,
    draw_ball_cell,
    observe,
    reset,
    reward,
    uniform,
)
from goalsplice.world.vocabulary import ACTIONS

NO_CODE = -1


class Policy(NamedTuple):
    """An actor's weights, laid out for the compiled loops: float32.

    Attributes:
        table: (R, H), the first layer (`input_layer.table_of`).
        weight2, weight3, weight4: (H, H), (H, H), (H, 7), transposed.
        bias2, bias3, bias4: (H,), (H,), (7,).
    """

    table: np.ndarray
    weight2: np.ndarray
    bias2: np.ndarray
    weight3: np.ndarray
    bias3: np.ndarray
    weight4: np.ndarray
    bias4: np.ndarray


def policy_of(actor: Mapping[str, Tensor], encoding: Encoding) -> Policy:
    """The `Policy` of an actor, given as its state dict, that sees the world through `encoding`."""
    weights = {name: tensor.detach().cpu().numpy() for name, tensor in actor.items()}
    later = [
        part
        for layer in ("layer2", "layer3", "layer4")
        for part in (np.ascontiguousarray(weights[f"{layer}.weight"].T), weights[f"{layer}.bias"])
    ]
    return Policy(table_of(encoding, weights["layer1.weight"], weights["layer1.bias"]), *later)


@njit
def _logits(policy, observation_rows, first, second, out):
    """Logits (n, 7) into `out`; `first` and `second` are scratch (n, H)."""
    gather_relu(policy.table, observation_rows, first)
    np.dot(first, policy.weight2, second)
    _add_relu(second, policy.bias2)
    np.dot(second, policy.weight3, first)
    _add_relu(first, policy.bias3)
    np.dot(first, policy.weight4, out)
    for i in range(out.shape[0]):
        for k in range(out.shape[1]):
            out[i, k] += policy.bias4[k]


@njit
def _add_relu(values, bias):
    for i in range(values.shape[0]):
        for k in range(values.shape[1]):
            values[i, k] = max(values[i, k] + bias[k], np.float32(0))


@njit
def _sample(logits, u):
    """Action drawn from softmax(logits) with the uniform number u, by the inverse of the distribution function."""
    top = logits.max()
    total = 0.0
    for k in range(logits.size):
        total += np.exp(logits[k] - top)
    threshold, below = u * total, 0.0
    for k in range(logits.size - 1):
        below += np.exp(logits[k] - top)
        if threshold < below:
            return k
    return logits.size - 1


class Rollout(NamedTuple):
    """What T steps of N worlds gave. Arrays are (T, N) but for `last_codes`.

    Attributes:
        codes: int64, what the agent saw before it acted.
        actions: int64.
        rewards: float32.
        outcomes: int64, how the episode ended at this step, or RUNNING.
        lengths: int64, steps of the episode that ended at this step; else steps so far.
        final_codes: int64, what was seen last, where an episode was truncated; else NO_CODE.
        last_codes: int64 (N,), what is seen after the last step.
    """

    codes: np.ndarray
    actions: np.ndarray
    rewards: np.ndarray
    outcomes: np.ndarray
    lengths: np.ndarray
    final_codes: np.ndarray
    last_codes: np.ndarray


@njit
def _collect(worlds, policy, tables, rules, third_colours, objective, cells, backgrounds, rollout):
    steps, count = rollout.codes.shape
    hidden = policy.table.shape[1]
    observation_rows = np.empty((count, 5), dtype=np.int32)
    first = np.empty((count, hidden), dtype=np.float32)
    second = np.empty((count, hidden), dtype=np.float32)
    logits = np.empty((count, policy.bias4.size), dtype=np.float32)
    codes = rollout.last_codes
    for i in range(count):
        codes[i] = observe(worlds, i, tables)
    for step in range(steps):
        rollout.codes[step] = codes
        rows(codes, cells, backgrounds, observation_rows)
        _logits(policy, observation_rows, first, second, logits)
        for i in range(count):
            ball_cell = draw_ball_cell(worlds, i, tables)
            action = _sample(logits[i], uniform(worlds.stream, i))
            outcome = act(worlds, i, action, ball_cell, tables, rules)
            elapsed = worlds.elapsed[i]
            rollout.actions[step, i] = action
            rollout.outcomes[step, i] = outcome
            rollout.lengths[step, i] = elapsed
            rollout.rewards[step, i] = reward(outcome, elapsed, objective, rules.max_steps)
            rollout.final_codes[step, i] = observe(worlds, i, tables) if outcome == TIMEOUT else NO_CODE
            if outcome != RUNNING:
                reset(worlds, i, tables, third_colours)
            codes[i] = observe(worlds, i, tables)


def collect(
    worlds: Worlds,
    policy: Policy,
    encoding: Encoding,
    rules: Rules,
    third_colours: np.ndarray,
    objective: int,
    steps: int,
) -> Rollout:
    """Let the sampled policy act in `worlds` for `steps` steps; episodes that end are followed by new ones.

    Args:
        worlds: N worlds, changed in place.
        third_colours: colours of the third key in new episodes, as `simulator.colour_numbers` gives them.
        objective: the outcome that pays.
    """
    shape = (steps, worlds.agent.size)
    rollout = Rollout(
        codes=np.empty(shape, dtype=np.int64),
        actions=np.empty(shape, dtype=np.int64),
        rewards=np.empty(shape, dtype=np.float32),
        outcomes=np.empty(shape, dtype=np.int64),
        lengths=np.empty(shape, dtype=np.int64),
        final_codes=np.empty(shape, dtype=np.int64),
        last_codes=np.empty(shape[1], dtype=np.int64),
    )
    _collect(
        worlds,
        policy,
        encoding.geometry,
        rules,
        third_colours,
        objective,
        encoding.cells,
        encoding.backgrounds,
        rollout,
    )
    return rollout


_WIDTH = 128
"""Levels that run at a time: enough for efficient products, few enough to stay in the processor's cache."""


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
    # Slot s plays level playing[s]; an ended level makes place for the next, and in the end for the last slot's.
    playing = np.arange(width)
    started, active = width, width
    while active > 0:
        for slot in range(active):
            codes[slot] = observe(levels, playing[slot], tables)
        rows(codes[:active], cells, backgrounds, observation_rows[:active])
        _logits(policy, observation_rows[:active], first[:active], second[:active], logits[:active])
        for slot in range(active - 1, -1, -1):
            level = playing[slot]
            ball_cell = draw_ball_cell(levels, level, tables)
            # Drawn also when greedy, so that the ball's stream is the same for both policies.
            u = uniform(levels.stream, level)
            action = np.argmax(logits[slot]) if greedy else _sample(logits[slot], u)
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
