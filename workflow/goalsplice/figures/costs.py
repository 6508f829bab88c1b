"""What each stage costs in time and memory. From the benchmarks table."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from goalsplice.figures.style import MIDDLE, WIDTH, arm_name, claim, mark, note, spread

TABLES: dict[str, list[str]] = {
    "benchmarks": ["stage", "arm", "seed", "seconds", "peak_memory"],
    "costs": ["stage", "arm", "median", "median_memory", "total_seconds", "stage_seconds", "stage_seconds_share"],
}
"""The tables that `draw` takes, and the columns that it reads of them."""

# Not the colours of keys: arms have no objective. Neighbours differ in lightness, and every arm in its marker.
_ARM_COLOURS = ("#333333", "#2A9D8F", "#9A9A9A", "#8C510A")
_ARM_MARKERS = ("o", "s", "^", "D", "v", "P", "X")
_NO_ARM, _NO_ARM_COLOUR, _NO_ARM_MARKER = "", "#6F6F6F", "*"
_LIMIT = 1024  # MiB, what a training job is to stay below
_MINUTE, _HOUR = 60, 3600
_TICKS = {0.1: "0.1 s", 1: "1 s", 10: "10 s", 60: "1 min", 600: "10 min", _HOUR: "1 h", 36000: "10 h", 360000: "100 h"}
_GAP = 0.7  # between stages, in rows
_TALL = 7  # inches from which on rows are drawn lower


def _style(arms: list[str]) -> dict[str, tuple[str, str]]:
    """Colour and marker of each arm, and of jobs that serve all runs."""
    own = {
        arm: (_ARM_COLOURS[number % len(_ARM_COLOURS)], _ARM_MARKERS[number % len(_ARM_MARKERS)])
        for number, arm in enumerate(arms)
    }
    return {**own, _NO_ARM: (_NO_ARM_COLOUR, _NO_ARM_MARKER)}


def _places(costs: pd.DataFrame) -> dict[tuple[str, str], float]:
    """Each stage's and arm's row, downwards from 0, with a gap between stages."""
    places, place = {}, -_GAP
    for stage, arms in costs.groupby("stage", sort=False):
        place += _GAP
        for arm in arms["arm"]:
            places[stage, arm] = place
            place += 1
    return places


def _spans(places: dict[tuple[str, str], float]) -> dict[str, tuple[float, float]]:
    """Each stage's first and last row."""
    spans = {}
    for (stage, _), place in places.items():
        spans[stage] = (spans.get(stage, (place,))[0], place)
    return spans


def _middle(span: tuple[float, float]) -> float:
    return (span[0] + span[1]) / 2


def _by_arm(costs: pd.DataFrame, column: str) -> dict[tuple[str, str], float]:
    return costs.set_index(["stage", "arm"])[column].to_dict()


def _draw_jobs(
    axes: Axes, jobs: pd.DataFrame, column: str, medians: dict[tuple[str, str], float], places: dict, styles: dict
) -> None:
    """A small mark for each job, and below them their median."""
    for (stage, arm), rows in jobs.groupby(["stage", "arm"], sort=False):
        values = rows[column].to_numpy()
        if np.isnan(values).all():
            continue
        at, (colour, marker) = places[stage, arm], styles[arm]
        dots = at - 0.15 + spread(len(values), 0.5)
        axes.plot(
            values, dots, marker, color=colour, markersize=3, markeredgewidth=0, alpha=0.75, zorder=2.5, clip_on=False
        )
        axes.plot([medians[stage, arm]], [at + 0.32], marker, color=colour, **MIDDLE, zorder=2.7, clip_on=False)


