"""Rows of numbers with intervals: what the figures of docs/findings.md share. Labels and values stand beside marks."""

from collections.abc import Sequence
from typing import NamedTuple

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from goalsplice.figures.style import (
    COLOURS,
    CONTROL_COLOURS,
    WIDTH,
    Interval,
    arm_name,
    interval_of,
    note,
    runs_of,
    seed_marks,
)

EDIT, CONTROL, BOUND = (COLOURS["blue"], "o"), (CONTROL_COLOURS["places"], "s"), ("0.35", "D")
"""Colour and marker of what is claimed, of what it is to be compared with, and of what bounds both."""

_KINDS = {"edit": EDIT, "control": CONTROL, "bound": BOUND}
_ROW = 0.27
"""Height of a row, in inches."""

SMALL_PRINT = "Small marks: training runs. Large ones: interquartile means with 95 % bootstrap intervals over runs."


class Row(NamedTuple):
    """A row of a panel.

    Attributes:
        label: what it is.
        kind: `edit`, `control` or `bound`; "" for a heading.
        values: one a run.
        interval: over runs.
    """

    label: str
    kind: str = ""
    values: Sequence[float] = ()
    interval: Interval | None = None


def row_of(label: str, kind: str, rows: pd.DataFrame) -> Row:
    """A row from one group of a table over seeds."""
    return Row(label, kind, runs_of(rows)["value"].to_list(), interval_of(rows))


def _draw(axes: Axes, rows: Sequence[Row], named: bool) -> None:
    for place, row in enumerate(rows):
        if row.interval is None:
            continue
        axes.axhline(place, color="0.92", linewidth=0.6, zorder=0)
        if pd.isna(row.interval.value):
            axes.text(0.5, place, "not there", ha="center", va="center", fontsize=7.5, color="0.45")
            continue
        colour, marker = _KINDS[row.kind]
        seed_marks(axes, place, row.values, colour, marker, width=0.7, upright=False, interval=row.interval)
        axes.annotate(
            f"{row.interval.value:.2f}".replace("-0.00", "0.00"),
            (1, place),
            xycoords=("axes fraction", "data"),
            xytext=(5, 0),
            textcoords="offset points",
            va="center",
            fontsize=8.5,
            color="black" if row.kind == "edit" else "0.35",
        )
    axes.set_yticks(range(len(rows)), [row.label for row in rows] if named else [])
    for label, row in zip(axes.get_yticklabels(), rows, strict=False):
        label.set(fontsize=9, fontweight="bold" if row.kind == "edit" else "normal")
        if row.interval is None:
            label.set(fontstyle="italic", color="0.35")
        elif row.kind == "control":
            label.set(color="#8a5a00")
        elif row.kind == "bound":
            label.set(color="0.35")
    axes.set_ylim(len(rows) - 0.4, -0.6)
    found = [value for row in rows if row.interval for value in (*row.values, *row.interval) if pd.notna(value)]
    axes.set_xlim(min([-0.03, *found]), max([1.03, *found]))
    axes.tick_params(axis="y", length=0)
    axes.grid(axis="x", color="0.88", linewidth=0.6)
    axes.set_axisbelow(True)


def rows_figure(title: str, panels: dict[str, Sequence[Row]], label: str, small_print: str) -> Figure:
    """One panel an arm, side by side, with the same rows.

    Args:
        title: the figure's claim.
        panels: rows by arm; all have the same labels.
        label: of the values' axis.
        small_print: below the figure, before `SMALL_PRINT`: at most a line.
    """
    count = len(next(iter(panels.values())))
    figure = Figure(figsize=(max(WIDTH, 2.1 + 2.3 * len(panels)), 1.75 + _ROW * count))
    figure.suptitle(title, x=0.01, ha="left", fontweight="bold")
    for axes, (arm, rows) in zip(figure.subplots(1, len(panels), squeeze=False)[0], panels.items(), strict=True):
        _draw(axes, rows, named=arm == next(iter(panels)))
        axes.set_title(arm_name(arm, lines=2), fontsize=9)
        axes.set_xlabel(label)
    note(figure, f"{small_print}\n{SMALL_PRINT}")
    return figure
