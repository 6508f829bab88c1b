"""Return of one seed while the objective alternates, with the author's run beside it. From the training table."""

import pandas as pd
from matplotlib.figure import Figure

from goalsplice.figures.learning_curve import (
    MILLION,
    draw_phases,
    draw_references,
    draw_rollouts,
    rollout_entries,
)
from goalsplice.figures.style import PUBLISHED_COLOUR, PUBLISHED_MARKER, WIDTH, arm_name, claim, mark
from goalsplice.io.errors import StudyError

TABLES: dict[str, list[str]] = {
    "training": ["arm", "seed", "rollout", "phase", "objective", "environment_steps", "mean_return"],
    "references": ["arm", "trained", "objective", "best_return", "colour_blind_return", "wrong_key_return"],
    "published": ["rollout", "phase", "environment_steps", "mean_return"],
}
"""The tables that `draw` takes, and the columns that it reads of them."""

_PUBLISHED_BESIDE = "integers"
"""The arm that is trained as the author's code does."""


def _draw_published(axes, published: pd.DataFrame) -> None:
    """The author's run: hollow marks, joined within a phase."""
    for _, rollouts in published.groupby("phase"):
        axes.plot(
            rollouts["environment_steps"] / MILLION,
            rollouts["mean_return"],
            color=PUBLISHED_COLOUR,
            marker=PUBLISHED_MARKER,
            markersize=2,
            markerfacecolor="white",
            markeredgewidth=0.5,
            linewidth=0.5,
            zorder=2.2,
        )


def draw(tables: dict[str, pd.DataFrame], config: dict) -> Figure:
    """Draw a panel for each arm that has the seed of the configuration."""
    seed = config["seed"]
    training = tables["training"]
    training = training[training["seed"] == seed]
    arms = list(training["arm"].unique())
    if not arms:
        raise StudyError(
            f"the training table has no seed {seed}; let figures.seed in the configuration name one of seeds"
        )
    figure = Figure(figsize=(WIDTH, 0.9 + 2.1 * len(arms)))
    panels = figure.subplots(len(arms), 1, sharex=True, sharey=True, squeeze=False)[:, 0]
    entries = rollout_entries(training)
    for axes, arm in zip(panels, arms, strict=True):
        run = training[training["arm"] == arm]
        draw_phases(axes, run)
        draw_references(axes, tables["references"], run)
        draw_rollouts(axes, run, size=2.5)
        if arm == _PUBLISHED_BESIDE:
            published = tables["published"]
            _draw_published(axes, published[published["environment_steps"] <= run["environment_steps"].max()])
            entries.append(
                mark(
                    "the author's run, published, seed 99",
                    PUBLISHED_COLOUR,
                    PUBLISHED_MARKER,
                    markerfacecolor="white",
                    linestyle="-",
                    linewidth=0.5,
                )
            )
        axes.set_title(arm_name(arm))
        axes.set_ylabel("mean return")
        axes.margins(x=0.01)
    panels[-1].set_xlabel("environment steps (millions)")
    claim(figure, f"Return of seed {seed} while the objective alternates", entries, columns=2)
    return figure
