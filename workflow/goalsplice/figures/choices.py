"""Which key each checkpoint takes. From the evaluation table: layouts with a blue, a purple and a yellow key."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from goalsplice.figures.learning_curve import draw_over_phases, objectives_in, over_phases_entries
from goalsplice.figures.style import COLOURS, WIDTH, arm_name, claim, interval_entry, mark, reference_line, seed_marks

TABLES: dict[str, list[str]] = {
    "evaluation": ["arm", "seed", "phase", "objective", "layouts", "policy", "levels"]
    + [f"share_{outcome}" for outcome in COLOURS],
}
"""The tables that `draw` takes, and the columns that it reads of them."""

_LAYOUTS, _POLICY, _CHANCE = "three_colours", "sampling", 1 / 3
_NAMES = {"other": "another key", "crash": "crash", "timeout": "time out"}
_DARK = {"blue", "purple", "other", "crash"}


def own_share(rows: pd.DataFrame) -> pd.Series:
    """Share of episodes that ended with the key of the checkpoint's own objective."""
    return pd.Series(
        [row[f"share_{row['objective']}"] for _, row in rows.iterrows()], index=rows.index, dtype="float64"
    )


def _draw_outcomes(axes: Axes, rows: pd.DataFrame) -> None:
    """A bar for each arm and objective: mean shares of outcomes, the own colour first and its seeds over it."""
    names, place = [], 0.0
    for arm, runs in rows.groupby("arm", sort=False):
        for objective in objectives_in(runs):
            trained = runs[runs["objective"] == objective]
            shares = trained.groupby("seed", sort=False)[[f"share_{outcome}" for outcome in COLOURS]].mean()
            start = 0.0
            for outcome in sorted(COLOURS, key=lambda outcome: outcome != objective):
                share = shares[f"share_{outcome}"].mean()
                axes.barh(place, share, 0.7, start, color=COLOURS[outcome], edgecolor="white", linewidth=0.6)
                if share >= 0.05:
                    axes.text(start + share - 0.005, place, f"{share:.2f}")
                start += share
        
    pass
