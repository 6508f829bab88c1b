"""Which key each checkpoint takes. From the evaluation table: levels where three colours lie."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from goalsplice.figures.learning_curve import BAND, draw_over_phases, objectives_in, over_phases_entries
from goalsplice.figures.style import (
    COLOURS,
    MARKERS,
    WIDTH,
    arm_name,
    claim,
    mark_group,
    name_at_right,
    note,
    over_runs,
    select,
)

TABLES: dict[str, list[str]] = {
    "evaluation": ["level_distribution", "action_selection", "levels"],
    "evaluation_over_seeds": [
        *(
            "arm",
            "level_distribution",
            "action_selection",
            "objective",
            "phase",
            "measure",
            "seed",
            "value",
            "mean",
            "low",
            "high",
        ),
    ],
}
"""The tables that `draw` takes, and the columns that it reads of them."""

_LEVEL_DISTRIBUTION, _ACTION_SELECTION, _CHANCE = "three_colours", "sampling", 1 / 3
_ENDS = {
    **{colour: f"{colour} key" for colour in MARKERS},
    "other": "another key",
    "crash": "crash",
    "timeout": "time out",
}
_DARK = {"blue", "purple", "red", "green", "other", "crash"}


def _draw_outcomes(axes: Axes, rows: pd.DataFrame) -> None:
    """A bar of mean outcome shares for each objective, its own colour first, and above it every seed's own share."""
    objectives = objectives_in(rows)
    for place, objective in enumerate(objectives):
        trained = select(rows, objective=objective)
        shares = over_runs(trained).set_index("measure")["mean"]
        start = 0.0
        for end in sorted(COLOURS, key=lambda end: end != objective):
            share = shares.get(f"episode_share_{end}", 0.0)
            bar = axes.barh(place + 0.18, share, 0.5, left=start, color=COLOURS[end], edgecolor="white", linewidth=0.5)
            if share >= 0.09:
                axes.bar_label(
                    bar, [f"{share:.2f}"], label_type="center", fontsize=7.5, color="white" if end in _DARK else "black"
                )
            start += share
        own = select(trained, measure="episode_share_objective")
        mark_group(axes, place - 0.29, own, COLOURS[objective], MARKERS[objective], width=0.36, upright=False)
    axes.axvline(_CHANCE, color="black", linestyle="--", linewidth=0.9, zorder=0.5)
    axes.set_yticks(range(len(objectives)), [f"phases on\n{objective}" for objective in objectives])
    axes.set_ylim(len(objectives) - 0.5, -0.6)
    axes.set_xlim(0, 1)
    axes.tick_params(axis="y", length=0)
    axes.set_xlabel("share of episodes")


def _draw_phases(axes: Axes, rows: pd.DataFrame, settled: float, named: bool) -> None:
    """Share of the own colour against the phase, with the phases of the bars above on a band."""
    last = rows["phase"].max()
    axes.axvspan(settled - 0.5, last + 0.5, color=BAND, linewidth=0, zorder=0)
    axes.axhline(_CHANCE, color="black", linestyle="--", linewidth=0.9, zorder=1.5)
    if named:
        name_at_right(axes, _CHANCE, "1/3:\nwhatever\ncolour")
    draw_over_phases(axes, rows)
    axes.set_ylim(0, 1.03)
    axes.set_xlabel("phase, counted from 0")
    axes.set_xlim(-0.5, last + 0.5)


def draw(tables: dict[str, pd.DataFrame], config: dict) -> Figure:
    """Draw outcomes after the later half of the phases above, the share of the own colour at each phase below."""
    rows, levels = (
        select(tables[name], level_distribution=_LEVEL_DISTRIBUTION, action_selection=_ACTION_SELECTION)
        for name in ("evaluation_over_seeds", "evaluation")
    )
    arms = list(rows["arm"].unique())
    objectives = len(objectives_in(rows))
    figure = Figure(figsize=(WIDTH, 3.4 + 0.75 * objectives))
    panels = figure.subplots(2, len(arms), sharey="row", squeeze=False, height_ratios=[0.75 * objectives, 1.6])
    for column, arm in enumerate(arms):
        run = select(rows, arm=arm)
        settled = (run["phase"].max() + 1) / 2
        _draw_outcomes(panels[0, column], select(run, phase=None))
        by_phase = run[run["phase"].notna() & (run["measure"] == "episode_share_objective")]
        _draw_phases(panels[1, column], by_phase, settled, named=arm == arms[-1])
        panels[0, column].set_title(arm_name(arm, lines=1 if len(arms) < 3 else 2))
    panels[1, 0].set_ylabel("share of episodes\nthat take the own colour")
    ends = [end for end in COLOURS if (select(rows, measure=f"episode_share_{end}")["value"] > 0).any()]
    entries = [*(Patch(color=COLOURS[end], label=_ENDS[end]) for end in ends), *over_phases_entries(rows)]
    claim(figure, "Which key the checkpoints take where all three colours lie", entries, columns=4)
    note(
        figure,
        f"Seeds: {rows['seed'].nunique()}. Levels for each checkpoint: {levels['levels'].max()}. Actions are sampled. "
        "Bars: mean over seeds and over the shaded phases.",
    )
    return figure
