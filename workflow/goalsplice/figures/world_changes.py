"""What in the world makes early learning slow. From the tables of the ablations, beside the author's run."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from goalsplice.figures.ablation_marks import ARMS, CHANGED, PLAIN, RUNS, arms_of, interval_of_arm, sentence, values_of
from goalsplice.figures.learning_curve import BAND
from goalsplice.figures.style import PUBLISHED_COLOUR, WIDTH, claim, reference_line
from goalsplice.settings.labels import PUBLISHED
from goalsplice.settings.study import REFERENCE, WORLD

TABLES: dict[str, list[str]] = {
    "ablation_training": ["arm", "seed", "rollout", "phase", "mean_return"],
    PUBLISHED: ["arm", "seed", "rollout", "phase", "mean_return"],
    **RUNS,
    **ARMS,
}
"""The tables that `draw` takes, and the columns that it reads of them."""

_COLUMNS = 2


def _draw(axes: Axes, training: pd.DataFrame, published: pd.DataFrame, colour: str, threshold: float) -> None:
    for phase, rollouts in training.groupby("phase"):
        if phase % 2:
            axes.axvspan(rollouts["rollout"].min() - 0.5, rollouts["rollout"].max() + 0.5, color=BAND, linewidth=0)
    axes.plot(
        "rollout", "mean_return", data=published, color=PUBLISHED_COLOUR, linewidth=0.9, linestyle="--", zorder=2.1
    )
    for _, run in training.groupby("seed", sort=False):
        axes.plot("rollout", "mean_return", data=run, color=colour, linewidth=0.6, alpha=0.55, zorder=2.3)
    reference_line(axes, threshold)


def draw(tables: dict[str, pd.DataFrame], config: dict) -> Figure:
    """Draw each arm's learning curves in a panel of its own."""
    runs, arms = tables["ablation_runs"], arms_of(tables["ablations"], REFERENCE, WORLD)
    shown = arms.loc[arms["group"] == WORLD, "rollouts"].max()
    lines = -(-len(arms) // _COLUMNS)
    figure = Figure(figsize=(WIDTH, 1.1 + 1.35 * lines))
    panels = figure.subplots(lines, _COLUMNS, sharex=True, sharey=True, squeeze=False)
    published = tables[PUBLISHED]
    for axes, arm in zip(panels.flat, arms.itertuples(), strict=False):
        training = tables["ablation_training"]
        training = training[(training["arm"] == arm.arm) & (training["rollout"] <= shown)]
        colour = PLAIN if arm.group == REFERENCE else CHANGED
        _draw(axes, training, published[published["rollout"] <= shown], colour, config["threshold"])
        of_arm = arm.arm, min(arm.rollouts, shown), "first_rollout"
        first = values_of(runs, *of_arm)
        mean, low, high = interval_of_arm(tables["ablations"], *of_arm)
        reached = f"{config['threshold']:g} after {mean:.0f} [{low:.0f}, {high:.0f}] rollouts"
        seeds = training["seed"].nunique()
        if len(first) < seeds:
            reached = f"{len(first)} of {seeds} seeds reach {config['threshold']:g}" + (
                f": {reached}" if len(first) else ""
            )
        axes.set_title(f"{sentence(arm.changes)}\n{reached}", fontsize=8)
        axes.margins(x=0.01)
    for axes in panels.flat[len(arms) :]:
        axes.set_visible(False)
    figure.supxlabel("rollout (grey: every other phase)", fontsize=9)
    figure.supylabel("mean return", fontsize=9)
    claim(
        figure,
        "What makes early learning slow: one thing changed in the world or in what is seen of it",
        [
            Line2D([], [], color=PLAIN, linewidth=1, label="reference, a line a seed"),
            Line2D([], [], color=CHANGED, linewidth=1, label="changed"),
            Line2D([], [], color=PUBLISHED_COLOUR, linewidth=1, linestyle="--", label="the author's run"),
        ],
        columns=3,
    )
    return figure