def _draw_seconds(axes: Axes, jobs: pd.DataFrame, costs: pd.DataFrame, places: dict, styles: dict) -> None:
    """Each job's wall-clock time, on a logarithmic axis between round times."""
    _draw_jobs(axes, jobs, "seconds", _by_arm(costs, "median"), places, styles)
    ticks = np.array(list(_TICKS))
    low, high = jobs["seconds"].min(), jobs["seconds"].max()
    first = np.clip(np.searchsorted(ticks, low, side="right") - 1, 0, len(ticks) - 2)
    last = np.clip(np.searchsorted(ticks, high), first + 1, len(ticks) - 1)
    shown = ticks[first : last + 1]
    axes.set_xscale("log")
    axes.set_xlim(min(shown[0], low), max(shown[-1], high))
    shown = shown[:: -(-len(shown) // 5)]
    axes.set_xticks(shown, [_TICKS[tick] for tick in shown])
    axes.set_xticks([], minor=True)
    axes.set_xlabel("wall-clock time of a job")


def _draw_memory(axes: Axes, jobs: pd.DataFrame, costs: pd.DataFrame, places: dict, styles: dict) -> None:
    """Each job's peak memory, with the limit of training."""
    _draw_jobs(axes, jobs, "peak_memory", _by_arm(costs, "median_memory"), places, styles)
    axes.axvline(_LIMIT, color="0.35", linestyle="--", linewidth=0.8, zorder=1.5)
    axes.annotate(
        "limit of training: 1 GiB",
        (_LIMIT, 1),
        xycoords=("data", "axes fraction"),
        xytext=(-3, -1),
        textcoords="offset points",
        ha="right",
        va="top",
        fontsize=7.5,
        color="0.25",
    )
    axes.set_xlim(0, 1.05 * np.nanmax([_LIMIT, jobs["peak_memory"].max()]))
    axes.locator_params(axis="x", nbins=4)
    axes.set_xlabel("peak memory of a job, MiB")


def _draw_totals(axes: Axes, costs: pd.DataFrame, places: dict, styles: dict) -> None:
    """A bar for each stage, of all its jobs' seconds, the arms one after the other."""
    longest = costs["stage_seconds"].max()
    unit, name = _unit(longest)
    for stage, arms in costs.groupby("stage", sort=False):
        middle, start = _middle(_spans(places)[stage]), 0.0
        for arm, total in zip(arms["arm"], arms["total_seconds"] / unit, strict=True):
            axes.barh(middle, total, 0.6, left=start, color=styles[arm][0], edgecolor="white", linewidth=0.5)
            start += total
        axes.annotate(
            _percent(arms["stage_seconds_share"].iloc[0]),
            (start, middle),
            (4, 0),
            textcoords="offset points",
            va="center",
            fontsize=8,
        )
    axes.set_xlim(0, 1.35 * longest / unit)
    axes.locator_params(axis="x", nbins=4)
    axes.set_xlabel(f"all jobs together, {name}")


def _unit(seconds: float) -> tuple[int, str]:
    """The unit that suits a time: its length in seconds, and its name."""
    return next(
        unit
        for unit in ((_HOUR, "hours"), (_MINUTE, "minutes"), (1, "seconds"))
        if seconds >= 2 * unit[0] or unit[0] == 1
    )


def _percent(share: float) -> str:
    """A share in words that never round a part to nothing, or to all."""
    if share < 0.005:
        return "< 1 %" if share else "0 %"
    if 0.995 <= share < 1:
        return "> 99 %"
    return f"{100 * share:.0f} %"


def _claim(costs: pd.DataFrame) -> str:
    """Which stage takes the most, and how much of all."""
    shares = costs.drop_duplicates("stage").set_index("stage")["stage_seconds_share"]
    most = shares.idxmax()
    subject = "Training" if most == "training" else f"The stage {most}"
    part = _percent(shares[most]).replace("> ", "more than ")
    return f"{subject} takes {part} of the study's machine time"


def draw(tables: dict[str, pd.DataFrame], config: dict) -> Figure:
    """Draw time and memory of every job, and the time of all together, a row for each stage and arm."""
    jobs = tables["benchmarks"].fillna({"arm": _NO_ARM})
    costs = tables["costs"].fillna({"arm": _NO_ARM})
    places = _places(costs)
    arms = [arm for arm in jobs["arm"].unique() if arm != _NO_ARM]
    styles = _style(arms)
    rows = max(places.values()) + 1
    row_height = np.clip(_TALL / rows, 0.18, 0.36)
    figure = Figure(figsize=(WIDTH, 1.9 + 0.13 * len(arms) + row_height * rows))
    figure.get_layout_engine().set(wspace=0.05)
    panels = figure.subplots(1, 3, sharey=True, width_ratios=[1.1, 1.1, 1])
    _draw_seconds(panels[0], jobs, costs, places, styles)
    _draw_memory(panels[1], jobs, costs, places, styles)
    _draw_totals(panels[2], costs, places, styles)
    spans = _spans(places)
    panels[0].set_yticks([_middle(span) for span in spans.values()], list(spans))
    panels[0].set_ylim(rows - 0.4, -1.2)
    for axes in panels:
        for low, high in list(spans.values())[::2]:
            axes.axhspan(low - 0.5 - _GAP / 2, high + 0.5 + _GAP / 2, color="0.96", linewidth=0, zorder=0)
        axes.tick_params(axis="y", length=0)
        axes.grid(axis="x", color="0.9", linewidth=0.6)
        axes.set_axisbelow(True)
    entries = [mark(f"{arm_name(arm)}: a job", *styles[arm]) for arm in arms]
    if (jobs["arm"] == _NO_ARM).any():
        entries.append(mark("a job for all runs", *styles[_NO_ARM]))
    median = {**MIDDLE, "markerfacecolor": "white"}
    entries.append(Line2D([], [], linestyle="none", marker="o", **median, label="median of the jobs"))
    claim(figure, _claim(costs), entries, columns=2)
    runs = jobs.loc[jobs["arm"] != _NO_ARM, ["arm", "seed"]].drop_duplicates()
    together = costs["stage_seconds"].iloc[0] / costs["stage_seconds_share"].iloc[0]
    unit, name = _unit(together)
    note(
        figure,
        f"Jobs: {len(jobs)}, one thread each, {together / unit:.1f} {name} together. Runs: {len(runs)}. "
        "Stages without a row are not measured.\nTimes are those of one machine, with all else that it did.",
    )
    return figure
