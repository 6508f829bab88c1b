"""The vector environment: Gymnasium's interface, explicit about autoreset, with the same observations."""

import numpy as np
import pytest
from gymnasium.error import ResetNeeded
from gymnasium.vector import AutoresetMode

from goalsplice.world import simulator as sim
from goalsplice.world.observation import Encoding
from goalsplice.world.vector import BatchedFetchObstacles

ENCODINGS = [Encoding("onehot", 5), Encoding("integers", 7), Encoding("onehot", 3), Encoding("integers", 5, 8)]


def vector(mode: AutoresetMode, count: int = 32, **arguments) -> BatchedFetchObstacles:
    """A vector environment of `count` worlds, reset with seed 3."""
    environment = BatchedFetchObstacles(count, ENCODINGS[0], autoreset_mode=mode, **arguments)
    environment.reset(seed=3)
    return environment


def test_same_step_autoreset_keeps_the_last_observation():
    environment = vector(AutoresetMode.SAME_STEP)
    generator = np.random.default_rng(0)
    seen = 0
    for _ in range(60):
        observation, rewards, terminated, truncated, infos = environment.step(generator.integers(0, 7, 32))
        ended = terminated | truncated
        np.testing.assert_array_equal(infos["outcome"] != sim.RUNNING, ended)
        assert not (terminated & truncated).any()
        assert (environment.worlds.elapsed[ended] == 0).all()
        if ended.any():
            np.testing.assert_array_equal(infos["_final_obs"], ended)
            taken = ended & np.isin(infos["outcome"], [0, 1, 2, 3])
            own = infos["final_obs"][:, 2, 4, :11].argmax(axis=1)
            assert (own[taken] == 5).all(), "the agent's own cell shows the key it has taken"
            assert (observation[ended][:, 2, 4, 1] == 1).all(), "a new episode starts empty-handed"
            seen += int(taken.sum())
        assert (rewards[~ended] == 0).all()
    assert seen > 10


def test_without_autoreset_an_ended_world_must_be_reset():
    environment = vector(AutoresetMode.DISABLED, rules=sim.Rules(max_steps=3))
    for _ in range(3):
        _, _, terminated, truncated, _ = environment.step(np.full(32, 6))
    assert truncated.all()
    assert not terminated.any()
    with pytest.raises(ValueError, match="reset_mask"):
        environment.step(np.full(32, 6))
    mask = np.arange(32) < 16
    environment.reset(options={"reset_mask": mask})
    assert (environment.worlds.elapsed == np.where(mask, 0, 3)).all()


def test_other_autoreset_modes_are_refused():
    with pytest.raises(ValueError, match="SAME_STEP or DISABLED"):
        vector(AutoresetMode.NEXT_STEP)


def test_a_level_unfolds_alike_whatever_runs_beside_it():
    whole = vector(AutoresetMode.SAME_STEP, 8)
    part = vector(AutoresetMode.SAME_STEP, 8)
    part.worlds = sim.Worlds(*(field[4:].copy() for field in part.worlds))
    part.num_envs, part._outcomes = 4, part._outcomes[4:].copy()
    actions = np.random.default_rng(1).integers(0, 7, (50, 8))
    for row in actions:
        whole.step(row)
        part.step(row[4:])
    for all_of_it, some in zip(whole.worlds, part.worlds, strict=True):
        np.testing.assert_array_equal(all_of_it[4:], some)


@pytest.mark.parametrize("encoding", ENCODINGS, ids=str)
def test_observations_are_the_encodings(encoding):
    environment = BatchedFetchObstacles(64, encoding)
    observation, _ = environment.reset(seed=1)
    generator = np.random.default_rng(0)
    for _ in range(30):
        codes = [sim.observe(environment.worlds, i, encoding.geometry) for i in range(64)]
        np.testing.assert_array_equal(observation, encoding.images(np.array(codes)))
        assert environment.observation_space.contains(observation)
        observation, *_ = environment.step(generator.integers(0, 7, 64))


def test_a_mask_before_the_first_reset_is_refused():
    environment = BatchedFetchObstacles(2, ENCODINGS[0])
    with pytest.raises(ResetNeeded, match="reset all of them first"):
        environment.reset(options={"reset_mask": np.array([True, False])})
    environment.reset(seed=1)
    environment.reset(options={"reset_mask": np.array([True, False])})
