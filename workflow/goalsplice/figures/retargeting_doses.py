"""How strong an edit for the new colour must be, and how many weights it needs. From the retargeting table."""

from typing import NamedTuple

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from goalsplice.figures.retargeting_rows import (
    CHANCE,
    EDIT_COLOUR,
    FLOOR_LINE,
    PREREGISTERED,
    RETARGETING,
    UNEDITED,
    bound_entries,
    bound_lines,
    late,
    middle,
    on_three_colours,
    percent,
    short_name,
    small_print,
    target_of,
    together,
    wrapped,
)
from goalsplice.figures.style import (
    MIDDLE,
    WIDTH,
    arm_name,
    claim,
    interval_entry,
    interval_of,
    note,
    over_runs,
    runs_of,
    select,
    span,
)
from goalsplice.settings.labels import NO_CONTROL

TABLES: dict[str, list[str]] = RETARGETING
"""The tables that `draw` takes, and the columns that it reads of them."""


class _Curve(NamedTuple):
    """Doses of one edit, and how they are drawn."""

    label: str
    family: str
    edit: str
    colour: str
    marker: str
    style: str = "-"


class _Panel(NamedTuple):
    """Curves on one axis of doses, which are those of the table, or (`weight_share`) the share that changes."""

    label: str
    curves: tuple[_Curve, ...]
    is_log: bool = True
    dose: str = "dose"
    height: float = 1.0


_SWITCH, _DONOR = "#2A9D8F", "#8C510A"
_PANELS = (
    _Panel(
        "strength a",
        (
            _Curve("contrastive direction", "contrastive direction", "full", "black", "o"),
            _Curve("its top-k entries", "contrastive direction", "sparse", "0.4", "p", "--"),
            _Curve("added, and not taken", "contrastive direction", "added only", "0.65", "h", ":"),
            _Curve("task vector, mean of the run's", "task vector", "mean of the run's", _SWITCH, "s"),
            _Curve("task vector of one switch", "task vector", "one switch", _SWITCH, "^", "--"),
            _Curve("another run's task vector", "task vector", "other run's", _SWITCH, "v", ":"),
            _Curve("the same, units matched", "task vector", "other run's, units matched", _SWITCH, "P", ":"),
            _Curve("beyond the donor", "extrapolation", "linear", _DONOR, "D", "--"),
        ),
        is_log=False,
        height=1.5,
    ),
    _Panel(
        "% of the actor's weights",
        (
            _Curve("its top-k entries", "contrastive direction", "top-k", "black", "o"),
            _Curve("sparse graft, fine-tuned donor", "sparse graft", "by size", _DONOR, "D", "--"),
        ),
        dose="weight_share",
    ),
    _Panel("hidden units", (_Curve("contrastive direction", "contrastive direction", "units", "black", "o"),)),
    _Panel("rank", (_Curve("contrastive direction", "contrastive direction", "rank", "black", "o"),)),
)
_SPARSE = _Curve("preregistered: sparse", PREREGISTERED, "sparse", EDIT_COLOUR, "*")
_APART = 0.1  # of the way between two doses, between curves
_STAR = {**MIDDLE, "markersize": 11, "color": _SPARSE.colour}


def _of(rows: pd.DataFrame, curve: _Curve) -> pd.DataFrame:
    """A curve's rows, without controls."""
    return select(rows, family=curve.family, edit=curve.edit, control=NO_CONTROL)


def _points(rows: pd.DataFrame, dose: str) -> tuple[pd.Series, pd.DataFrame]:
    """Of a curve where each dose is drawn, by dose in order, and its rows on the new colour's share, in that order."""
    shares = select(rows, measure="episode_share_target").sort_values("dose", kind="stable")
    doses = over_runs(shares).set_index("dose")
    if dose == "dose":
        return doses.index.to_series(), shares
    places = over_runs(select(rows, measure=dose)).set_index("dose")["value"]
    return places.reindex(doses.index), shares


