"""Pictures of recorded steps, as MiniGrid renders the world. From rows of the behaviour table."""

import numpy as np
import pandas as pd
from minigrid.core.grid import Grid
from minigrid.core.world_object import Ball

from goalsplice.figures.style import COLOURS
from goalsplice.world.environment import FetchObstaclesEnv, WalkableKey

SCENE = [
    *("agent", "size", "weight_share", "level", "step", "action", "outcome", "agent_cell", "direction"),
    *("ball_cell", "first_cell", "second_cell", "third_cell", "first_colour", "second_colour", "third_colour"),
    *("level_distribution", "action_selection", "grid_size", "view_size", "arm", "seed", "phase", "wanted"),
]
"""Columns of the behaviour table that pictures need."""

_TILE = 64
_KEYS = ("first", "second", "third")
_ENDS = {"crash": "crashes", "timeout": "out of time", "other": "takes another key"}


def picture(row: pd.Series) -> np.ndarray:
    """The room at one step, the agent's view lighter: uint8 (height, width, 3)."""
    size = int(row["grid_size"])
    world = FetchObstaclesEnv(
        size=size, render_mode="rgb_array", agent_view_size=int(row["view_size"]), tile_size=_TILE, highlight=True
    )
    world.reset(seed=0)
    world.grid = Grid(size, size)
    world.grid.wall_rect(0, 0, size, size)
    things = {"ball_cell": Ball("grey")}
    things |= {f"{key}_cell": WalkableKey(row[f"{key}_colour"]) for key in _KEYS}
    taken = {row[f"{key}_colour"]: f"{key}_cell" for key in _KEYS} | {"other": "third_cell"}
    for column, thing in things.items():
        # A key that was taken is where the agent is, which hides what lies there.
        if column != taken.get(row["outcome"]):
            world.grid.set(row[column] % size, row[column] // size, thing)
    world.agent_pos, world.agent_dir = (row["agent_cell"] % size, row["agent_cell"] // size), int(row["direction"])
    image = world.render()
    world.close()
    return image


def what(row: pd.Series) -> str:
    """What a step is, in words."""
    if row["outcome"]:
        return _ENDS.get(row["outcome"], f"takes {row['outcome']}")
    return row["action"] or "start"


def frame_colour(row: pd.Series) -> str | None:
    """Of the frame around a step that ends the episode; None for others."""
    return COLOURS[row["outcome"]] if row["outcome"] else None


def agent_name(rows: pd.DataFrame) -> str:
    """How an agent's row is called, on two lines."""
    first = rows.iloc[0]
    if not first["size"]:
        return f"{first['agent']}:\nwants {first['wanted']}"
    return f"{first['agent']}: {100 * first['weight_share']:.2g} %\nof its weights"
