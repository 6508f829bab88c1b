"""The compiled world as a Gymnasium vector environment, for other trainers and for looking around."""

import gymnasium
import numpy as np
from gymnasium.error import ResetNeeded
from gymnasium.vector import AutoresetMode

from goalsplice.io.compiled import njit
from goalsplice.world.observation import BALL, EMPTY, WALL, Encoding
from goalsplice.world.simulator import (
    RUNNING,
    TIMEOUT,
    Rules,
    act,
    colour_numbers,
    create,
    draw_ball_cell,
    observe,
    reset,
    reward,
)
from goalsplice.world.vocabulary import ACTIONS, steps_limit


@njit
def _draw(observation_rows, walls, contents, out):
    """MiniGrid's arrays from rows: `Encoding.images`, without a sparse product at each step.

    Args:
        observation_rows: int32 (n, 5), as `Encoding.rows` gives them.
        walls: uint8 (B, V, C), the patterns of walls.
        contents: uint8 (9, C), inputs of a cell with each content.
        out: uint8 (n, V, C), overwritten.
    """
    backgrounds, cells = walls.shape[0], walls.shape[1]
    kinds = contents.shape[0] - BALL
    for i in range(observation_rows.shape[0]):
        out[i] = walls[observation_rows[i, 0]]
        for slot in range(1, observation_rows.shape[1]):
            row = observation_rows[i, slot] - backgrounds
            if row < kinds * cells:
                out[i, row // kinds] = contents[BALL + row % kinds]


@njit
def _step_all(worlds, actions, tables, rules, objective, outcomes, rewards, codes):
    for i in range(worlds.agent.size):
        ball_cell = draw_ball_cell(worlds, i, tables)
        outcomes[i] = act(worlds, i, actions[i], ball_cell, tables, rules)
        rewards[i] = reward(outcomes[i], worlds.elapsed[i], objective, rules.max_steps)
        codes[i] = observe(worlds, i, tables)


@njit
def _reset_ended(worlds, tables, third_colours, outcomes, codes):
    for i in range(worlds.agent.size):
        if outcomes[i] != RUNNING:
            reset(worlds, i, tables, third_colours)
            codes[i] = observe(worlds, i, tables)


class BatchedFetchObstacles(gymnasium.vector.VectorEnv):
    """Many compiled worlds as a Gymnasium vector environment.

    Observations are the encoding's arrays, uint8 (n, view_size, view_size, channels); `infos["outcome"]` holds outcome
    numbers (int64, -1 while running).

    Args:
        num_envs: how many worlds.
        encoding: what the agent sees.
        objective, level_distribution, rules: as in `FetchObstaclesEnv`, whose `key_colours` are the encoding's.
        autoreset_mode: SAME_STEP starts a new episode in the step that ends one: the observation is the new episode's
            first, and `infos["final_obs"]` holds the ended one's last (rows where `infos["_final_obs"]`). DISABLED
            leaves it to `reset(options={"reset_mask": mask})`.

    Raises:
        ValueError: another autoreset mode; or, with DISABLED, a step of a world that has ended.
    """

    def __init__(
        self,
        num_envs: int,
        encoding: Encoding,
        objective: str = "blue",
        level_distribution: str = "training",
        rules: Rules | None = None,
        autoreset_mode: AutoresetMode = AutoresetMode.SAME_STEP,
    ):
        if autoreset_mode not in (AutoresetMode.SAME_STEP, AutoresetMode.DISABLED):
            raise ValueError(f"autoreset_mode is {autoreset_mode}; choose SAME_STEP or DISABLED")
        self.num_envs = num_envs
        self.encoding = encoding
        self.level_distribution = level_distribution
        self.rules = Rules(max_steps=steps_limit(encoding.size)) if rules is None else rules
        self.metadata = {"autoreset_mode": autoreset_mode}
        self._objective = encoding.key_colours.index(objective)
        self.worlds = None
        self._contents = encoding.contents.astype(np.uint8)
        self._walls = self._contents[np.where(encoding.geometry.background_walls, WALL, EMPTY)]
        shape = (encoding.view_size, encoding.view_size, encoding.channels)
        self.single_observation_space = gymnasium.spaces.Box(0, 255, shape, np.uint8)
        self.single_action_space = gymnasium.spaces.Discrete(len(ACTIONS))
        self.observation_space = gymnasium.vector.utils.batch_space(self.single_observation_space, num_envs)
        self.action_space = gymnasium.vector.utils.batch_space(self.single_action_space, num_envs)

    def _images(self, codes: np.ndarray) -> np.ndarray:
        out = np.empty((len(codes), *self._walls.shape[1:]), dtype=np.uint8)
        _draw(self.encoding.rows(codes), self._walls, self._contents, out)
        return out.reshape(len(codes), *self.single_observation_space.shape)

    def reset(self, *, seed=None, options=None):
        """Start new episodes: everywhere, or where `options["reset_mask"]` (bool (n,)) is true.

        Raises:
            ResetNeeded: a mask is given, but no episode was started before.
        """
        super().reset(seed=seed)
        tables, colours = self.encoding.geometry, colour_numbers(self.level_distribution)
        mask = (options or {}).get("reset_mask")
        if mask is not None and self.worlds is None:
            raise ResetNeeded("no world has begun; reset all of them first, without a reset_mask")
        if mask is None:
            self.worlds = create(self.num_envs, self.level_distribution, self.np_random, self.encoding.size)
            self._outcomes = np.full(self.num_envs, RUNNING, dtype=np.int64)
        codes = np.empty(self.num_envs, dtype=np.int64)
        for i in range(self.num_envs):
            if mask is not None and mask[i]:
                reset(self.worlds, i, tables, colours)
                self._outcomes[i] = RUNNING
            codes[i] = observe(self.worlds, i, tables)
        return self._images(codes), {}

    def step(self, actions):
        same_step = self.metadata["autoreset_mode"] is AutoresetMode.SAME_STEP
        if not same_step and (self._outcomes != RUNNING).any():
            raise ValueError("some worlds have ended; reset them first with options={'reset_mask': mask}")
        tables = self.encoding.geometry
        rewards = np.empty(self.num_envs)
        codes = np.empty(self.num_envs, dtype=np.int64)
        _step_all(self.worlds, np.asarray(actions), tables, self.rules, self._objective, self._outcomes, rewards, codes)
        outcomes = self._outcomes.copy()
        infos = {"outcome": outcomes}
        ended = outcomes != RUNNING
        if same_step and ended.any():
            infos["final_obs"] = self._images(codes)
            infos["_final_obs"] = ended
            _reset_ended(self.worlds, tables, colour_numbers(self.level_distribution), outcomes, codes)
            self._outcomes[:] = RUNNING
        truncated = outcomes == TIMEOUT
        return self._images(codes), rewards, ended & ~truncated, truncated, infos
