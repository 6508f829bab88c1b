"""The picture of what `run.py` measured. `python benchmarks/figure.py results/benchmarks/speed.parquet` redraws it."""

import argparse
from itertools import product
from pathlib import Path

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator, FuncFormatter, LogLocator, NullFormatter, NullLocator
from ratios import NOTHING, PAIRS, ratios, spread

from goalsplice.figures.style import WIDTH, arm_name, claim, mark, note, save, styled
from goalsplice.figures.style import spread as places

STAGES = {"early": "#8FD0B8", "late": "#00664B", "any": "#999999"}
"""Colours, apart from those of the objectives and different in lightness."""

STAGE_NAMES = {"early": "new networks", "late": "trained networks", "any": "no networks, or any"}
MEDIAN = {"marker": "|", "color": "black", "markersize": 7.5, "markeredgewidth": 1.1, "linestyle": "none"}
ARMS = "os^D"
"""Marks of the arms, in the order of the table."""

VARIED = {
    "num_envs": "environments, 512 steps each",
    "hidden_size": "units of a hidden layer",
    "processes": "processes of one thread",
}
"""Columns of the table that scaling varies."""


def _number(value: float, _=None) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def _draw_ratios(axes: Axes, found: pd.DataFrame, arms: list[str]) -> None:
    """A row for each pair: every repeat as a mark, and the median of an arm and stage as a bar."""
    compared = set(zip(found["subject"], found["peer"], strict=True))
    pairs = [pair for pair in PAIRS if pair in compared]
    medians = spread(found)
    kinds = list(product(arms, [stage for stage in STAGES if (found["stage"] == stage).any()]))
    for row, (subject, peer) in enumerate(pairs):
        of_pair = (found["subject"] == subject) & (found["peer"] == peer)
        shown = [(arm, stage) for arm, stage in kinds if not found[of_pair & _is(found, arm, stage)].empty]
        for (arm, stage), shift in zip(shown, places(len(shown), 0.8), strict=True):
            values = found.loc[of_pair & _is(found, arm, stage), "ratio"]
            style = {"marker": ARMS[arms.index(arm) % len(ARMS)], "color": STAGES[stage], "linestyle": "none"}
            axes.plot([values.median()], [row + shift], **MEDIAN, zorder=2.5)
            axes.plot(values, [row + shift] * len(values), markersize=4, markeredgewidth=0, zorder=2.6, **style)
        here = medians.loc[(medians["subject"] == subject) & (medians["peer"] == peer), "median"]
        low, high = _number(here.min()), _number(here.max())
        axes.annotate(
            f"{low}×" if low == high else f"{low} to {high}×",
            (1, row),
            xycoords=("axes fraction", "data"),
            xytext=(4, 0),
            textcoords="offset points",
            va="center",
            fontsize=7.5,
        )
    axes.axvline(1, color="0.35", linestyle="--", linewidth=0.8, zorder=1.5)
    axes.set_xscale("log")
    axes.xaxis.set_major_locator(LogLocator(10, subs=(1, 3)))
    axes.xaxis.set_major_formatter(FuncFormatter(_number))
    axes.xaxis.set_minor_formatter(NullFormatter())
    low, high = found["ratio"].min(), found["ratio"].max()
    axes.set_xlim(min(0.5, 0.8 * low), max(2, 1.3 * high))
    axes.set_yticks(range(len(pairs)), [PAIRS[pair] for pair in pairs])
    axes.set_ylim(len(pairs) - 0.45, -0.55)
    axes.set_xlabel("times as fast as the peer (1: as fast); at the right, medians")
    axes.tick_params(axis="y", length=0)
    axes.grid(axis="x", color="0.9", linewidth=0.6)
    axes.set_axisbelow(True)
    for row in range(0, len(pairs), 2):
        axes.axhspan(row - 0.5, row + 0.5, color="0.96", linewidth=0, zorder=0)


def _is(rows: pd.DataFrame, arm: str, stage: str) -> pd.Series:
    return (rows["arm"] == arm) & (rows["stage"] == stage)


def _scaling(measured: pd.DataFrame) -> pd.DataFrame:
    """Rows of training in the arm and stage that sizes were varied in, with the study's own sizes among them."""
    varied = measured[measured["varied"] != NOTHING]
    if varied.empty:
        return varied
    first = varied.iloc[0]
    same = (measured["subject"] == first["subject"]) & _is(measured, first["arm"], first["stage"])
    return measured[same]


