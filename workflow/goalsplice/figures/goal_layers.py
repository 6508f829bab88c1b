"""Whether layer 1 carries the goal: each layer's recovery beside that of as many random weights."""

import pandas as pd
from matplotlib.figure import Figure

from goalsplice.figures.recoveries import EFFECTS, RECOVERIES
from goalsplice.figures.rows import Row, rows_figure
from goalsplice.figures.style import Interval, select
from goalsplice.settings.labels import NO_CONTROL

TABLES: dict[str, list[str]] = {"recoveries": RECOVERIES, "edit_effects": EFFECTS}
"""The tables that `draw` takes, and the columns that it reads of them."""

_SETS = {
    "layer1": "layer 1",
    "layer2": "layer 2",
    "layer3": "layer 3",
    "layer4": "layer 4",
    "layer2+layer3+layer4": "layers 2 to 4",
    "layer1+layer2": "layers 1 and 2",
}
_RANDOM, _SAME_GOAL = "random_weights", "same_goal_donor"


def _row(tables: dict[str, pd.DataFrame], arm: str, edit: str, control: str, label: str) -> Row:
    of = {"arm": arm, "family": "layers", "edit": edit, "control": control}
    effect = select(tables["edit_effects"], **of)[["recovery", "recovery_low", "recovery_high"]]
    interval = Interval(*effect.iloc[0]) if len(effect) else Interval(*[float("nan")] * 3)
    values = select(tables["recoveries"], **of)["recovery"].to_list()
    return Row(label, "edit" if control == NO_CONTROL else "control", values, interval)


def draw(tables: dict[str, pd.DataFrame], config: dict) -> Figure:
    """Draw for each arm the recovery by sets of layers, each with its control."""
    panels = {}
    for arm in tables["edit_effects"]["arm"].unique():
        rows = [_row(tables, arm, "layer1", _SAME_GOAL, "layer 1 of a donor with the same goal")]
        for edit, name in _SETS.items():
            rows.append(_row(tables, arm, edit, NO_CONTROL, name))
            rows.append(_row(tables, arm, edit, _RANDOM, "as many random weights"))
        panels[arm] = rows
    return rows_figure(
        "Layer by layer: how far the donor's weights bring its choice",
        panels,
        "recovery (0: unedited, 1: donor)",
        "Bold: weights of these layers from the donor. Below each: the donor's weights at as many random places.",
    )
