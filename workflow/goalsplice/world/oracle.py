"""The best return that any agent could reach: what the study's agents are measured against.

A policy is best here among all that see the whole grid and the clock, but not where the ball will go next. Its mean
undiscounted return follows from backward induction (Bellman 1957; Puterman 1994, Markov Decision Processes, ch. 4)
over the world of `environment.py`. The state is the agent's cell and direction and the ball's cell; the keys stay
where they are until one is taken, which ends the episode, so every arrangement of keys is a problem of its own. The
value depends on time, since the right key pays 1 - 0.9 * t / max_steps.

All arrangements are averaged exactly. The room, its ball and its starts are alike under the square's eight
symmetries (a mirror swaps the two turns, and both are allowed), and two keys that pay alike may change places. So
arrangements that such a change maps onto each other have the same mean over starts: only one of each class is solved,
and weighted by the number of its members.
"""

from collections import Counter
from functools import cache
from itertools import permutations
from typing import NamedTuple

import numpy as np

from goalsplice.io.compiled import njit
from goalsplice.world.geometry import Geometry, geometry
from goalsplice.world.simulator import FORWARD, LEFT, PICKUP, RIGHT, Rules
from goalsplice.world.vocabulary import (
    ACTIONS,
    ALWAYS_PRESENT,
    CRASH_REWARD,
    THIRD_KEY_COLOURS,
    TIME_COST,
    WRONG_KEY_REWARD,
)

WAIT = ACTIONS.index("done")


class Solution(NamedTuple):
    """Best play with one arrangement of keys; S = size**2 cells, T = max_steps.

    Attributes:
        values: float64 (T + 1, S, 4, S), expected rewards still to come after t steps, for each cell and direction
            of the agent and cell of the ball. Zero where the world cannot be.
        policy: int8 (T, S, 4, S), an action that earns them.
    """

    values: np.ndarray
    policy: np.ndarray


@njit
def _is_key(cell, keys):
    return cell == keys[0] or cell == keys[1] or cell == keys[2]


@njit
def _ball_moves(ball, agent, keys, tables, cells):
    """Fill `cells` with the ball's possible next cells, all equally likely. Returns how many."""
    count = 0
    for cell in tables.neighbours[ball]:
        if cell >= 0 and cell != agent and not _is_key(cell, keys):
            cells[count] = cell
            count += 1
    if count == 0:
        cells[0] = ball
        count = 1
    return count


@njit
def _step_back(after, keys, pays, tables, rules, before, policy):
    """Fill `before` (values before one step) and `policy` from `after` (values after it); all (S, 4, S).

    `pays` (3,) is what taking each key in this step earns.
    """
    cells = np.empty(8, dtype=np.int64)
    stay = np.empty(4)
    for agent in tables.interior:
        for ball in tables.interior:
            if ball == agent or _is_key(ball, keys):
                continue
            count = _ball_moves(ball, agent, keys, tables, cells)
            for direction in range(4):
                total = 0.0
                for k in range(count):
                    total += after[agent, direction, cells[k]]
                stay[direction] = total / count
            for direction in range(4):
                # Of the actions that change nothing only waiting is weighed. Pickup before no key is never better: it
                # changes nothing either, or takes the ball.
                best, action = stay[direction], WAIT
                for turn, turned in ((LEFT, (direction + 3) % 4), (RIGHT, (direction + 1) % 4)):
                    if stay[turned] > best:
                        best, action = stay[turned], turn

                front = tables.front[agent, direction]
                if front == ball or (tables.is_wall[front] and rules.wall_penalty):
                    forward = CRASH_REWARD
                elif tables.is_wall[front] or (_is_key(front, keys) and not rules.walkable_keys):
                    forward = stay[direction]
                else:
                    total = 0.0
                    for k in range(count):
                        # The ball may have moved in first, and then blocks.
                        reached = agent if cells[k] == front else front
                        total += after[reached, direction, cells[k]]
                    forward = total / count
                if forward > best:
                    best, action = forward, FORWARD

                for k in range(3):
                    # No ball ever enters a key's cell, so a key in front is always taken.
                    if front == keys[k] and pays[k] > best:
                        best, action = pays[k], PICKUP
                before[agent, direction, ball] = best
                policy[agent, direction, ball] = action


@njit
def _solve(keys, pays, tables, rules, values, policy):
    """Fill `values` and `policy` of a `Solution`; `pays` is (T, 3)."""
    values[rules.max_steps] = 0.0
    for t in range(rules.max_steps - 1, -1, -1):
        _step_back(values[t + 1], keys, pays[t], tables, rules, values[t], policy[t])