def _draw_curve(axes: Axes, curve: _Curve, places: pd.Series, rows: pd.DataFrame) -> None:
    """Every seed's share at each dose, and their interquartile means with intervals, joined."""
    runs, over = runs_of(rows), over_runs(rows)
    axes.plot(
        runs["dose"].map(places),
        runs["value"],
        "o",
        color=curve.colour,
        markersize=2.2,
        markeredgewidth=0,
        alpha=0.4,
        zorder=2.2,
    )
    axes.vlines(places, over["low"], over["high"], color="black", linewidth=1.1, zorder=2.5)
    axes.plot(places, over["value"], linestyle=curve.style, color=curve.colour, linewidth=1, zorder=2.4)
    axes.plot(places, over["value"], curve.marker, color=curve.colour, **MIDDLE, zorder=2.6)


def _draw_preregistered(axes: Axes, rows: pd.DataFrame) -> None:
    """A star for the preregistered sparse edit, at its share of the weights, if there is one."""
    mine = _of(rows, _SPARSE)
    if mine.empty:
        return
    at = interval_of(select(mine, measure="weight_share")).value
    share, low, high = interval_of(select(mine, measure="episode_share_target"))
    axes.plot([at, at], [low, high], color="black", linewidth=1.1, zorder=2.7)
    axes.plot(at, share, "*", **_STAR, zorder=2.8)


def _scale(axes: Axes, panel: _Panel, doses: np.ndarray) -> float:
    """Set up the axis of doses, given those of all arms. Returns how far two are apart, a factor on a log axis."""
    count = max(1, len(doses) - 1)
    if not panel.is_log:
        step = (doses[-1] - doses[0]) / count or 1.0
        axes.set_xlim(doses[0] - 0.6 * step, doses[-1] + 0.6 * step)
        return step
    step = (doses[-1] / doses[0]) ** (1 / count) if doses[0] < doses[-1] else 2.0
    axes.set_xscale("log")
    axes.set_xlim(doses[0] / step**0.6, doses[-1] * step**0.6)
    if panel.dose == "weight_share":
        shares = [share for share in (1e-5, 1e-4, 1e-3, 1e-2, 0.1, 1) if doses[0] / 1.5 <= share <= doses[-1] * 1.5]
        axes.set_xticks(shares, [f"{100 * share:g}" for share in shares])
    else:
        axes.set_xticks(doses, [f"{dose:g}" for dose in doses])
    axes.set_xticks([], minor=True)
    return step


def _draw_panel(axes: Axes, rows: pd.DataFrame, panel: _Panel, doses: np.ndarray) -> None:
    """All curves of one kind of dose, from one arm's rows; `doses` are those of all arms."""
    bound_lines(axes, rows)
    axes.axhline(middle(rows, *UNEDITED), **FLOOR_LINE)
    step = _scale(axes, panel, doses)
    for number, curve in enumerate(panel.curves):
        mine = _of(rows, curve)
        if mine.empty:
            continue
        places, shares = _points(mine, panel.dose)
        shift = _APART * (number - (len(panel.curves) - 1) / 2)
        if panel.dose != "weight_share":
            places = places * step**shift if panel.is_log else places + shift * step
        _draw_curve(axes, curve, places, shares)
    if panel.dose == "weight_share":
        _draw_preregistered(axes, rows)
    axes.tick_params(axis="x", labelsize=7)


def _doses(rows: pd.DataFrame, panel: _Panel) -> np.ndarray:
    """All doses of a panel's curves, in order."""
    return np.unique(
        np.concatenate(
            [
                _points(of_arm, panel.dose)[0]
                for curve in panel.curves
                for _, of_arm in _of(rows, curve).groupby("arm", sort=False)
            ]
        )
    )


def _draw_missing(axes: Axes) -> None:
    axes.text(0.5, 0.5, "not made\nin this arm", transform=axes.transAxes, ha="center", va="center", color="0.45")
    axes.set_xticks([])


