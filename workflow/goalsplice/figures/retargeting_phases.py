"""From which phase of training on an edit makes the agent fetch the new colour. From the retargeting table."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from goalsplice.figures.retargeting_rows import (
    CEILING,
    CEILING_LINE,
    CHANCE,
    CHANCE_LINE,
    FLOOR_LINE,
    PREREGISTERED,
    RETARGETING,
    UNEDITED,
    bound_entries,
    on_three_colours,
    percent,
    short_name,
    small_print,
    target_of,
    together,
    wrapped,
)
from goalsplice.figures.style import (
    COLOURS,
    MARKERS,
    MIDDLE,
    WIDTH,
    arm_name,
    claim,
    interval_entry,
    interval_of,
    mark,
    note,
    over_runs,
    runs_of,
    select,
)
from goalsplice.settings.labels import NO_CONTROL

TABLES: dict[str, list[str]] = RETARGETING
"""The tables that `draw` takes, and the columns that it reads of them."""

_OWN_LINE = {"color": "black", "linewidth": 0.9, "zorder": 2.5}
_APART = 0.5  # of a phase, over which seeds are spread


def _draw(axes: Axes, rows: pd.DataFrame, line: dict) -> None:
    """Every seed's share at each phase as a point, and their interquartile means with intervals, joined by `line`."""
    middle, runs = over_runs(rows), runs_of(rows)
    seeds = list(runs["seed"].unique())
    aside = (np.arange(len(seeds)) + 0.5) / len(seeds) * _APART - _APART / 2
    at = runs["phase"] + runs["seed"].map(dict(zip(seeds, aside, strict=True)))
    axes.plot(at, runs["value"], "o", color="0.5", markersize=1.8, markeredgewidth=0, alpha=0.6, zorder=2)
    axes.plot("phase", "value", data=middle, **line)
    axes.vlines("phase", "low", "high", data=middle, color="black", linewidth=1.1, zorder=2.6)
    for wanted in COLOURS:
        found = middle[middle["wanted"] == wanted]
        if len(found):
            style = {**MIDDLE, "markersize": 3.8}
            axes.plot(found["phase"], found["value"], MARKERS[wanted], color=COLOURS[wanted], **style, zorder=2.7)


def _draw_line(axes: Axes, rows: pd.DataFrame, look: dict) -> None:
    """The interquartile means alone, of floor or ceiling."""
    if len(rows):
        axes.plot("phase", "value", data=over_runs(rows), **look)


def _lasting(middle: pd.DataFrame) -> int | None:
    """The first phase from which on more of the new colour is taken than whatever colour would be, at every phase."""
    significantly = (middle["low"].fillna(middle["value"]) > CHANCE).to_numpy()
    if not significantly[-1]:
        return None
    failures = np.flatnonzero(~significantly)
    return int(middle["phase"].iloc[failures[-1] + 1 if len(failures) else 0])


def _claim(rows: pd.DataFrame, edits: list[str], target: str, width: float) -> str:
    """Since when each preregistered edit works, in each arm."""
    said = []
    for edit in edits:
        since = []
        for arm, of_arm in select(rows, family=PREREGISTERED, edit=edit).groupby("arm", sort=False):
            phase = _lasting(over_runs(of_arm))
            when = "not in the end" if phase is None else f"from phase {phase} on"
            since.append(f"{when} ({short_name(arm)})")
        said.append(f"“{edit}”: {', '.join(since)}")
    head = f"Since when edits make more episodes end with {target} than a colour-blind agent's"
    return "\n".join(wrapped(line, width) for line in [head, *said]) if said else f"Share of {target}, phase by phase"


def draw(tables: dict[str, pd.DataFrame], config: dict) -> Figure:
    """Draw a column for each arm: floor and ceiling above, and a row for each of the preregistered edits."""
    own = [PREREGISTERED, UNEDITED[0], CEILING[0]]
    everything = on_three_colours(tables["retargeting_over_seeds"])
    sizes = together(select(everything, family=PREREGISTERED, control=NO_CONTROL, measure="weight_share"))
    rows = everything[everything["phase"].notna() & everything["family"].isin(own)]
    rows = rows.astype({"phase": int}).sort_values("phase", kind="stable")
    arms = list(rows["arm"].unique())
    edits = list(rows.loc[rows["family"] == PREREGISTERED, "edit"].unique())
    width = max(WIDTH, 1 + 3.1 * len(arms))
    target = target_of(tables["retargeting"])
    text = _claim(rows, edits, target, width)
    figure = Figure(figsize=(width, 1.85 + 0.16 * text.count("\n") + 1.6 * (1 + len(edits))))
    panels = figure.subplots(1 + len(edits), len(arms), sharex=True, sharey=True, squeeze=False)
    for column, arm in zip(panels.T, arms, strict=True):
        of_arm = rows[rows["arm"] == arm]
        floor, ceiling = (select(of_arm, family=family, edit=edit) for family, edit in (UNEDITED, CEILING))
        for found, look in ((floor, FLOOR_LINE), (ceiling, CEILING_LINE)):
            if len(found):
                _draw(column[0], found, look)
        for axes, edit in zip(column[1:], edits, strict=True):
            _draw_line(axes, floor, FLOOR_LINE)
            _draw_line(axes, ceiling, CEILING_LINE)
            found = select(of_arm, family=PREREGISTERED, edit=edit)
            if len(found):
                _draw(axes, found, _OWN_LINE)
                share = interval_of(select(sizes, arm=arm, edit=edit)).value
                axes.set_title(f"edit: {edit}, {percent(share)} % of the weights", fontsize=8)
            else:
                axes.text(0.5, 0.5, "not made in this arm", transform=axes.transAxes, ha="center", color="0.45")
        column[0].set_title(f"{arm_name(arm, lines=2)}\nno edit: unedited, and ceiling", fontsize=8)
        column[-1].set_xlabel("phase, counted from 0")
        for axes in column:
            axes.axhline(CHANCE, **CHANCE_LINE)
            axes.grid(axis="y", color="0.9", linewidth=0.6)
            axes.set_axisbelow(True)
    panels[0, 0].set_ylim(-0.03, 1.03)
    panels[0, 0].set_xlim(rows["phase"].min() - 0.6, rows["phase"].max() + 0.6)
    panels[0, 0].xaxis.get_major_locator().set_params(integer=True)
    for axes in panels[:, 0]:
        axes.set_ylabel(f"share of episodes\nthat take {target}", fontsize=8)
    entries = [
        *(
            mark(f"phase on {name}", COLOURS[name], MARKERS[name], **MIDDLE)
            for name in COLOURS
            if (rows["wanted"] == name).any()
        ),
        mark("a seed", "0.5", "o", markersize=2),
        interval_entry(),
        *bound_entries(floor=True),
    ]
    claim(figure, text, entries, columns=2)
    note(figure, small_print(on_three_colours(tables["retargeting"]), "", int(16.5 * width)))
    return figure
