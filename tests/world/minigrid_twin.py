"""Helpers that put a MiniGrid environment and the compiled world into the same state."""

import gymnasium
import numpy as np
from minigrid.wrappers import OneHotPartialObsWrapper, ViewSizeWrapper

from goalsplice.world import ENVIRONMENT_ID
from goalsplice.world.observation import Encoding
from goalsplice.world.simulator import NOTHING, Worlds


def wrapped(encoding: Encoding, **arguments) -> gymnasium.Env:
    """The MiniGrid environment behind MiniGrid's own wrappers for `encoding`."""
    made = gymnasium.make(ENVIRONMENT_ID, disable_env_checker=True, key_colours=encoding.key_colours, **arguments)
    environment = ViewSizeWrapper(made.unwrapped, encoding.view_size)
    return OneHotPartialObsWrapper(environment) if encoding.name == "onehot" else environment


def cell(position, size: int) -> int:
    """Number of an (x, y) cell."""
    return int(position[1]) * size + int(position[0])


def state_of(environment) -> Worlds:
    """The state of one freshly reset MiniGrid environment as one compiled world."""
    size = environment.width
    keys = {}
    for index, content in enumerate(environment.grid.grid):
        if content is not None and content.type == "key":
            keys[content.color] = index
    first, second = environment.key_colours[:2]
    third = next(colour for colour in keys if colour not in (first, second))
    things = [cell(environment.ball.cur_pos, size), keys[first], keys[second], keys[third]]
    colours = Encoding("onehot", 5, size, environment.key_colours).colours
    return Worlds(
        agent=np.array([cell(environment.agent_pos, size)]),
        direction=np.array([int(environment.agent_dir)]),
        things=np.array([things]),
        third_colour=np.array([colours.index(third)]),
        carried=np.array([NOTHING]),
        elapsed=np.array([0]),
        stream=np.array([1], dtype=np.uint64),
        drawn=np.zeros((1, (size - 2) ** 2), dtype=np.int64),
    )
