"""The compiled world is the MiniGrid world."""

import itertools

import gymnasium
import numpy as np
import pytest
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st
from minigrid.core.constants import COLOR_TO_IDX, IDX_TO_COLOR

from goalsplice.world import ENVIRONMENT_ID
from goalsplice.world import simulator as sim
from goalsplice.world.observation import Encoding
from goalsplice.world.vocabulary import OBJECTIVES, THIRD_KEY_COLOURS, outcomes
from world.minigrid_twin import cell, state_of, wrapped

ENCODINGS = [
    *(Encoding("onehot", 5), Encoding("integers", 7), Encoding("onehot", 7), Encoding("integers", 5)),
    *(Encoding("onehot", 5, 6, ("red", "green", "blue")), Encoding("integers", 5, 6, ("purple", "yellow", "green"))),
]
CAUTIOUS = np.array([0.25, 0.25, 0.3, 0.05, 0.05, 0.05, 0.05])
"""Probabilities of actions under which episodes last long enough to meet every case."""


@settings(max_examples=settings.default.max_examples // 5)
@given(
    seed=st.integers(0, 2**32 - 1),
    level_distribution=st.sampled_from(sorted(THIRD_KEY_COLOURS)),
    number=st.integers(0, len(OBJECTIVES) - 1),
    walkable_keys=st.booleans(),
    wall_penalty=st.booleans(),
)
@pytest.mark.parametrize("encoding", ENCODINGS, ids=lambda e: "-".join([e.name, str(e.view_size), *e.key_colours]))
def test_same_state_action_and_ball_move_give_the_same_step(
    encoding, level_distribution, seed, number, walkable_keys, wall_penalty
):
    """Observation, reward, end and outcome are equal over 100 steps of each example; at night, over 40,000 steps."""
    max_steps = 40
    environment = wrapped(
        encoding,
        level_distribution=level_distribution,
        objective=encoding.key_colours[number],
        walkable_keys=walkable_keys,
        wall_penalty=wall_penalty,
        max_steps=max_steps,
    )
    inner, tables, names = environment.unwrapped, encoding.geometry, outcomes(encoding.key_colours)
    rules = sim.Rules(walkable_keys, wall_penalty, max_steps)
    generator = np.random.default_rng(seed)

    observation, _ = environment.reset(seed=seed)
    worlds = state_of(inner)
    for _ in range(100):
        code = np.array([sim.observe(worlds, 0, tables)])
        np.testing.assert_array_equal(encoding.images(code)[0], observation["image"])

        action = generator.choice(7, p=CAUTIOUS)
        ball_cell = inner.draw_ball_cell()
        inner.draw_ball_cell = lambda ball_cell=ball_cell: ball_cell
        observation, reward, terminated, truncated, info = environment.step(action)
        del inner.draw_ball_cell

        outcome = sim.act(worlds, 0, action, cell(ball_cell, inner.width), tables, rules)
        paid = sim.reward(outcome, worlds.elapsed[0], number, max_steps)
        assert paid == reward
        assert (outcome not in (sim.RUNNING, sim.TIMEOUT)) == terminated
        assert (outcome == sim.TIMEOUT) == truncated
        assert (names[outcome] if outcome != sim.RUNNING else None) == info["outcome"]
        if terminated or truncated:
            code = np.array([sim.observe(worlds, 0, tables)])
            np.testing.assert_array_equal(encoding.images(code)[0], observation["image"])
            observation, _ = environment.reset()
            worlds = state_of(inner)


def counts_of(values, among) -> np.ndarray:
    """How often each of `among` occurs in `values`."""
    values = list(values)
    return np.array([values.count(value) for value in among])


def assert_same_distribution(first: np.ndarray, second: np.ndarray):
    """Two samples' counts do not differ by a chi-squared test at the 0.1 % level. The seeds are fixed."""
    occurring = (first + second) > 0
    assert scipy.stats.chi2_contingency(np.array([first, second])[:, occurring]).pvalue > 0.001


@pytest.mark.parametrize("level_distribution", THIRD_KEY_COLOURS)
def test_initial_states_are_distributed_as_minigrids(level_distribution):
    count = 4_000
    environment = gymnasium.make(
        ENVIRONMENT_ID, level_distribution=level_distribution, disable_env_checker=True
    ).unwrapped
    environment.reset(seed=5)
    ours = sim.create(count, level_distribution, np.random.default_rng(5))
    theirs = []
    for _ in range(count):
        environment.reset()
        theirs.append(state_of(environment))

    cells = range(36)
    for name, among in (("agent", cells), ("direction", range(4)), ("third_colour", range(6))):
        mine = counts_of(getattr(ours, name), among)
        assert_same_distribution(mine, counts_of((int(getattr(state, name)[0]) for state in theirs), among))
    for thing in range(4):
        mine = counts_of(ours.things[:, thing], cells)
        assert_same_distribution(mine, counts_of((int(state.things[0, thing]) for state in theirs), cells))
    assert {IDX_TO_COLOR[c] for c in ours.third_colour} == set(THIRD_KEY_COLOURS[level_distribution])
    # Jointly too: where the ball starts, given where the agent does.
    pairs = list(itertools.product(sorted(set(ours.agent)), repeat=2))
    assert_same_distribution(
        counts_of(zip(ours.agent, ours.things[:, 0], strict=True), pairs),
        counts_of(((int(s.agent[0]), int(s.things[0, 0])) for s in theirs), pairs),
    )


@pytest.mark.parametrize("start", range(8))
def test_the_ball_moves_as_minigrids(start):
    """From one state, the cells drawn by both follow one distribution: uniform over the free neighbours."""
    environment = gymnasium.make(ENVIRONMENT_ID, disable_env_checker=True).unwrapped
    environment.reset(seed=start)
    worlds, tables = state_of(environment), Encoding("onehot", 5).geometry
    ours = [sim.draw_ball_cell(worlds, 0, tables) for _ in range(3_000)]
    theirs = [cell(environment.draw_ball_cell(), 6) for _ in range(3_000)]
    assert_same_distribution(counts_of(ours, range(36)), counts_of(theirs, range(36)))
    # MiniGrid's own rejection sampling, as Dynamic-Obstacles moves its balls, ends on the same cells.
    top = tuple(int(c) - 1 for c in environment.ball.cur_pos)
    placed = []
    for _ in range(1_000):
        placed.append(cell(environment.place_obj(None, top=top, size=(3, 3)), 6))
    assert set(placed) == set(ours) == set(theirs)
    assert_same_distribution(counts_of(ours, range(36)), counts_of(placed, range(36)))


def test_a_ball_with_no_free_neighbour_stays():
    tables = Encoding("onehot", 5).geometry
    worlds = sim.create(1, "training", np.random.default_rng(0))
    corner, beside = 7, [8, 13, 14]
    worlds.things[0, 0] = corner
    worlds.agent[0] = beside[0]
    worlds.things[0, 1:3] = beside[1:]
    worlds.things[0, 3] = 28
    assert {sim.draw_ball_cell(worlds, 0, tables) for _ in range(20)} == {corner}


def test_streams_are_uniform_and_unlike_each_other():
    stream = np.random.default_rng(0).integers(0, 2**64, size=2, dtype=np.uint64)
    draws = np.array([[sim.uniform(stream, i) for _ in range(20_000)] for i in range(2)])
    assert scipy.stats.kstest(draws[0], "uniform").pvalue > 0.001
    assert abs(np.corrcoef(draws)[0, 1]) < 0.03


def test_third_key_colours_are_minigrids():
    assert set(itertools.chain(*THIRD_KEY_COLOURS.values())) <= set(COLOR_TO_IDX)
