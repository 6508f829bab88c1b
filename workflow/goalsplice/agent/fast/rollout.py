"""A whole rollout in one compiled loop.

It computes the policy for the running worlds, and steps them in between. Nothing else is computed on the way: values
and log-probabilities follow in one batch when the rollout is complete (`learner.py`).
"""

import numpy as np

from goalsplice.agent.fast.policy import Policy, draw
from goalsplice.agent.fast.policy_cache import action_probabilities, cached_policy
from goalsplice.agent.rollout import NO_CODE, Rollout
from goalsplice.io.compiled import njit
from goalsplice.world.observation import Encoding
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


@njit
def _collect(worlds, policy, tables, rules, third_colours, objectives, cells, backgrounds, rollout):
    steps, count = rollout.codes.shape
    cached = cached_policy(policy, count)
    probabilities = np.empty((count, policy.bias4.size), dtype=np.float32)
    codes = rollout.last_codes
    for i in range(count):
        codes[i] = observe(worlds, i, tables)
    for step in range(steps):
        rollout.codes[step] = codes
        action_probabilities(cached, codes, False, cells, backgrounds, probabilities)
        for i in range(count):
            ball_cell = draw_ball_cell(worlds, i, tables)
            action = draw(probabilities[i], uniform(worlds.stream, i))
            outcome = act(worlds, i, action, ball_cell, tables, rules)
            elapsed = worlds.elapsed[i]
            rollout.actions[step, i] = action
            rollout.outcomes[step, i] = outcome
            rollout.lengths[step, i] = elapsed
            rollout.rewards[step, i] = reward(outcome, elapsed, objectives[i], rules.max_steps)
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
    objective: int | np.ndarray,
    steps: int,
) -> Rollout:
    """Let the sampled policy act in `worlds` for `steps` steps; episodes that end are followed by new ones.

    Args:
        worlds: N worlds, changed in place.
        third_colours: colours of the third key in new episodes, as `simulator.colour_numbers` gives them.
        objective: the outcome that pays, or for each world one, int64 (N,).
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
        np.full(shape[1], objective),
        encoding.cells,
        encoding.backgrounds,
        rollout,
    )
    return rollout
