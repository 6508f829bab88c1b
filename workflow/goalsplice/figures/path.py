"""What the agent does on the straight path through recipient and donor. From the recoveries tables."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from goalsplice.analysis.statistics import over_seeds
from goalsplice.figures.recoveries import (
    CONTROLS,
    EFFECTS,
    FILLS,
    RECOVERIES,
    bound_lines,
    control_entries,
    own_rows,
    select,
    small_print,
    standing_entries,
)
from goalsplice.figures.style import EDGE, MIDDLE, WIDTH, arm_name, claim, note, spread
from goalsplice.settings.labels import NO_CONTROL

TABLES: dict[str, list[str]] = {
    "recoveries": [*RECOVERIES, "share_crash", "share_timeout"],
    "edit_effects": EFFECTS,
}
"""The tables that `draw` takes, and the columns that it reads of them."""


_DASHES = {"same_goal": (0, (4, 1.5)), "noise": (0, (1, 1))}
"""Lines of controls that share their colour with another."""


def _on_path(by_seed: pd.DataFrame) -> pd.DataFrame:
    """The path's rows with `broken`, and for step 0, in whichever direction, the unedited recipient's."""
    rows = select(by_seed, family="path")
    start = select(by_seed, family="layers", edit="none", control=NO_CONTROL)
    starts = [start.assign(dose=0.0, control=name) for name in rows["control"].unique()]
    rows = pd.concat([*starts, rows])
    return rows.assign(broken=rows["share_crash"] + rows["share_timeout"]).sort_values("dose", kind="stable")


def _draw(axes: Axes, rows: pd.DataFrame, column: str, standings: pd.Series) -> None:
    """One quantity against the step: seeds and intervals for the path itself, lines for controls."""
    for name, look in CONTROLS.items():
        points = [
            (step, *over_seeds(found[column].to_numpy())) for step, found in select(rows, control=name).groupby("dose")
        ]
        if points:
            steps, middle, low, high = zip(*points, strict=True)
            style = {
                "linestyle": _DASHES.get(name, "-"),
                "color": look.line,
                "markerfacecolor": look.colour,
                "markersize": 3.5,
                "linewidth": 0.8,
                **EDGE,
            }
            axes.plot(steps, middle, look.marker, **style)
            axes.fill_between(steps, low, high, color=look.colour, alpha=0.2, linewidth=0)
    own = select(rows, control=NO_CONTROL)
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
    middles = []
    for step, found in own.groupby("dose"):
        middle, low, high = over_seeds(found[column].to_numpy())
        axes.plot([step, step], [low, high], color="black", linewidth=1.1, zorder=2.6)
        axes.plot(step, middle, "o", color=FILLS[standings.get(step, "untested")], **MIDDLE, zorder=2.7)
        middles.append((step, middle))
    axes.plot(*zip(*middles, strict=True), color="black", linewidth=1.1, zorder=2.4)


def draw(tables: dict[str, pd.DataFrame], config: dict) -> Figure:
    """Draw a column for each arm: recovery above, broken episodes below."""
    rows = _on_path(tables["recoveries"])
    effects = select(tables["edit_effects"], family="path")
    own = own_rows(effects)
    arms = list(rows["arm"].unique())
    figure = Figure(figsize=(max(WIDTH, 3 * len(arms)), 5.6))
    panels = figure.subplots(2, len(arms), sharex=True, sharey="row", squeeze=False, height_ratios=[3, 2])
    for column, arm in zip(panels.T, arms, strict=True):
        standings = select(own, arm=arm).set_index("dose")["standing"]
        for axes, measure in zip(column, ("recovery", "broken"), strict=True):
            _draw(axes, select(rows, arm=arm), measure, standings)
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
    note(figure, small_print(effects, select(rows, family="path")))
    return figure
