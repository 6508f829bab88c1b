"""FetchObstacles, the study's world, as a MiniGrid environment. This file is the definition.

A room holds the agent, three keys of different colours and one grey ball that moves. A blue and a purple key are
always there; the third key's colour is drawn from the `level_distribution`. `key_colours` may name others than these
two and yellow. Everything starts on distinct random cells.

| action | what it does |
|---|---|
| left, right | turn |
| forward | move to the cell in front, if it is free or holds a key |
| pickup | take what lies in front |
| drop, toggle, done | nothing |

Each step the ball moves first, to a uniformly drawn free cell among its eight neighbours: no wall, no key, not the
agent's cell. With none free it stays. Then the agent acts.

| what happens | reward | episode | `info["outcome"]` |
|---|---|---|---|
| key of the objective's colour taken at step t | 1 - 0.9 * t / max_steps | terminated | its colour |
| another key taken | 0.1 | terminated | its colour, `other` unless one of `key_colours` |
| ball taken | -1 | terminated | `crash` |
| forward, where ball or wall was in front *before* the ball moved | -1 | terminated | `crash` |
| max_steps reached, and none of these | 0 | truncated | `timeout` |
| else | 0 | goes on | None |

If the ball has just moved into the cell in front, forward does nothing. The agent sees through walls, and the cell
it stands on always looks empty (unless it carries something, in an episode's last observation).

Source: the recipe that the post's author published; MiniGrid's Dynamic-Obstacles and Fetch, of which it is a hybrid.
MiniGrid's own worlds differ in that keys block the way (`walkable_keys=False`) and walls cost nothing
(`wall_penalty=False`).
"""

from minigrid.core.grid import Grid
from minigrid.core.mission import MissionSpace
from minigrid.core.world_object import Ball, Key
from minigrid.minigrid_env import MiniGridEnv

from goalsplice.world.vocabulary import (
    CRASH_REWARD,
    OBJECTIVES,
    THIRD_KEY_COLOURS,
    TIME_COST,
    WRONG_KEY_REWARD,
    steps_limit,
    third_key_colours,
)


def mission(colour: str) -> str:
    """What the agent would read as its objective, if it could read."""
    return f"fetch the {colour} key"


class WalkableKey(Key):
    """A key that one can stand on."""

    def can_overlap(self) -> bool:
        return True


class FetchObstaclesEnv(MiniGridEnv):
    """Fetch the key of the objective's colour, and keep clear of walls and of the ball.

    Args:
        objective: the colour whose key pays: one of `key_colours`. The agent cannot see it.
        level_distribution: `training` (third key of any colour but those of the others), `three_colours` (third key of
            the third of `key_colours`), or `without_third_colour` (third key of any other colour than in
            `three_colours`).
        size: side of the grid, its walls included.
        walkable_keys: whether keys can be walked over.
        wall_penalty: whether walking into a wall ends the episode with -1.
        max_steps: steps until truncation, 5 * size**2 by default.
        key_colours: of the two keys that are always there, and of the third one in `three_colours`.

    Raises:
        ValueError: `objective` or `level_distribution` is not one of those named.
    """

    def __init__(
        self,
        objective: str = "blue",
        level_distribution: str = "training",
        size: int = 6,
        walkable_keys: bool = True,
        wall_penalty: bool = True,
        max_steps: int | None = None,
        key_colours: tuple[str, str, str] = OBJECTIVES,
        **kwargs,
    ):
        if objective not in key_colours:
            raise ValueError(f"objective is {objective!r}; it must be one of {', '.join(key_colours)}")
        if level_distribution not in THIRD_KEY_COLOURS:
            raise ValueError(
                f"level_distribution is {level_distribution!r}; it must be one of {', '.join(THIRD_KEY_COLOURS)}"
            )
        self.objective = objective
        self.key_colours = tuple(key_colours)
        self.level_distribution = level_distribution
        self.key_type = WalkableKey if walkable_keys else Key
        self.wall_penalty = wall_penalty
        super().__init__(
            mission_space=MissionSpace(
                # No lambda: the environment would not pickle, and workers of vector environments get it as a pickle.
                mission_func=mission,
                ordered_placeholders=[list(key_colours)],
            ),
            grid_size=size,
            max_steps=steps_limit(size) if max_steps is None else max_steps,
            see_through_walls=True,
            **kwargs,
        )
        self.reward_range = (CRASH_REWARD, 1.0)

    def _gen_grid(self, width: int, height: int) -> None:
        self.grid = Grid(width, height)
        self.grid.wall_rect(0, 0, width, height)
        self.place_agent()
        self.ball = Ball("grey")
        self.place_obj(self.ball)
        third = self._rand_elem(third_key_colours(self.level_distribution, self.key_colours))
        for colour in (*self.key_colours[:2], third):
            self.place_obj(self.key_type(colour))
        self.mission = mission(self.objective)

    def draw_ball_cell(self) -> tuple[int, int]:
        """Where the ball goes next: a uniformly drawn free neighbour cell, or its own cell if none is free."""
        x, y = self.ball.cur_pos
        free = [
            (x + dx, y + dy)
            for dx in (-1, 0, 1)
            for dy in (-1, 0, 1)
            if self.grid.get(x + dx, y + dy) is None and (x + dx, y + dy) != tuple(self.agent_pos)
        ]
        return self._rand_elem(free) if free else (x, y)

    def step(self, action):
        obstacles = {"ball", "wall"} if self.wall_penalty else {"ball"}
        front = self.grid.get(*self.front_pos)
        collides = action == self.actions.forward and front is not None and front.type in obstacles

        cell = self.draw_ball_cell()
        self.grid.set(*self.ball.cur_pos, None)
        self.put_obj(self.ball, *cell)

        observation, _, _, truncated, _ = super().step(action)

        reward, outcome = 0.0, None
        if collides or self.carrying is self.ball:
            reward, outcome = CRASH_REWARD, "crash"
        elif self.carrying is not None:
            colour = self.carrying.color
            outcome = colour if colour in self.key_colours else "other"
            right = colour == self.objective
            reward = 1 - TIME_COST * (self.step_count / self.max_steps) if right else WRONG_KEY_REWARD
        elif truncated:
            outcome = "timeout"
        terminated = outcome is not None and outcome != "timeout"
        return observation, reward, terminated, truncated and not terminated, {"outcome": outcome}
