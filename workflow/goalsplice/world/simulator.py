"""The world of `environment.py`, compiled, many at a time.

`Worlds` is a struct of arrays. Compiled functions change one world in place: `reset`, `draw_ball_cell`, `act`,
`observe`. A step is a ball move and an action, apart, so that a test can drive this world and MiniGrid's with the same
moves. Training and evaluation call them from compiled loops (`agent/fast/rollout.py`, `agent/fast/episodes.py`), and
`vector.py` wraps them as a Gymnasium vector environment.

Each world has a random stream of its own (SplitMix64, Steele et al. 2014), seeded by a NumPy Generator, and draws
exactly two numbers a step: one for the ball, one for the action. So a level unfolds alike whichever worlds run beside
it, and two agents on the same level meet the same luck.
"""

from typing import NamedTuple

import numpy as np

from goalsplice.io.compiled import njit, njit_unowned
from goalsplice.world.geometry import geometry
from goalsplice.world.minigrid_numbers import COLOR_TO_IDX
from goalsplice.world.observation import BLUE, PURPLE, pack
from goalsplice.world.vocabulary import (
    CRASH_REWARD,
    OUTCOMES,
    THIRD_KEY_COLOURS,
    TIME_COST,
    WRONG_KEY_REWARD,
    steps_limit,
)

RUNNING = -1
OTHER, CRASH, TIMEOUT = OUTCOMES.index("other"), OUTCOMES.index("crash"), OUTCOMES.index("timeout")
LEFT, RIGHT, FORWARD, PICKUP = range(4)
BALL_THING, BLUE_THING, PURPLE_THING, THIRD_THING = range(4)
NOTHING = -1

_COLOUR_OUTCOME = np.array(
    [OUTCOMES.index(colour) if colour in OUTCOMES else OTHER for colour in COLOR_TO_IDX], dtype=np.int64
)
"""Outcome of taking a key of each MiniGrid colour."""


class Rules(NamedTuple):
    """What `FetchObstaclesEnv` takes as arguments: see there."""

    walkable_keys: bool = True
    wall_penalty: bool = True
    max_steps: int = steps_limit(6)


class Worlds(NamedTuple):
    """State of n worlds: int64 arrays, and one random stream each (uint64).

    Attributes:
        agent, direction: (n,) cell and MiniGrid direction (0 east, 1 south, 2 west, 3 north).
        things: (n, 4) cells of the ball and of the blue, purple and third key.
        third_colour: (n,) MiniGrid's colour number of the third key.
        carried: (n,) which thing was taken, -1 for none.
        elapsed: (n,) steps since the start of the episode.
        stream: (n,) state of the random streams.
        drawn: (n, interior cells) scratch, in which `reset` draws cells.
    """

    agent: np.ndarray
    direction: np.ndarray
    things: np.ndarray
    third_colour: np.ndarray
    carried: np.ndarray
    elapsed: np.ndarray
    stream: np.ndarray
    drawn: np.ndarray

    def part(self, start: int, stop: int) -> "Worlds":
        """Worlds `start` to `stop` - 1, which share the memory of these."""
        return Worlds(*(field[start:stop] for field in self))


@njit_unowned
def uniform(stream, i):
    """Next number of stream i, uniform on [0, 1): SplitMix64's upper 53 bits."""
    stream[i] += np.uint64(0x9E3779B97F4A7C15)
    z = stream[i]
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    z = z ^ (z >> np.uint64(31))
    return np.float64(z >> np.uint64(11)) * (1.0 / 9007199254740992.0)


@njit_unowned
def reset(worlds, i, tables, third_colours):
    """Start a new episode in world i: distinct uniform cells for agent, ball and keys, a uniform direction."""
    cells, count = worlds.drawn, tables.interior.size
    for k in range(count):
        cells[i, k] = tables.interior[k]
    for k in range(5):
        j = k + int(uniform(worlds.stream, i) * (count - k))
        cells[i, k], cells[i, j] = cells[i, j], cells[i, k]
    worlds.agent[i] = cells[i, 0]
    for thing in range(4):
        worlds.things[i, thing] = cells[i, 1 + thing]
    worlds.direction[i] = int(uniform(worlds.stream, i) * 4)
    worlds.third_colour[i] = third_colours[int(uniform(worlds.stream, i) * third_colours.size)]
    worlds.carried[i] = NOTHING
    worlds.elapsed[i] = 0


@njit_unowned
def _is_free(worlds, i, cell):
    # All of it, whatever the first says: `and` would be branches, which random cells make mispredicted.
    things = worlds.things
    return (
        (cell >= 0)
        & (cell != worlds.agent[i])
        & (cell != things[i, BLUE_THING])
        & (cell != things[i, PURPLE_THING])
        & (cell != things[i, THIRD_THING])
    )


