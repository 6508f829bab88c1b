"""A synthetic table of recorded steps, only to be drawn."""

import numpy as np
import pandas as pd

LENGTHS = {"unedited": 3, "edited": 11}
LEVELS = (7, 8)
SIZE = 6


def behaviour_table(arm="onehot", endings=("purple", "yellow"), lengths=LENGTHS):
    """Two agents on two levels, at places that have nothing to do with their actions."""
    chance = np.random.default_rng(0)
    inside = [y * SIZE + x for y in range(1, SIZE - 1) for x in range(1, SIZE - 1)]
    rows = []
    for level in LEVELS:
        keys = chance.choice(inside, 3, replace=False).tolist()
        free = [cell for cell in inside if cell not in keys]
        for (name, length), ending in zip(lengths.items(), endings, strict=True):
            for step in range(length + 1):
                agent, ball = chance.choice(free, 2, replace=False).tolist()
                rows.append(
                    {
                        **{"agent": name, "size": 260 * (name == "edited"), "weight_share": 0.005 * (name == "edited")},
                        **{"level": level, "step": step, "action": "forward" if step else ""},
                        **{"outcome": ending if step == length else "", "agent_cell": agent, "direction": step % 4},
                        **dict(zip(("first_cell", "second_cell", "third_cell"), keys, strict=True)),
                        **{"ball_cell": ball, "first_colour": "blue"},
                        **{"second_colour": "purple", "third_colour": "yellow"},
                    }
                )
    run = {
        "arm": arm,
        "seed": 99,
        "phase": 23,
        "wanted": "purple",
        "level_distribution": "three_colours",
        "action_selection": "sampling",
    }
    return pd.DataFrame(rows).assign(grid_size=SIZE, view_size=5, max_steps=180, **run)
