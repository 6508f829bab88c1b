"""How well and how fast each phase is learned. From the tables made of the training table."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure

from goalsplice.figures.learning_curve import draw_over_phases, draw_references, over_phases_entries
from goalsplice.figures.style import (
    PUBLISHED_COLOUR,
    PUBLISHED_MARKER,
    WIDTH,
    Interval,
    arm_name,
    claim,
    mark,
    runs_of,
    seed_marks,
    select,
)
from goalsplice.settings.labels import PUBLISHED, PUBLISHED_LIKE

TABLES: dict[str, list[str]] = {
    "phases_over_seeds": ["arm", "phase", "objective", "measure", "seed", "value", "low", "high"],
    "measures": ["arm", "seed", "first_rollout", "phase_end_return", "phase_start_return", "rollouts_to_threshold"],
    "summary": ["arm", "measure", "interquartile_mean", "low", "high"],
    "references": ["arm", "trained", "objective", "best_return", "colour_blind_return", "wrong_key_return"],
}
"""The tables that `draw` takes, and the columns that it reads of them."""


def _draw_ends(part: SubFigure, tables: dict[str, pd.DataFrame]) -> None:
    """Return at each phase's end, a panel for each arm, the author's run beside the arm that is trained like it."""
    phases = select(tables["phases_over_seeds"], measure="end_return")
    runs, published = (phases[(phases["arm"] == PUBLISHED) == beside] for beside in (False, True))
    arms = list(runs["arm"].unique())
    last = runs["phase"].max()
    published = runs_of(published[published["phase"] <= last])
    panels = part.subplots(1, len(arms), sharex=True, sharey=True, squeeze=False)[0]
    for axes, arm in zip(panels, arms, strict=True):
        rows = runs[runs["arm"] == arm]
        draw_references(axes, tables["references"], rows, named=axes is panels[-1])
        axes.plot(
            "phase",
            "value",
            data=published if arm == PUBLISHED_LIKE or PUBLISHED_LIKE not in arms else published.iloc[:0],
            color=PUBLISHED_COLOUR,
            marker=PUBLISHED_MARKER,
            markersize=3,
            markerfacecolor="white",
            markeredgewidth=0.8,
            linewidth=0.8,
            zorder=2.3,
        )
        draw_over_phases(axes, rows)
        axes.set_title(arm_name(arm, lines=1 if len(arms) < 3 else 2))
        axes.set_xlabel("phase, counted from 0")
    panels[0].set_ylabel("return at the phase's end")


def _draw_measure(axes: Axes, measures: pd.DataFrame, summary: pd.DataFrame, column: str) -> None:
    """One measure: a row for each arm and one for the author's run."""
    arms = [arm for arm in measures["arm"].unique() if arm != PUBLISHED]
    for row, arm in enumerate(arms):
        values = measures.loc[measures["arm"] == arm, column]
        middle = select(summary, arm=arm, measure=column)[["interquartile_mean", "low", "high"]]
        seed_marks(axes, row, values, "0.45", width=0.6, upright=False, interval=Interval(*middle.iloc[0]))
        if values.isna().any():
            axes.text(
                0.98,
                row + 0.42,
                f"{values.count()} of {len(values)} seeds",
                transform=axes.get_yaxis_transform(),
                ha="right",
                va="center",
                fontsize=7,
            )
    published = measures.loc[measures["arm"] == PUBLISHED, column]
    axes.plot(published, [len(arms)], PUBLISHED_MARKER, color=PUBLISHED_COLOUR, markersize=5, markerfacecolor="white")
    axes.set_yticks(range(len(arms) + 1), [arm_name(arm, lines=2) for arm in (*arms, PUBLISHED)])
    axes.set_ylim(len(arms) + 0.5, -0.6)
    axes.margins(x=0.1)
    axes.locator_params(axis="x", nbins=4)
    axes.grid(axis="x", color="0.88", linewidth=0.6)
    axes.set_axisbelow(True)
    axes.tick_params(axis="y", length=0)


def draw(tables: dict[str, pd.DataFrame], config: dict) -> Figure:
    """Draw returns at the phases' ends above, the measures over the phases after the burn-in below."""
    threshold, burn_in = config["threshold"], config["burn_in"]
    measures = tables["measures"]
    own = measures[measures["arm"] != PUBLISHED]
    arms, seeds = own["arm"].nunique(), own["seed"].nunique()
    figure = Figure(figsize=(WIDTH, 4.4 + 0.5 * arms))
    above, below = figure.subfigures(2, 1, height_ratios=[2.5, 1.2 + 0.5 * arms])
    _draw_ends(above, tables)
    labels = {
        "phase_end_return": "return at the\nphase's end",
        "phase_start_return": "return at the\nphase's start",
        "rollouts_to_threshold": f"rollouts of a phase\nuntil {threshold:g}",
        "first_rollout": f"first rollout\never at {threshold:g}",
    }
    for axes, (column, label) in zip(below.subplots(1, 4, sharey=True), labels.items(), strict=True):
        _draw_measure(axes, measures, tables["summary"], column)
        axes.set_xlabel(label)
        if "rollout" in column:
            axes.set_xlim(left=0)
    below.suptitle(
        f"Phases after rollout {burn_in} (the last panel: all phases). Seeds: {seeds}, a dot each",
        x=0.01,
        ha="left",
        fontsize=9,
    )
    entries = [
        *over_phases_entries(tables["phases_over_seeds"]),
        mark(
            "the author's run (published)", PUBLISHED_COLOUR, PUBLISHED_MARKER, markerfacecolor="white", linestyle="-"
        ),
    ]
    claim(figure, "How well and how fast each phase is learned", entries, columns=2)
    return figure