def _name_curves(axes: Axes, curves: list[_Curve], has_star: bool) -> None:
    """Names of a row's curves at its right."""
    entries = [
        Line2D(
            *([], []),
            **{"color": curve.colour, "marker": curve.marker, "linestyle": curve.style, "label": curve.label},
            linewidth=1,
            markersize=3.5,
        )
        for curve in curves
    ]
    if has_star:
        entries.append(Line2D([], [], linestyle="none", marker=_SPARSE.marker, **_STAR, label=_SPARSE.label))
    axes.legend(
        handles=entries,
        loc="center left",
        bbox_to_anchor=(1.02, 0.5),
        fontsize=7,
        handlelength=1.8,
        borderaxespad=0,
        labelspacing=0.4,
    )


def _claim(rows: pd.DataFrame, target: str, width: float) -> str:
    """From which share of the weights on the new colour is taken more often than whatever colour, in each arm."""
    said = []
    for arm, of_arm in rows.groupby("arm", sort=False):
        mine = _of(of_arm, _PANELS[1].curves[0])
        if mine.empty:
            continue
        places, shares = _points(mine, "weight_share")
        over = over_runs(shares)
        enough = np.flatnonzero(over["low"].fillna(over["value"]) > CHANCE)
        size = f"{percent(places.iloc[enough[0]])}\N{NO-BREAK SPACE}%" if len(enough) else ""
        said.append(f"{f'from {size} of the weights on' if size else 'never'} ({short_name(arm)})")
    if not said:
        return f"How strong must an edit for {target} be?"
    return wrapped(f"More {target} than a colour-blind agent takes: {', '.join(said)}", width)


def draw(tables: dict[str, pd.DataFrame], config: dict) -> Figure:
    """Draw a column for each arm, a row for each kind of dose that any arm has."""
    late_rows = late(on_three_colours(tables["retargeting"]))
    rows = together(on_three_colours(tables["retargeting_over_seeds"]))
    arms = list(rows["arm"].unique())
    kinds = [panel for panel in _PANELS if any(len(_of(rows, curve)) for curve in panel.curves)]
    width = max(WIDTH, 1.8 + 2.6 * len(arms))
    target = target_of(late_rows)
    text = _claim(rows, target, width)
    heights = [panel.height for panel in kinds]
    figure = Figure(figsize=(width, 1.85 + 0.16 * text.count("\n") + 1.55 * sum(heights)))
    panels = figure.subplots(len(kinds), len(arms), sharey=True, squeeze=False, height_ratios=heights)
    for row, panel in zip(panels, kinds, strict=True):
        doses = _doses(rows, panel)
        for axes, arm in zip(row, arms, strict=True):
            of_arm = rows[rows["arm"] == arm]
            if any(len(_of(of_arm, curve)) for curve in panel.curves):
                _draw_panel(axes, of_arm, panel, doses)
            else:
                _draw_missing(axes)
            axes.set_xlabel(panel.label, fontsize=8)
        shown = [curve for curve in panel.curves if len(_of(rows, curve))]
        star = panel.dose == "weight_share" and bool(len(_of(rows, _SPARSE)))
        _name_curves(row[-1], shown, star)
        row[0].set_ylabel(f"share of episodes\nthat take {target}", fontsize=8)
    for axes in panels.flat:
        axes.set_ylim(-0.03, 1.03)
        axes.grid(axis="y", color="0.9", linewidth=0.6)
        axes.set_axisbelow(True)
    for axes, arm in zip(panels[0], arms, strict=True):
        axes.set_title(arm_name(arm, lines=1 if len(arms) < 2 else 2))
    entries = [
        interval_entry(),
        Line2D([], [], color="black", marker="o", linestyle="none", markersize=2.2, alpha=0.5, label="a seed"),
        *bound_entries(floor=True),
    ]
    claim(figure, text, entries, columns=2)
    said = f"A seed's point is its mean over phases {span(late_rows['phase'])}. Curves are a little apart."
    note(figure, small_print(late_rows, said, int(16.5 * width)))
    return figure