@njit
def _mean_over_starts(keys, pays, tables, rules):
    """Mean best return over the agent's and the ball's uniform starts."""
    cells = tables.is_wall.size
    # Two slices of time are enough here, and stay in the processor's cache.
    after, before = np.zeros((cells, 4, cells)), np.zeros((cells, 4, cells))
    policy = np.empty((cells, 4, cells), dtype=np.int8)
    for t in range(rules.max_steps - 1, -1, -1):
        _step_back(after, keys, pays[t], tables, rules, before, policy)
        after, before = before, after
    total, starts = 0.0, 0
    for agent in tables.interior:
        for ball in tables.interior:
            if agent != ball and not _is_key(agent, keys) and not _is_key(ball, keys):
                total += after[agent, :, ball].sum()
                starts += 4
    return total / starts


def key_pays(right: tuple[float, float, float], rules: Rules) -> np.ndarray:
    """What each key earns on average in each step: float64 (max_steps, 3).

    `right` is each key's probability of being the one of the objective's colour. Row t is for step t + 1.
    """
    steps = np.arange(1, rules.max_steps + 1)[:, None]
    chance = np.array(right)
    return chance * (1 - TIME_COST * (steps / rules.max_steps)) + (1 - chance) * WRONG_KEY_REWARD


def solve(keys: tuple[int, int, int], right: tuple[float, float, float], rules: Rules, size: int = 6) -> Solution:
    """Best play with keys in the three cells `keys`; `right` as in `key_pays`."""
    cells = size**2
    solution = Solution(
        values=np.zeros((rules.max_steps + 1, cells, 4, cells)),
        policy=np.full((rules.max_steps, cells, 4, cells), WAIT, dtype=np.int8),
    )
    _solve(np.array(keys), key_pays(right, rules), geometry(size, 5), rules, *solution)
    return solution


def start_return(keys: tuple[int, int, int], right: tuple[float, float, float], rules: Rules, size: int = 6) -> float:
    """Mean best return with keys in the three cells `keys`, over all starts; `right` as in `key_pays`."""
    return _mean_over_starts(np.array(keys), key_pays(right, rules), geometry(size, 5), rules)


def _symmetries(size: int) -> np.ndarray:
    """Where the eight symmetries of the square take each cell: int64 (8, S)."""
    cells = np.arange(size**2).reshape(size, size)
    return np.array([np.rot90(face, turns).ravel() for face in (cells, cells.T) for turns in range(4)])


def key_classes(right: tuple[float, float, float], tables: Geometry) -> Counter:
    """One arrangement for each class of arrangements that are alike, and the class's size.

    An arrangement is three cells, of keys in ascending order of `right`.
    """
    symmetries = _symmetries(tables.size).tolist()
    classes = Counter()
    for keys in permutations(tables.interior.tolist(), 3):
        # Keys that pay alike are in order of their cells, and of all images the least stands for the class.
        images = (sorted(zip(right, (image[cell] for cell in keys), strict=True)) for image in symmetries)
        classes[tuple(cell for _, cell in min(images))] += 1
    return classes


@cache
def _mean_return(right: tuple[float, float, float], rules: Rules, size: int) -> float:
    """Mean best return over all arrangements; `right` as in `key_pays`."""
    classes = key_classes(right, geometry(size, 5))
    returns = [start_return(keys, tuple(sorted(right)), rules, size) for keys in classes]
    return float(np.average(returns, weights=list(classes.values())))


def presence(level_distribution: str, objective: str) -> float:
    """Probability that a key of the objective's colour is there."""
    if objective in ALWAYS_PRESENT:
        return 1.0
    colours = THIRD_KEY_COLOURS[level_distribution]
    return colours.count(objective) / len(colours)


def best_return(level_distribution: str, objective: str, rules: Rules, size: int = 6) -> float:
    """Mean undiscounted return per episode of the best policy that sees the whole grid and knows the objective.

    Where no key has the objective's colour, all that is there to earn is a wrong key's reward.
    """
    present = presence(level_distribution, objective)
    with_it = _mean_return((0.0, 0.0, 1.0), rules, size)
    return present * with_it + (1 - present) * _mean_return((0.0, 0.0, 0.0), rules, size)


def colour_blind_return(level_distribution: str, objective: str, rules: Rules, size: int = 6) -> float:
    """Mean undiscounted return per episode of the best policy that sees everything but the keys' colours.

    To it each key is the right one with a third of the probability that the right one is there at all. It learns
    nothing on the way, since only the episode's end tells.
    """
    return _mean_return((presence(level_distribution, objective) / 3,) * 3, rules, size)
