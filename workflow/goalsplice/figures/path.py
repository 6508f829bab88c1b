"""What the agent does on the straight path through recipient and donor. From the recoveries tables."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from goalsplice.figures.recoveries import (
    CONTROLS,
    EFFECTS,
    FILLS,
    RECOVERIES,
    bound_lines,
    control_entries,
    own_rows,
    small_print,
    standing_entries,
)
from goalsplice.figures.style import EDGE, MIDDLE, WIDTH, arm_name, claim, note, select, spread
from goalsplice.settings.labels import INTERPOLATION, NO_CONTROL, NO_EDIT

TABLES: dict[str, list[str]] = {
    "recoveries": [*RECOVERIES, "broken"],
    "edit_effects": [*EFFECTS, "broken", "broken_low", "broken_high"],
}
"""The tables that `draw` takes, and the columns that it reads of them."""


_DASHES = {"same_goal_donor": (0, (4, 1.5)), "gaussian": (0, (1, 1))}
"""Lines of controls that share their colour with another."""


def _on_path(table: pd.DataFrame) -> pd.DataFrame:
    """The path's rows, and for step 0, in whichever direction, the unedited recipient's."""
    rows = select(table, family=INTERPOLATION)
    start = select(table, family="layers", edit=NO_EDIT, control=NO_CONTROL)
    starts = [start.assign(dose=0.0, control=name) for name in rows["control"].unique()]
    return pd.concat([*starts, rows]).sort_values("dose", kind="stable")


def _draw(axes: Axes, by_seed: pd.DataFrame, effects: pd.DataFrame, column: str, standings: pd.Series) -> None:
    """One quantity against the step: seeds and intervals for the path itself, lines for controls."""
    for name, look in CONTROLS.items():
        points = select(effects, control=name)
        if len(points):
            steps, middle = points["dose"], points[column]
            style = {
                "linestyle": _DASHES.get(name, "-"),
                "color": look.line,
                "markerfacecolor": look.colour,
                "markersize": 3.5,
                "linewidth": 0.8,
                **EDGE,
            }
            axes.plot(steps, middle, look.marker, **style)
            ends = points[f"{column}_low"], points[f"{column}_high"]
            axes.fill_between(steps, *ends, color=look.colour, alpha=0.2, linewidth=0)
    own = select(by_seed, control=NO_CONTROL)
    seeds = list(own["seed"].unique())
    apart = dict(zip(seeds, spread(len(seeds), 0.1), strict=True))
    axes.plot(
        own["dose"] + own["seed"].map(apart),
        own[column],
        "o",
        color="0.45",
        markersize=2.2,
        markeredgewidth=0,
        alpha=0.7,
    )
    own = select(effects, control=NO_CONTROL)
    for row in own.to_dict("records"):
        step = row["dose"]
        ends = [row[f"{column}_low"], row[f"{column}_high"]]
        axes.plot([step, step], ends, color="black", linewidth=1.1, zorder=2.6)
        axes.plot(step, row[column], "o", color=FILLS[standings.get(step, "untested")], **MIDDLE, zorder=2.7)
    axes.plot(own["dose"], own[column], color="black", linewidth=1.1, zorder=2.4)


def draw(tables: dict[str, pd.DataFrame], config: dict) -> Figure:
    """Draw a column for each arm: recovery above, broken episodes below."""
    rows, with_start = _on_path(tables["recoveries"]), _on_path(tables["edit_effects"])
    effects = select(with_start, family=INTERPOLATION)
    own = own_rows(effects)
    arms = list(rows["arm"].unique())
    figure = Figure(figsize=(max(WIDTH, 3 * len(arms)), 5.6))
    panels = figure.subplots(2, len(arms), sharex=True, sharey="row", squeeze=False, height_ratios=[3, 2])
    for column, arm in zip(panels.T, arms, strict=True):
        standings = select(own, arm=arm).set_index("dose")["standing"]
        for axes, measure in zip(column, ("recovery", "broken"), strict=True):
            _draw(axes, select(rows, arm=arm), select(with_start, arm=arm), measure, standings)
            for step in (0, 1):
                axes.axvline(step, color="0.75", linewidth=0.8, zorder=1)
            axes.grid(axis="y", color="0.9", linewidth=0.6)
            axes.set_axisbelow(True)
        bound_lines(column[0])
        column[0].set_title(arm_name(arm, lines=1 if len(arms) < 3 else 2))
        column[1].set_xlabel("step along the difference\n(0: recipient, 1: donor)")
    panels[0, 0].set_ylabel("recovery")
    panels[1, 0].set_ylabel("share: crash\nor time out")
    entries = [*standing_entries(own), *control_entries(effects["control"])]
    claim(figure, "Is there a competent agent all along the path from one goal to the other?", entries, columns=2)
    note(figure, small_print(effects, select(rows, family=INTERPOLATION)))
    return figure
