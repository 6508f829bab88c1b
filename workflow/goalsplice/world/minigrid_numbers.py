"""MiniGrid's numbers, as `minigrid.core.constants` has them and under the same names.

Copied, since importing MiniGrid takes longer than all else that a job of the study needs of it: with it come
Gymnasium, pygame and networkx. `tests/world/test_minigrid_numbers.py` holds them to MiniGrid's.
"""

COLOR_TO_IDX = {"red": 0, "green": 1, "blue": 2, "purple": 3, "yellow": 4, "grey": 5}

OBJECT_TO_IDX = {
    "unseen": 0,
    "empty": 1,
    "wall": 2,
    "floor": 3,
    "door": 4,
    "key": 5,
    "ball": 6,
    "box": 7,
    "goal": 8,
    "lava": 9,
    "agent": 10,
}

STATE_TO_IDX = {"open": 0, "closed": 1, "locked": 2}

DIR_TO_VEC = ((1, 0), (0, 1), (-1, 0), (0, -1))
"""East, south, west, north, as (x, y); y grows downwards."""