def _draw_scaling(axes: Axes, rows: pd.DataFrame, arms: list[str], column: str, value: str, scale: float) -> None:
    """One quantity over one size: every repeat, and a line through the medians."""
    rows = rows[rows["varied"].isin([NOTHING, column])].sort_values(column)
    stage = rows["stage"].iloc[0]
    mark_of_arm = ARMS[arms.index(rows["arm"].iloc[0]) % len(ARMS)]
    axes.plot(rows[column], rows[value] / scale, mark_of_arm, color=STAGES[stage], markersize=4, markeredgewidth=0)
    medians = rows.groupby(column)[value].median() / scale
    axes.plot(medians.index, medians, color=STAGES[stage], linewidth=1.1, zorder=1.8)
    if column == "processes" and value == "steps_per_second":
        fewest = medians.index[0]
        proportional = [medians.iloc[0] * count / fewest for count in medians.index]
        axes.plot(medians.index, proportional, color="0.35", linestyle="--", linewidth=0.8, zorder=1.5)
    axes.set_xscale("log", base=2)
    axes.xaxis.set_major_locator(FixedLocator(list(medians.index)))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(_number))
    axes.margins(x=0.15)
    axes.set_ylim(0, 1.15 * (rows[value] / scale).max())
    axes.grid(axis="y", color="0.9", linewidth=0.6)
    axes.set_axisbelow(True)


def _claim_of(found: pd.DataFrame) -> str:
    """What the ratios of training say, in one sentence."""
    medians = spread(found).groupby(["subject", "peer"])["median"]
    said = []
    for peer, name in (("training_sb3", "Stable-Baselines3's speed"), ("training_navix", "NAVIX's")):
        if ("training", peer) in medians.groups:
            low = medians.get_group(("training", peer)).min()
            said.append(f"{_number(low)} times {name}")
    return f"Training has at least {' and '.join(said)}" if said else "Speed as ratios to peers, and how it scales"


def draw(measured: pd.DataFrame) -> Figure:
    """Draw the ratios above; below, speed and memory of training over its sizes, where they were varied.

    Args:
        measured: the table that `run.py` writes.
    """
    found, scaling = ratios(measured), _scaling(measured)
    arms, pairs = list(measured["arm"].unique()), len(found[["subject", "peer"]].drop_duplicates())
    above, below = (0.7 + 0.38 * pairs) * bool(pairs), 3.6 * (not scaling.empty)
    figure = Figure(figsize=(WIDTH, max(above + below, 1) + 1.2))
    parts = [part for part, height in (("ratios", above), ("scaling", below)) if height]
    heights = [height for height in (above, below) if height]
    for part, name in zip(
        figure.subfigures(len(parts), 1, height_ratios=heights, squeeze=False)[:, 0], parts, strict=True
    ):
        if name == "ratios":
            _draw_ratios(part.subplots(), found, arms)
            continue
        panels = part.subplots(2, len(VARIED), sharex="col", sharey=False)
        for (speed, memory), (column, label) in zip(panels.T, VARIED.items(), strict=True):
            _draw_scaling(speed, scaling, arms, column, "steps_per_second", 1e3)
            _draw_scaling(memory, scaling, arms, column, "total_mib", 1)
            memory.set_xlabel(label)
        panels[0, 0].set_ylabel("steps a second,\nthousands")
        panels[1, 0].set_ylabel("peak memory of all\nprocesses, MiB")
    entries = [mark(arm_name(arm), "0.35", ARMS[number % len(ARMS)]) for number, arm in enumerate(arms)]
    entries += [mark(STAGE_NAMES[stage], STAGES[stage], "s") for stage in STAGES if (measured["stage"] == stage).any()]
    entries.append(Line2D([], [], **MEDIAN, label="median of the repeats, a mark each; below, the line"))
    if not scaling.empty:
        entries.append(
            Line2D(
                [],
                [],
                color="0.35",
                linestyle="--",
                linewidth=0.8,
                label="equal speed; below, proportional to processes",
            )
        )
    claim(figure, _claim_of(found), entries, columns=2)
    base = measured[measured["varied"] == NOTHING]
    lines = [
        f"Repeats: {measured['repeat'].nunique()}. Processes at a time: {base['processes'].max()}, of one thread each. "
        f"{measured['machine'].iloc[0]}."
    ]
    if not scaling.empty:
        lines.append(f"Below: training, {arm_name(scaling['arm'].iloc[0])}, {STAGE_NAMES[scaling['stage'].iloc[0]]}.")
    note(figure, "\n".join(lines))
    return figure


def report(measured: pd.DataFrame, table: Path) -> None:
    """Print medians and ratios, and draw the figure beside the table, as PNG and SVG."""
    groups = ["varied", "subject", "arm", "stage", *VARIED]
    medians = measured.groupby(groups, sort=False)[["steps_per_second", "peak_mib", "total_mib"]].median()
    print(medians.round(0).reset_index().to_string(index=False), end="\n\n")
    found = ratios(measured)
    if found.empty and _scaling(measured).empty:
        print("Nothing to compare: these subjects are no pair, and no size was varied. So there is no figure.")
        return
    if not found.empty:
        print(spread(found).round(2).to_string(index=False))
    with styled():
        figure = draw(measured)
        for suffix in (".png", ".svg"):
            save(figure, table.with_suffix(suffix))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("table", type=Path, help="what run.py wrote")
    table = parser.parse_args().table
    report(pd.read_parquet(table), table)


if __name__ == "__main__":
    main()
