"""The world as MiniGrid renders it, and what the agent sees of it. Reads no table."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from goalsplice.figures.style import WIDTH, claim
from goalsplice.world.environment import FetchObstaclesEnv

TABLES: dict[str, list[str]] = {}
"""The tables that `draw` takes, and the columns that it reads of them."""

_LAYOUT_SEED = 406
"""A layout in which the agent faces right, sees all keys and the ball, and does not see the column behind it."""

_TILE, _VIEW = 64, 5


def _name(axes: Axes, cell: tuple[int, int], text: str, left: bool) -> None:
    """Write what lies in a cell beside the picture, in the cell's row, with a line to it."""
    x, y = ((place + 0.5) * _TILE for place in cell)
    axes.annotate(
        text,
        (x, y),
        xytext=(-0.15 * _TILE if left else 6.15 * _TILE, y),
        ha="right" if left else "left",
        va="center",
        annotation_clip=False,
        arrowprops={"arrowstyle": "-", "color": "white", "linewidth": 0.8, "shrinkA": 0, "shrinkB": 12},
    )


def draw(tables: dict[str, pd.DataFrame], config: dict) -> Figure:
    """Draw the room with the agent's view highlighted, and beside it that view as the agent sees it."""
    world = FetchObstaclesEnv(render_mode="rgb_array", agent_view_size=_VIEW, tile_size=_TILE)
    world.reset(seed=_LAYOUT_SEED)
    figure = Figure(figsize=(WIDTH, 3))
    room, view = figure.subplots(1, 2, width_ratios=[1.42, 1])
    room.imshow(world.render(), interpolation="none")
    room.set_title("the room")
    view.imshow(world.get_frame(highlight=False, tile_size=_TILE, agent_pov=True), interpolation="none")
    view.set_title("the same as the agent sees it")
    for axes in (room, view):
        axes.set_axis_off()
        axes.set_anchor("N")
    names = {tuple(world.agent_pos): "agent,\nfacing right"}
    for thing in world.grid.grid:
        if thing is not None and thing.type in ("key", "ball"):
            names[tuple(thing.cur_pos)] = f"{thing.color} {thing.type}"
    for (x, y), name in names.items():
        _name(room, (x, y), name, left=not any(other < x for other, row in names if row == y))
    _name(room, (4, 1), "its view: lighter", left=False)
    _name(room, (1, 4), "behind it: unseen", left=True)
    world.close()
    claim(figure, "The world: three keys, a ball that moves, and an agent that sees what is ahead of it")
    return figure
