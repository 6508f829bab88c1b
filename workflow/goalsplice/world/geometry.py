"""Tables of a walled square grid and of the agent's view of it, computed once and looked up at each step.

A cell is a number: y * size + x. A view cell is a number too: column * view_size + row, the order of MiniGrid's
`image`; the agent's own is in the middle column's last row.
"""

from functools import cache
from typing import NamedTuple

import numpy as np

from goalsplice.world.minigrid_numbers import DIR_TO_VEC


class Geometry(NamedTuple):
    """Lookup tables; S = size**2 cells, V = view_size**2 view cells, I interior cells, B backgrounds.

    Attributes:
        size, view_size: sides of the grid (walls included) and of the view.
        interior: int64 (I,), cells that are not wall.
        is_wall: bool (S,).
        front: int64 (S, 4), the cell before an agent at a cell with a direction; defined for interior cells.
        neighbours: int64 (S, 8), interior neighbours of a cell, filled up with -1.
        view_cell: int64 (S, 4, S), where an agent at a cell with a direction sees another cell; -1 out of view.
        background: int64 (S, 4), which of the B patterns of walls an agent sees from there.
        background_walls: bool (B, V), those patterns.
    """

    size: int
    view_size: int
    interior: np.ndarray
    is_wall: np.ndarray
    front: np.ndarray
    neighbours: np.ndarray
    view_cell: np.ndarray
    background: np.ndarray
    background_walls: np.ndarray


@cache
def geometry(size: int, view_size: int) -> Geometry:
    """Tables for a grid of `size` and a view of `view_size` (odd, at least 3)."""
    cells = size * size
    x, y = np.arange(cells) % size, np.arange(cells) // size
    is_wall = (x == 0) | (y == 0) | (x == size - 1) | (y == size - 1)
    interior = np.flatnonzero(~is_wall)

    front = np.full((cells, 4), -1)
    neighbours = np.full((cells, 8), -1)
    view_cell = np.full((cells, 4, cells), -1)
    walls = np.ones((cells, 4, view_size * view_size), dtype=bool)
    for cell in interior:
        around = [(y[cell] + dy) * size + x[cell] + dx for dy in (-1, 0, 1) for dx in (-1, 0, 1) if (dx, dy) != (0, 0)]
        free = [other for other in around if not is_wall[other]]
        neighbours[cell, : len(free)] = free
        for direction, (forward_x, forward_y) in enumerate(DIR_TO_VEC):
            right_x, right_y = -forward_y, forward_x
            front[cell, direction] = (y[cell] + forward_y) * size + x[cell] + forward_x
            ahead = (x - x[cell]) * forward_x + (y - y[cell]) * forward_y
            aside = (x - x[cell]) * right_x + (y - y[cell]) * right_y
            column, row = aside + view_size // 2, view_size - 1 - ahead
            seen = (column >= 0) & (column < view_size) & (row >= 0) & (row < view_size)
            view_cell[cell, direction, seen] = (column * view_size + row)[seen]
            # MiniGrid shows wall also beyond the grid: only interior cells in view are free of it.
            walls[cell, direction, view_cell[cell, direction, interior][seen[interior]]] = False

    poses = walls[interior].reshape(-1, view_size * view_size)
    patterns, which = np.unique(poses, axis=0, return_inverse=True)
    background = np.full((cells, 4), -1)
    background[interior] = which.reshape(len(interior), 4)
    return Geometry(
        size=size,
        view_size=view_size,
        interior=interior,
        is_wall=is_wall,
        front=front,
        neighbours=neighbours,
        view_cell=view_cell,
        background=background,
        background_walls=patterns,
    )
