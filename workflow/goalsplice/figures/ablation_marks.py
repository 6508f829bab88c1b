"""What figures of the ablations share: arms by what they change, and their runs' values."""

import json
from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from goalsplice.figures.style import COLOURS, CONTROL_COLOURS, seed_marks
from goalsplice.settings.study import REFERENCE

ARMS: dict[str, list[str]] = {"ablations": ["arm", "reference", "group", "changes", "rollouts", "measure", "verdict"]}
RUNS: dict[str, list[str]] = {"ablation_runs": ["arm", "seed", "rollouts", "measure", "value"]}
"""Tables that these figures take, and the columns that they read of them."""

PLAIN, CHANGED, CONTROL = "0.35", COLOURS["blue"], CONTROL_COLOURS["places"]
"""Colours of references, of arms that differ from them, and of controls."""


def arms_of(ablations: pd.DataFrame, *groups: str) -> pd.DataFrame:
    """One row an arm of some groups, with its changes as a dict: reference by reference, else in the table's order.

    References have a group of their own. Of several those are left out that no arm of the other groups refers to.
    """
    arms = ablations.drop_duplicates("arm")
    order = list(arms["reference"].unique())
    arms = arms[arms["group"].isin(groups)]
    used = arms.loc[arms["group"] != REFERENCE, "reference"]
    arms = arms[arms["reference"].isin(used if len(used) else order[:1])]
    arms = arms.sort_values("reference", key=lambda column: column.map(order.index), kind="stable")
    return arms.assign(changes=arms["changes"].map(json.loads))


def values_of(runs: pd.DataFrame, arm: str, rollouts: int, measure: str) -> np.ndarray:
    """A measure of an arm's seeds after so many rollouts: (seeds,), empty if no run has it."""
    rows = runs[(runs["arm"] == arm) & (runs["rollouts"] == rollouts) & (runs["measure"] == measure)]
    return rows["value"].to_numpy()


def words(value: object) -> str:
    """A value of the recipe as a figure writes it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return f"{value:g}" if isinstance(value, int | float) else str(value).replace("_", " ")


def sentence(changes: Mapping[str, object]) -> str:
    """An arm's changes in words."""
    return ", ".join(f"{key.replace('_', ' ')}: {words(value)}" for key, value in changes.items()) or "reference"


def mark_seeds(axes: Axes, at: float, values: np.ndarray, colour: str, **how) -> None:
    """The seeds' marks, if there are any; `how` as in `style.seed_marks`."""
    if values.size:
        seed_marks(axes, at, values, colour, **how)


def say_if_empty(axes: Axes) -> None:
    """Say that no run has the panel's measure, rather than show an empty panel."""
    if not axes.has_data():
        axes.text(0.5, 0.5, "in no run", transform=axes.transAxes, ha="center", va="center", fontsize=8, color="0.35")
