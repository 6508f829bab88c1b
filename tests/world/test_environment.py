"""The MiniGrid environment: its rules, one by one, and Gymnasium's own checks."""

import copy
import pickle

import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env
from minigrid.core.world_object import Ball, Wall
from minigrid.wrappers import ImgObsWrapper

from goalsplice.world import ENVIRONMENT_ID
from goalsplice.world.environment import WalkableKey
from goalsplice.world.vocabulary import ACTIONS

LEFT, RIGHT, FORWARD, PICKUP, DROP, TOGGLE, DONE = range(7)


def room(front=None, **arguments):
    """An otherwise empty room: the agent at (1, 1) facing east with `front` before it, the ball far away."""
    environment = gymnasium.make(ENVIRONMENT_ID, disable_env_checker=True, **arguments).unwrapped
    environment.reset(seed=0)
    for x in range(1, 5):
        for y in range(1, 5):
            environment.grid.set(x, y, None)
    environment.agent_pos, environment.agent_dir = (1, 1), 0
    environment.put_obj(environment.ball, 4, 4)
    if isinstance(front, Ball):
        environment.grid.set(4, 4, None)
        environment.ball = front
    if front is not None:
        environment.put_obj(front, 2, 1)
    return environment


@pytest.mark.filterwarnings("ignore:.*(not within the observation space|lower case|upper case|render)")
@pytest.mark.parametrize("arguments", [{}, {"level_distribution": "three_colours", "objective": "yellow"}])
def test_gymnasium_accepts_it(arguments):
    check_env(gymnasium.make(ENVIRONMENT_ID, **arguments).unwrapped, skip_render_check=True)


def test_actions_are_minigrids():
    assert [action.name for action in room().actions] == list(ACTIONS)


@pytest.mark.parametrize(
    ("objective", "colour", "reward", "outcome"),
    [
        ("blue", "blue", 1 - 0.9 / 180, "blue"),
        ("purple", "blue", 0.1, "blue"),
        ("yellow", "yellow", 1 - 0.9 / 180, "yellow"),
        ("blue", "green", 0.1, "other"),
        ("blue", "red", 0.1, "other"),
    ],
)
def test_taking_a_key(objective, colour, reward, outcome):
    environment = room(WalkableKey(colour), objective=objective)
    _, paid, terminated, truncated, info = environment.step(PICKUP)
    assert (paid, terminated, truncated, info["outcome"]) == (pytest.approx(reward), True, False, outcome)


def test_walking_over_a_key_hides_it_and_ends_nothing():
    environment = room(WalkableKey("blue"))
    observation, reward, terminated, _, info = environment.step(FORWARD)
    assert environment.agent_pos == (2, 1)
    assert (reward, terminated, info["outcome"]) == (0, False, None)
    assert observation["image"][3, 6, 0] == 1, "the cell under the agent looks empty"


def test_keys_block_when_asked_to():
    environment = room(walkable_keys=False)
    environment.put_obj(environment.key_type("blue"), 2, 1)
    _, _, terminated, _, _ = environment.step(FORWARD)
    assert environment.agent_pos == (1, 1)
    assert not terminated


@pytest.mark.parametrize(("wall_penalty", "reward", "outcome"), [(True, -1, "crash"), (False, 0, None)])
def test_walking_into_a_wall(wall_penalty, reward, outcome):
    environment = room(wall_penalty=wall_penalty)
    environment.agent_dir = 3
    _, paid, terminated, _, info = environment.step(FORWARD)
    assert (paid, terminated, info["outcome"]) == (reward, wall_penalty, outcome)
    assert environment.agent_pos == (1, 1)


def test_walking_to_where_the_ball_was_is_a_crash_even_if_it_has_just_left():
    environment = room(Ball("grey"))
    environment.draw_ball_cell = lambda: (3, 2)
    _, reward, terminated, _, info = environment.step(FORWARD)
    assert (reward, terminated, info["outcome"]) == (-1, True, "crash")


def test_a_ball_that_moves_in_only_blocks():
    environment = room()
    environment.put_obj(environment.ball, 3, 2)
    environment.draw_ball_cell = lambda: (2, 1)
    _, reward, terminated, _, info = environment.step(FORWARD)
    assert environment.agent_pos == (1, 1)
    assert (reward, terminated, info["outcome"]) == (0, False, None)


def test_taking_the_ball_is_a_crash():
    environment = room(Ball("grey"))
    environment.draw_ball_cell = lambda: (2, 1)
    _, reward, terminated, _, info = environment.step(PICKUP)
    assert (reward, terminated, info["outcome"]) == (-1, True, "crash")