@njit_unowned
def draw_ball_cell(worlds, i, tables):
    """Where the ball goes next: a uniform free neighbour cell, or its own cell if none is free."""
    ball = worlds.things[i, BALL_THING]
    u = uniform(worlds.stream, i)
    # Twice over the neighbours costs less than a list of the free ones, which would be memory of the heap.
    count = 0
    for k in range(8):
        count += _is_free(worlds, i, tables.neighbours[ball, k])
    chosen = int(u * count)
    drawn, passed = ball, 0
    for k in range(8):
        cell = tables.neighbours[ball, k]
        free = _is_free(worlds, i, cell)
        if free & (passed == chosen):
            drawn = cell
        passed += free
    return drawn


@njit_unowned
def act(worlds, i, action, ball_cell, tables, rules):
    """Move the ball to `ball_cell`, then let the agent act. Returns the outcome's number, or RUNNING."""
    things = worlds.things
    front = tables.front[worlds.agent[i], worlds.direction[i]]
    ball_was_in_front = things[i, BALL_THING] == front
    things[i, BALL_THING] = ball_cell
    worlds.elapsed[i] += 1

    outcome = RUNNING
    if action == LEFT:
        worlds.direction[i] = (worlds.direction[i] + 3) % 4
    elif action == RIGHT:
        worlds.direction[i] = (worlds.direction[i] + 1) % 4
    elif action == FORWARD:
        if ball_was_in_front or (tables.is_wall[front] and rules.wall_penalty):
            outcome = CRASH
        blocked = tables.is_wall[front] or front == ball_cell
        if not rules.walkable_keys:
            for thing in range(BLUE_THING, THIRD_THING + 1):
                blocked = blocked or things[i, thing] == front
        if not blocked:
            worlds.agent[i] = front
    elif action == PICKUP:
        for thing in range(4):
            if things[i, thing] == front:
                worlds.carried[i] = thing
                things[i, thing] = worlds.agent[i]
                if thing == BALL_THING:
                    outcome = CRASH
                elif thing == BLUE_THING:
                    outcome = _COLOUR_OUTCOME[BLUE]
                elif thing == PURPLE_THING:
                    outcome = _COLOUR_OUTCOME[PURPLE]
                else:
                    outcome = _COLOUR_OUTCOME[worlds.third_colour[i]]
                break
    if outcome == RUNNING and worlds.elapsed[i] >= rules.max_steps:
        outcome = TIMEOUT
    return outcome


@njit_unowned
def _seen(worlds, i, thing, tables):
    """View cell of a thing, -1 out of view. The cell under the agent looks empty, unless it shows what is carried."""
    agent, cell = worlds.agent[i], worlds.things[i, thing]
    if cell == agent and worlds.carried[i] != thing:
        return -1
    return tables.view_cell[agent, worlds.direction[i], cell]


@njit_unowned
def observe(worlds, i, tables):
    """Code of what the agent of world i sees: see `observation.py`."""
    return pack(
        tables.background[worlds.agent[i], worlds.direction[i]],
        _seen(worlds, i, BALL_THING, tables),
        _seen(worlds, i, BLUE_THING, tables),
        _seen(worlds, i, PURPLE_THING, tables),
        _seen(worlds, i, THIRD_THING, tables),
        worlds.third_colour[i],
        tables.view_size * tables.view_size,
    )


@njit_unowned
def reward(outcome, elapsed, objective, max_steps):
    """Reward of a step that ended with `outcome` (or RUNNING) after `elapsed` steps; `objective` is an outcome."""
    if outcome in (RUNNING, TIMEOUT):
        return 0.0
    if outcome == CRASH:
        return CRASH_REWARD
    if outcome == objective:
        return 1 - TIME_COST * (elapsed / max_steps)
    return WRONG_KEY_REWARD


@njit
def reset_all(worlds, tables, third_colours):
    """Start a new episode in every world."""
    for i in range(worlds.agent.size):
        reset(worlds, i, tables, third_colours)


def colour_numbers(level_distribution: str) -> np.ndarray:
    """MiniGrid's numbers of the third key's colours in `level_distribution`: int64."""
    return np.array([COLOR_TO_IDX[colour] for colour in THIRD_KEY_COLOURS[level_distribution]], dtype=np.int64)


def create(count: int, level_distribution: str, generator: np.random.Generator, size: int = 6) -> Worlds:
    """`count` worlds at the start of an episode, their streams seeded by `generator`."""
    # Initial states do not depend on what is seen, so any view's tables will do.
    tables = geometry(size, 5)
    whole = np.zeros((5, count), dtype=np.int64)
    worlds = Worlds(
        agent=whole[0],
        direction=whole[1],
        things=np.zeros((count, 4), dtype=np.int64),
        third_colour=whole[2],
        carried=whole[3],
        elapsed=whole[4],
        stream=generator.integers(0, 2**64, size=count, dtype=np.uint64),
        drawn=np.zeros((count, tables.interior.size), dtype=np.int64),
    )
    reset_all(worlds, tables, colour_numbers(level_distribution))
    return worlds
