"""The first arm's world as MiniGrid renders it, and what its agent sees of it. Reads no table."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from goalsplice.figures.style import WIDTH, claim
from goalsplice.world.environment import FetchObstaclesEnv

TABLES: dict[str, list[str]] = {}
"""The tables that `draw` takes, and the columns that it reads of them."""

_LAYOUT_SEED, _TRIED = 406, 2000
"""Where level_distribution are looked for, and how many: the first suits the study's own grid and view."""

_TILE = 64


def _things(world: FetchObstaclesEnv) -> dict[tuple[int, int], str]:
    """Names of the agent, the keys and the ball by their cells."""
    names = {tuple(world.agent_pos): "agent,\nfacing right"}
    for thing in world.grid.grid:
        if thing is not None and thing.type in ("key", "ball"):
            names[tuple(thing.cur_pos)] = f"{thing.color} {thing.type}"
    return names


def _suits(world: FetchObstaclesEnv) -> bool:
    """Whether the agent faces right, sees all things, not the column behind it, and no row has three names."""
    cells = _things(world).keys()
    rows = [y for _, y in cells]
    return (
        world.agent_dir == 0
        and world.agent_pos[0] > 1
        and max(rows.count(row) for row in rows) < 3
        and all(world.in_view(*cell) for cell in cells)
    )


def _lay_out(world: FetchObstaclesEnv) -> None:
    """Set the world to the first layout that suits; to the last that was tried, if none does."""
    for seed in range(_LAYOUT_SEED, _LAYOUT_SEED + _TRIED):
        world.reset(seed=seed)
        if _suits(world):
            return


def _name(axes: Axes, cell: tuple[int, int], text: str, left: bool, size: int) -> None:
    """Write what lies in a cell beside the picture, in the cell's row, with a line to it."""
    x, y = ((place + 0.5) * _TILE for place in cell)
    axes.annotate(
        text,
        (x, y),
        xytext=(-0.15 * _TILE if left else (size + 0.15) * _TILE, y),
        ha="right" if left else "left",
        va="center",
        annotation_clip=False,
        arrowprops={"arrowstyle": "-", "color": "white", "linewidth": 0.8, "shrinkA": 0, "shrinkB": 12},
    )


def _name_all(axes: Axes, world: FetchObstaclesEnv, size: int) -> None:
    """Name all things, one on each side of a row, and where a side is free a cell that is seen and one that is not."""
    names, inside = _things(world), range(1, size - 1)
    sides = {(y, not any(other < x for other, row in names if row == y)): (x, y) for x, y in names}
    for (_, left), cell in sides.items():
        _name(axes, cell, names[cell], left, size)
    furthest = {y: max((x for x, row in names if row == y), default=0) for y in inside}
    seen = [
        (x, y)
        for y in inside
        for x in reversed(inside)
        if (y, False) not in sides and x > furthest[y] and world.in_view(x, y)
    ]
    unseen = [(1, y) for y in inside if (y, True) not in sides and not world.in_view(1, y)]
    for cells, text, left in ((seen, "its view: lighter", False), (unseen, "behind it: unseen", True)):
        for cell in cells[:1]:
            _name(axes, cell, text, left, size)


def draw(tables: dict[str, pd.DataFrame], config: dict) -> Figure:
    """Draw the first arm's room with the agent's view highlighted, and beside it that view as the agent sees it."""
    settings = next(iter(config["arms"].values()))
    size = settings["grid_size"]
    world = FetchObstaclesEnv(
        size=size, render_mode="rgb_array", agent_view_size=settings["view_size"], tile_size=_TILE
    )
    _lay_out(world)
    figure = Figure(figsize=(WIDTH, 3))
    room, view = figure.subplots(1, 2, width_ratios=[1.42, 1])
    room.imshow(world.render(), interpolation="none")
    room.set_title("the room")
    view.imshow(world.get_frame(highlight=False, tile_size=_TILE, agent_pov=True), interpolation="none")
    view.set_title("the same as the agent sees it")
    for axes in (room, view):
        axes.set_axis_off()
        axes.set_anchor("N")
    _name_all(room, world, size)
    world.close()
    claim(figure, "The world: three keys, a ball that moves, and an agent that sees what is ahead of it")
    return figure