def test_time_runs_out_after_180_steps():
    environment = room()
    for step in range(180):
        _, reward, terminated, truncated, info = environment.step(DONE)
        assert truncated == (step == 179)
    assert (reward, terminated, info["outcome"]) == (0, False, "timeout")


def test_a_key_at_the_last_step_terminates_and_does_not_truncate():
    environment = room(WalkableKey("blue"), max_steps=1)
    _, reward, terminated, truncated, _ = environment.step(PICKUP)
    assert (reward, terminated, truncated) == (pytest.approx(0.1), True, False)


@pytest.mark.parametrize("level_distribution", ["training", "three_colours"])
def test_every_layout_holds_its_keys_inside_walls(level_distribution):
    environment = gymnasium.make(
        ENVIRONMENT_ID, level_distribution=level_distribution, disable_env_checker=True
    ).unwrapped
    thirds = set()
    for seed in range(80):
        environment.reset(seed=seed)
        contents = [content for content in environment.grid.grid if content is not None]
        colours = [content.color for content in contents if content.type == "key"]
        assert len(colours) == len(set(colours)) == 3
        assert {"blue", "purple"} < set(colours)
        assert sum(isinstance(content, Wall) for content in contents) == 20
        assert environment.grid.get(*environment.agent_pos) is None
        thirds |= set(colours) - {"blue", "purple"}
    assert thirds == ({"green", "grey", "red", "yellow"} if level_distribution == "training" else {"yellow"})


@pytest.mark.parametrize("argument", [{"objective": "green"}, {"level_distribution": "four_colours"}])
def test_unknown_arguments_are_refused_by_name(argument):
    with pytest.raises(ValueError, match=f"{next(iter(argument))} is .*; it must be one of"):
        gymnasium.make(ENVIRONMENT_ID, **argument)


def test_it_renders_the_view_highlighted():
    environment = gymnasium.make(
        ENVIRONMENT_ID, render_mode="rgb_array", agent_view_size=5, disable_env_checker=True
    ).unwrapped
    environment.reset(seed=1)
    plain = environment.get_frame(highlight=False)
    assert plain.shape == (192, 192, 3)
    assert (environment.render().astype(int) - plain).max() > 0
    assert np.array_equal(environment.get_frame(highlight=False), plain)


def test_a_copy_goes_on_as_the_original_does():
    """By pickle, as workers of vector environments get it, and by deepcopy, as planners do."""
    original = gymnasium.make(ENVIRONMENT_ID, disable_env_checker=True).unwrapped
    original.reset(seed=3)
    twins = [pickle.loads(pickle.dumps(original)), copy.deepcopy(original)]
    outcomes = set()
    for action in np.random.default_rng(0).integers(0, len(ACTIONS), 200):
        observation, *rest = original.step(action)
        for twin in twins:
            seen, *told = twin.step(action)
            assert np.array_equal(seen.pop("image"), observation["image"])
            assert (seen, told) == ({key: observation[key] for key in seen}, rest)
        outcomes.add(rest[-1]["outcome"])
        if rest[1] or rest[2]:
            for environment in (original, *twins):
                environment.reset()
    assert "crash" in outcomes, "the ball that is taken is the copy's own"


@pytest.mark.parametrize(
    ("mode", "options"),
    [
        ("sync", {}),
        ("sync", {"wrappers": [ImgObsWrapper]}),
        ("async", {"vector_kwargs": {"shared_memory": False}}),
        ("async", {"vector_kwargs": {"shared_memory": False, "context": "spawn"}}),
        # Gymnasium keeps no texts of MiniGrid's in shared memory, neither this world's nor its own ones'.
        ("async", {"wrappers": [ImgObsWrapper]}),
    ],
    ids=str,
)
def test_gymnasium_makes_vectors_of_it(mode, options):
    worlds = gymnasium.make_vec(ENVIRONMENT_ID, num_envs=2, vectorization_mode=mode, **options)
    alone = gymnasium.make(ENVIRONMENT_ID)
    try:
        seen, _ = worlds.reset(seed=5)
        image = seen["image"] if isinstance(seen, dict) else seen
        assert np.array_equal(image[0], alone.reset(seed=5)[0]["image"])
        rewards = [worlds.step(np.array([FORWARD, FORWARD]))[1] for _ in range(6)]
    finally:
        worlds.close()
    assert min(np.min(reward) for reward in rewards) == -1, "six steps reach a wall"
