"""The best return: played, worked out by hand, and found again by slower ways."""

import itertools

import gymnasium
import numpy as np
import pytest
from gymnasium.vector import AutoresetMode

from goalsplice.world import ENVIRONMENT_ID, oracle
from goalsplice.world import simulator as sim
from goalsplice.world.geometry import geometry
from goalsplice.world.observation import Encoding
from goalsplice.world.simulator import Rules
from goalsplice.world.vector import BatchedFetchObstacles
from goalsplice.world.vocabulary import (
    ACTIONS,
    ALWAYS_PRESENT,
    OBJECTIVES,
    OUTCOMES,
    THIRD_KEY_COLOURS,
    WRONG_KEY_REWARD,
)
from world.minigrid_twin import cell

EAST, SOUTH, WEST, NORTH = range(4)
BLUE_PAYS, YELLOW_PAYS, NONE_PAYS, ANY_PAYS = (1.0, 0.0, 0.0), (0.0, 0.0, 1.0), (0.0, 0.0, 0.0), (1 / 3,) * 3


def at(x: int, y: int, size: int = 6) -> int:
    """Number of the cell in column x and row y; the interior starts at (1, 1)."""
    return cell((x, y), size)


CORNERED = (at(2, 2), at(2, 1), at(1, 2))
"""Blue is the key that cannot be reached from the corner (1, 1), which the others close off if they block."""


