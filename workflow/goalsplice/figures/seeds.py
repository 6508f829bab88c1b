"""Return of every seed while the objective alternates. From the training table."""

import pandas as pd
from matplotlib.figure import Figure

from goalsplice.figures.learning_curve import draw_phases, draw_references, draw_rollouts, rollout_entries
from goalsplice.figures.style import WIDTH, arm_name, claim

TABLES: dict[str, list[str]] = {
    "training": ["arm", "seed", "rollout", "phase", "objective", "environment_steps", "mean_return"],
    "references": ["arm", "trained", "objective", "best_return", "colour_blind_return", "wrong_key_return"],
}
"""The tables that `draw` takes, and the columns that it reads of them."""


def draw(tables: dict[str, pd.DataFrame], config: dict) -> Figure:
    """Draw a row for each seed and a column for each arm."""
    training = tables["training"]
    arms, seeds = list(training["arm"].unique()), list(training["seed"].unique())
    figure = Figure(figsize=(WIDTH, 1.4 + 0.8 * len(seeds)))
    panels = figure.subplots(len(seeds), len(arms), sharex=True, sharey=True, squeeze=False)
    for row, seed in zip(panels, seeds, strict=True):
        for axes, arm in zip(row, arms, strict=True):
            run = training[(training["arm"] == arm) & (training["seed"] == seed)]
            if run.empty:
                axes.text(0.5, 0.5, "not run", transform=axes.transAxes, ha="center", va="center")
                continue
            draw_phases(axes, run)
            draw_references(axes, tables["references"], run, named=axes is panels[0, -1])
            draw_rollouts(axes, run, size=1.4)
            axes.margins(x=0.01)
            axes.text(0.99, 0.06, f"seed {seed}", transform=axes.transAxes, ha="right", fontsize=8)
    for axes, arm in zip(panels[0], arms, strict=True):
        axes.set_title(arm_name(arm, lines=1 if len(arms) < 3 else 2))
    figure.supxlabel("environment steps (millions)", fontsize=9)
    figure.supylabel("mean return", fontsize=9)
    claim(figure, "Return of every seed while the objective alternates", rollout_entries(training), columns=3)
    return figure
