"""What figures of the ablations share: arms by what they change, and their runs' values."""

import json
from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from goalsplice.figures.style import COLOURS, CONTROL_COLOURS, Interval, seed_marks, select
from goalsplice.settings.study import REFERENCE

ARMS: dict[str, list[str]] = {
    "ablations": [
        *("arm", "reference", "group", "changes", "rollouts", "measure", "value", "low", "high"),
        *("reference_value", "reference_low", "reference_high", "verdict"),
    ]
}
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
    return select(runs, arm=arm, rollouts=rollouts, measure=measure)["value"].to_numpy()


def interval_of_arm(ablations: pd.DataFrame, arm: str, rollouts: int, measure: str) -> Interval:
    """The same over seeds: from the arm's row, or from that of an arm that it is the reference of."""
    rows = select(ablations, rollouts=rollouts, measure=measure)
    own, beside = select(rows, arm=arm), select(rows, reference=arm)
    if len(own):
        return Interval(*own[["value", "low", "high"]].iloc[0])
    if len(beside):
        return Interval(*beside[["reference_value", "reference_low", "reference_high"]].iloc[0])
    return Interval(np.nan, np.nan, np.nan)


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


def mark_arm(
    axes: Axes, at: float, tables: Mapping[str, pd.DataFrame], arm: str, rollouts: int, measure: str, **how
) -> None:
    """A measure of an arm's seeds, if any has it, and over them; `how` as in `style.seed_marks`."""
    values = values_of(tables["ablation_runs"], arm, rollouts, measure)
    if values.size:
        seed_marks(axes, at, values, interval=interval_of_arm(tables["ablations"], arm, rollouts, measure), **how)


def say_if_empty(axes: Axes) -> None:
    """Say that no run has the panel's measure, rather than show an empty panel."""
    if not axes.has_data():
        axes.text(0.5, 0.5, "in no run", transform=axes.transAxes, ha="center", va="center", fontsize=8, color="0.35")