def uniform_starts(keys, tables, count: int, generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Agents' cells, directions and balls' cells of `count` starts around `keys`."""
    free = np.setdiff1d(tables.interior, keys)
    cells = generator.permuted(np.tile(free, (count, 1)), axis=1)
    return cells[:, 0], generator.integers(0, 4, count), cells[:, 1]


def assert_mean_is_zero(differences: np.ndarray):
    """The mean lies within four standard errors of 0. The seeds are fixed."""
    assert abs(differences.mean()) < 4 * differences.std(ddof=1) / np.sqrt(differences.size)


@pytest.mark.parametrize(
    ("keys", "right", "rules", "size"),
    [
        ((at(4, 4), at(1, 3), at(2, 1)), BLUE_PAYS, Rules(), 6),
        ((at(1, 1), at(3, 2), at(2, 3)), YELLOW_PAYS, Rules(), 6),
        ((at(1, 1), at(3, 2), at(2, 3)), ANY_PAYS, Rules(), 6),
        (CORNERED, BLUE_PAYS, Rules(), 6),
        (CORNERED, BLUE_PAYS, Rules(walkable_keys=False, max_steps=40), 6),
        (CORNERED, BLUE_PAYS, Rules(walkable_keys=False, wall_penalty=False, max_steps=7), 6),
        ((at(2, 2, 5), at(3, 1, 5), at(1, 2, 5)), YELLOW_PAYS, Rules(max_steps=5), 5),
    ],
)
def test_the_policy_earns_its_value_in_the_compiled_world(keys, right, rules, size):
    count, tables, generator = 8_000, geometry(size, 5), np.random.default_rng(0)
    objective = "yellow" if right == YELLOW_PAYS else "blue"
    environment = BatchedFetchObstacles(
        count, Encoding("onehot", 5, size), objective, "three_colours", rules, AutoresetMode.SAME_STEP
    )
    environment.reset(seed=1)
    worlds = environment.worlds
    worlds.agent[:], worlds.direction[:], worlds.things[:, 0] = uniform_starts(keys, tables, count, generator)
    worlds.things[:, 1:] = keys
    if right == ANY_PAYS:
        worlds.things[:, 1:] = generator.permuted(worlds.things[:, 1:], axis=1)

    solution = oracle.solve(keys, right, rules, size)
    promised = solution.values[0, worlds.agent, worlds.direction, worlds.things[:, 0]]
    earned, running = np.zeros(count), np.ones(count, dtype=bool)
    while running.any():
        # Worlds that have ended go on with an episode of their own, which is not looked at.
        actions = solution.policy[worlds.elapsed, worlds.agent, worlds.direction, worlds.things[:, 0]]
        _, rewards, terminated, truncated, _ = environment.step(actions)
        earned[running] += rewards[running]
        running &= ~(terminated | truncated)
    assert_mean_is_zero(earned - promised)


def test_a_start_return_is_the_mean_of_the_first_values():
    keys, rules = (at(4, 4), at(1, 3), at(2, 1)), Rules(max_steps=30)
    free = np.setdiff1d(geometry(6, 5).interior, keys)
    values = oracle.solve(keys, BLUE_PAYS, rules).values[0]
    starts = [values[agent, :, ball].mean() for agent, ball in itertools.permutations(free, 2)]
    assert oracle.start_return(keys, BLUE_PAYS, rules) == pytest.approx(np.mean(starts))


def test_the_policy_earns_its_value_in_minigrid():
    keys, generator = (at(4, 4), at(1, 3), at(2, 1)), np.random.default_rng(0)
    solution = oracle.solve(keys, BLUE_PAYS, Rules())
    environment = gymnasium.make(ENVIRONMENT_ID, level_distribution="three_colours", disable_env_checker=True).unwrapped
    environment.reset(seed=0)
    differences = []
    for agent, direction, ball in zip(*uniform_starts(keys, geometry(6, 5), 400, generator), strict=True):
        environment.reset()
        for inner in geometry(6, 5).interior:
            environment.grid.set(inner % 6, inner // 6, None)
        for colour, place in zip(OBJECTIVES, keys, strict=True):
            environment.put_obj(environment.key_type(colour), place % 6, place // 6)
        environment.put_obj(environment.ball, int(ball) % 6, int(ball) // 6)
        environment.agent_pos, environment.agent_dir = (int(agent) % 6, int(agent) // 6), int(direction)

        earned, ended = 0.0, False
        while not ended:
            state = cell(environment.agent_pos, 6), environment.agent_dir, cell(environment.ball.cur_pos, 6)
            _, reward, terminated, truncated, _ = environment.step(solution.policy[environment.step_count, *state])
            earned, ended = earned + reward, terminated or truncated
        differences.append(earned - solution.values[0, agent, direction, ball])
    assert_mean_is_zero(np.array(differences))


def exhaustive_values(keys, rules: Rules, size: int) -> np.ndarray:
    """Values before the first step with the blue key right: all seven actions, tried in the compiled world."""
    tables = geometry(size, 5)
    worlds = sim.create(1, "three_colours", np.random.default_rng(0), size)
    free = [c for c in tables.interior.tolist() if c not in keys]
    after = np.zeros((size**2, 4, size**2))
    for step in range(rules.max_steps, 0, -1):
        before = np.zeros_like(after)
        for agent, direction, ball in itertools.product(tables.interior.tolist(), range(4), free):
            if agent == ball:
                continue
            around = [c for c in tables.neighbours[ball].tolist() if c in free and c != agent] or [ball]
            totals = np.zeros(len(ACTIONS))
            for action, moved in itertools.product(range(len(ACTIONS)), around):
                worlds.agent[0], worlds.direction[0], worlds.elapsed[0] = agent, direction, step - 1
                worlds.things[0] = ball, *keys
                outcome = sim.act(worlds, 0, action, moved, tables, rules)
                totals[action] += (
                    after[worlds.agent[0], worlds.direction[0], moved]
                    if outcome == sim.RUNNING
                    else sim.reward(outcome, step, OUTCOMES.index("blue"), rules.max_steps)
                )
            before[agent, direction, ball] = totals.max() / len(around)
        after = before
    return after


@pytest.mark.parametrize("walkable_keys", [True, False])
@pytest.mark.parametrize("wall_penalty", [True, False])
def test_no_action_is_better(walkable_keys, wall_penalty):
    rules = Rules(walkable_keys, wall_penalty, max_steps=4)
    keys = at(3, 2, 5), at(2, 1, 5), at(1, 2, 5)
    values = oracle.solve(keys, BLUE_PAYS, rules, 5).values[0]
    np.testing.assert_allclose(values, exhaustive_values(keys, rules, 5), atol=1e-12)


def test_with_one_step_only_a_key_in_front_pays():
    keys = at(3, 1), at(1, 3), at(4, 4)
    values = oracle.solve(keys, BLUE_PAYS, Rules(max_steps=1)).values[0]
    ball = at(4, 3)
    for agent, direction in itertools.product(geometry(6, 5).interior, range(4)):
        if agent != ball:
            in_front = geometry(6, 5).front[agent, direction] in keys
            assert values[agent, direction, ball] == pytest.approx(0.1 if in_front else 0)


def test_values_worked_out_by_hand():
    keys = at(3, 1), at(1, 3), at(4, 4)
    ten_steps = oracle.solve(keys, BLUE_PAYS, Rules(max_steps=10)).values[0]
    far = at(1, 4)
    assert ten_steps[at(2, 1), EAST, far] == pytest.approx(1 - 0.09), "take it"
    assert ten_steps[at(2, 1), SOUTH, far] == pytest.approx(1 - 0.18), "turn, take it"
    assert ten_steps[at(2, 1), WEST, far] == pytest.approx(1 - 0.27), "turn twice, take it"
    assert ten_steps[at(1, 1), EAST, far] == pytest.approx(1 - 0.18), "walk, take it"
    assert ten_steps[at(1, 2), SOUTH, at(4, 3)] > 0.4, "a wrong key in front is left alone"

    two_steps = oracle.solve(keys, BLUE_PAYS, Rules(max_steps=2)).values[0]
    # Of the ball's seven ways out of (3, 2), one leads in between agent and key.
    assert two_steps[at(1, 1), EAST, at(3, 2)] == pytest.approx(6 / 7 * 0.1)
    # Waiting for the ball to make way takes all the time there is.
    assert two_steps[at(1, 1), EAST, at(2, 1)] == 0


def test_one_arrangement_stands_for_its_class():
    """The mean over classes is the mean over all arrangements, and the keys' own symmetries are used in full."""
    rules, tables = Rules(max_steps=12), geometry(5, 5)
    for right in (YELLOW_PAYS, ANY_PAYS, (0.5, 0.2, 0.3)):
        arrangements = list(itertools.permutations(tables.interior.tolist(), 3))
        whole = np.mean([oracle.start_return(keys, right, rules, 5) for keys in arrangements])
        classes = oracle.key_classes(right, tables)
        assert sum(classes.values()) == len(arrangements)
        assert len(classes) < len(arrangements) / 6
        assert oracle._mean_return(right, rules, 5) == pytest.approx(whole, abs=1e-12)


def shortest_times(key: int, tables) -> list[int]:
    """Steps to the taking of a lone key without a ball, from each other interior cell and direction."""
    reached = {(agent, d): 1 for agent in tables.interior for d in range(4) if tables.front[agent, d] == key}
    edge = list(reached)
    while edge:
        edge = [
            earlier
            for agent, d in edge
            for earlier in ((agent, (d + 1) % 4), (agent, (d + 3) % 4), (tables.front[agent, (d + 2) % 4], d))
            if not tables.is_wall[earlier[0]]
            and earlier not in reached
            and reached.setdefault(earlier, reached[agent, d] + 1)
        ]
    return [time for (agent, _), time in reached.items() if agent != key]


def test_the_ball_costs_little():
    """The best return is below that of shortest paths without a ball, and not far below."""
    tables = geometry(6, 5)
    times = np.concatenate([shortest_times(key, tables) for key in tables.interior])
    assert times.size == 16 * 15 * 4
    unhindered = 1 - 0.9 * times.mean() / 180
    assert unhindered - 0.003 < oracle.best_return("training", "blue", Rules()) < unhindered


@pytest.mark.parametrize("level_distribution", THIRD_KEY_COLOURS)
@pytest.mark.parametrize("objective", OBJECTIVES)
def test_seeing_colours_helps(level_distribution, objective):
    best = oracle.best_return(level_distribution, objective, Rules())
    blind = oracle.colour_blind_return(level_distribution, objective, Rules())
    if objective in (*ALWAYS_PRESENT, *THIRD_KEY_COLOURS[level_distribution]):
        assert best > blind > WRONG_KEY_REWARD
    else:
        assert best == pytest.approx(WRONG_KEY_REWARD) == blind


def test_returns_of_the_studys_world():
    rules = Rules()
    blue = oracle.best_return("training", "blue", rules)
    assert 0.95 < blue < 0.98
    assert 0.38 < oracle.colour_blind_return("training", "blue", rules) < 0.40
    assert oracle.best_return("training", "purple", rules) == blue
    assert oracle.best_return("three_colours", "yellow", rules) == blue
    # In three of four training level_distribution no key is yellow.
    assert oracle.best_return("training", "yellow", rules) == pytest.approx(blue / 4 + 0.75 * 0.1)
    assert 0.16 < oracle.colour_blind_return("training", "yellow", rules) < 0.18


def test_without_a_right_key_any_key_will_do():
    assert oracle.start_return(CORNERED, NONE_PAYS, Rules()) == pytest.approx(WRONG_KEY_REWARD)
