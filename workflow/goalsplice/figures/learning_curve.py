"""What figures of learning share: curves over rollouts or phases, and the returns to read them against."""

import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from goalsplice.figures.style import COLOURS, MARKERS, MIDDLE, interval_entry, mark, over_runs, reference_line, runs_of

MILLION = 1e6

REFERENCES = (
    ("best_return", "best possible", "-"),
    ("colour_blind_return", "colour-blind", "--"),
    ("wrong_key_return", "wrong key", ":"),
)
"""Returns to read others against: column of the references table, name, line style."""

BAND = "0.92"


def objectives_in(frame: pd.DataFrame) -> list[str]:
    """The objectives of a table's rows, in the study's order."""
    return [objective for objective in COLOURS if objective in set(frame["objective"])]


def draw_references(axes: Axes, references: pd.DataFrame, run: pd.DataFrame, named: bool = True) -> None:
    """Lines at the returns that the run's are to be read against, on the level_distribution that runs train on.

    Args:
        axes: where returns are on the y axis.
        references: the references table.
        run: rows of one arm, by whose arm and objectives the lines are chosen.
        named: whether the lines are labelled at the right edge.
    """
    rows = references[
        (references["arm"] == run["arm"].iloc[0])
        & references["trained"]
        & references["objective"].isin(objectives_in(run))
    ]
    for column, name, style in REFERENCES:
        for value in sorted(set(rows[column].round(6))):
            reference_line(axes, value, name if named else "", style)


def draw_phases(axes: Axes, run: pd.DataFrame) -> None:
    """Shade every other phase of a run, from half a rollout before its first mark to half a rollout after its last."""
    if run["phase"].nunique() == 1:
        return
    half = run["environment_steps"].min() / 2
    for phase, rollouts in run.groupby("phase"):
        if phase % 2:
            steps = rollouts["environment_steps"]
            ends = (steps.min() - half) / MILLION, (steps.max() + half) / MILLION
            axes.axvspan(*ends, color=BAND, linewidth=0, zorder=0)


def draw_rollouts(axes: Axes, run: pd.DataFrame, size: float) -> None:
    """One run's return against environment steps: a mark a rollout, joined within a phase."""
    run = run.sort_values("rollout")
    for objective in objectives_in(run):
        axes.plot(
            run["environment_steps"] / MILLION,
            run["mean_return"].where(run["objective"] == objective),
            color=COLOURS[objective],
            marker=MARKERS[objective],
            markersize=size,
            markeredgewidth=0,
            linewidth=size / 5,
            zorder=2.5,
        )


def rollout_entries(training: pd.DataFrame) -> list[Artist]:
    """Legend entries of what `draw_rollouts` and `draw_phases` draw."""
    objectives = objectives_in(training)
    entries = [
        mark(f"a rollout while the {name} key pays", COLOURS[name], MARKERS[name], linestyle="-", linewidth=0.8)
        for name in objectives
    ]
    return [*entries, Patch(color=BAND, label="every other phase")]


def draw_over_phases(axes: Axes, frame: pd.DataFrame) -> None:
    """One arm's values at each phase: every seed a thin line, their interquartile mean bold with its 95 % interval.

    Args:
        axes: where to draw.
        frame: rows of a table over seeds, of one value: phase, objective, seed, value, low and high.
    """
    axes.locator_params(axis="x", integer=True)
    frame = frame.sort_values("phase")
    for _, run in runs_of(frame).groupby("seed", sort=False):
        axes.plot("phase", "value", data=run, color="0.6", linewidth=0.5, zorder=2)
    middle = over_runs(frame)
    axes.plot("phase", "value", data=middle, color="black", linewidth=1.1, zorder=2.6)
    axes.vlines("phase", "low", "high", data=middle, color="black", linewidth=1.1, zorder=2.6)
    for objective in objectives_in(middle):
        trained = middle[middle["objective"] == objective]
        axes.plot(
            "phase",
            "value",
            data=trained,
            linestyle="none",
            color=COLOURS[objective],
            marker=MARKERS[objective],
            **MIDDLE,
            zorder=2.7,
        )


def over_phases_entries(frame: pd.DataFrame) -> list[Artist]:
    """Legend entries of what `draw_over_phases` draws."""
    objectives = objectives_in(frame)
    return [
        *(mark(f"phase on {name}", COLOURS[name], MARKERS[name], **MIDDLE) for name in objectives),
        interval_entry(),
        Line2D([], [], color="0.6", linewidth=0.8, label="a seed"),
    ]
