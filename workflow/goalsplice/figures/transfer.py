"""What a task vector does in checkpoints that it was not taken from. From the transfer table."""

from collections.abc import Sequence

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.figure import Figure, SubFigure
from matplotlib.patches import Rectangle

from goalsplice.figures.style import (
    COLOURS,
    MARKERS,
    WIDTH,
    arm_name,
    claim,
    interval_entry,
    mark,
    mark_group,
    note,
    over_runs,
    runs_of,
    select,
    span,
)
from goalsplice.settings.labels import NO_CONTROL

TABLES: dict[str, list[str]] = {
    "transfer": ["control", "level_distribution", "action_selection", "levels"],
    "transfer_over_seeds": [
        *("arm", "target", "recipient_objective", "donor_objective", "part", "aligned", "control"),
        *("source_recipient_phase", "source_donor_phase", "target_phase", "source_run"),
        *("measure", "seed", "value", "mean", "low", "high"),
    ],
}
"""The tables that `draw` takes, and the columns that it reads of them."""

_SCALE = ScalarMappable(mpl.colors.Normalize(0, 1), "cividis")
_DIRECTION = ["donor_objective", "recipient_objective"]
_CELL, _STRIP = 0.17, 0.16
"""Heights of a matrix's row and of a summary's row, in inches."""

_BOUNDS = {"floor": "unedited", "ceiling": "other goal"}
"""Columns that bound every share, and how the matrices call them: the checkpoint as it is, and the nearest
of the other goal."""

_OUTLINE = "black"
"""Of cells whose target is the recipient that the vector was taken from."""

_OWN, _WITHIN, _EARLIER, _BETWEEN = "own recipient", "other late phase", "early phase", "other run"
"""Words of the table's column `target`."""

_SUMMARY: tuple[tuple[str, tuple[str, str, str, str] | str | None], ...] = (
    ("checkpoint as it is (floor)", "floor"),
    ("the nearest of the other goal (ceiling)", "ceiling"),
    ("added in another late phase of the run:", None),
    ("task vector", (_WITHIN, "unaligned", "all", "no_control")),
    ("its layer 1 only", (_WITHIN, "unaligned", "layer1", "no_control")),
    ("two phases of one goal", (_WITHIN, "unaligned", "all", "same_goal_donor")),
    ("values permuted", (_WITHIN, "unaligned", "all", "permuted")),
    ("sign flipped", (_WITHIN, "unaligned", "all", "sign_flipped")),
    ("added in an early phase of the run:", None),
    ("task vector", (_EARLIER, "unaligned", "all", "no_control")),
    ("added in another run:", None),
    ("task vector, units as they are", (_BETWEEN, "unaligned", "all", "no_control")),
    ("units matched", (_BETWEEN, "matched", "all", "no_control")),
    ("units matched, layer 1 only", (_BETWEEN, "matched", "layer1", "no_control")),
    ("units at random", (_BETWEEN, "random", "all", "no_control")),
    ("matched, two phases of one goal", (_BETWEEN, "matched", "all", "same_goal_donor")),
    ("matched, values permuted", (_BETWEEN, "matched", "all", "permuted")),
    ("matched, sign flipped", (_BETWEEN, "matched", "all", "sign_flipped")),
)
"""Rows of the summary: a name, and the target, alignment, part and control of the networks; None for a heading."""


def _of_pair(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows on whole vectors of single pairs of phases, added in their own run."""
    return rows[rows["target_phase"].notna()].astype(
        dict.fromkeys(["source_recipient_phase", "source_donor_phase", "target_phase"], int)
    )


def _matrix(axes: Axes, values: pd.DataFrame, bounds: pd.DataFrame, outlined: Sequence[tuple[int, int]]) -> None:
    """Draw shares as cells with numbers in them, and below them the bounds of each column.

    Args:
        axes: where to draw.
        values: shares, sources as rows and targets as columns.
        bounds: of the same columns, one row a bound.
        outlined: cells, row and column, whose source is the target itself.
    """
    for start, part in ((0.0, values), (len(values) + 0.35, bounds)):
        axes.pcolormesh(
            np.arange(part.shape[1] + 1) - 0.5,
            np.arange(len(part) + 1) - 0.5 + start,
            np.ma.masked_invalid(part.to_numpy(dtype=float)),
            cmap=_SCALE.cmap,
            norm=_SCALE.norm,
            edgecolors="white",
            linewidth=0.6,
        )
        for row, column in np.argwhere(part.notna().to_numpy()):
            share = part.iat[row, column]
            axes.text(
                column,
                row + start,
                f"{share:.2f}".removeprefix("0"),
                ha="center",
                va="center_baseline",
                fontsize=6.2,
                color="white" if share < 0.55 else "black",
            )
    for row, column in outlined:
        axes.add_patch(
            Rectangle((column - 0.46, row - 0.44), 0.92, 0.88, fill=False, edgecolor=_OUTLINE, linewidth=1.1)
        )
    places = [*range(len(values)), *(len(values) + 0.35 + row for row in range(len(bounds)))]
    axes.set_yticks(places, [*values.index, *(_BOUNDS[bound] for bound in bounds.index)], fontsize=6.5)
    axes.set_xticks(range(values.shape[1]), values.columns, fontsize=6.5)
    axes.set_xlim(-0.5, values.shape[1] - 0.5)
    axes.set_ylim(places[-1] + 0.5, -0.5)
    axes.tick_params(length=0, pad=1.5)
    axes.spines[:].set_visible(False)


def _matrix_rows(rows: pd.DataFrame) -> float:
    """Height of the matrices within runs, in cells: sources of a direction, a gap and the bounds."""
    pairs = _of_pair(rows)[[*_DIRECTION, "source_recipient_phase", "source_donor_phase"]].drop_duplicates()
    return pairs.groupby(_DIRECTION).size().max() + 2.35


def _draw_within(axes: Axes, rows: pd.DataFrame) -> None:
    """Sources of one direction against target phases, means over seeds."""
    rows = rows.assign(source=list(zip(rows["source_recipient_phase"], rows["source_donor_phase"], strict=True)))
    values = select(rows, measure="episode_share_donor").pivot(index="source", columns="target_phase", values="mean")
    # A target's bounds are the same for all that is added to it.
    bounds = select(rows, measure=list(_BOUNDS)).drop_duplicates(["measure", "target_phase"])
    bounds = bounds.pivot(index="measure", columns="target_phase", values="mean").reindex(_BOUNDS)
    outlined = [
        (row, list(values.columns).index(recipient))
        for row, (recipient, _) in enumerate(values.index)
        if recipient in values.columns
    ]
    values.index = [f"{donor} − {recipient}" for recipient, donor in values.index]
    _matrix(axes, values, bounds, outlined)


def _draw_between(axes: Axes, rows: pd.DataFrame, seeds: list[int]) -> None:
    """Source seeds against target seeds, means over directions."""
    values = select(rows, measure="episode_share_donor").pivot(index="source_run", columns="seed", values="value")
    values = values.reindex(index=seeds, columns=seeds)
    bounds = select(rows, measure=list(_BOUNDS)).drop_duplicates(["measure", "seed"])
    bounds = bounds.pivot(index="measure", columns="seed", values="value").reindex(index=_BOUNDS, columns=seeds)
    _matrix(axes, values, bounds, [(number, number) for number in range(len(seeds))])


def _draw_summary(axes: Axes, rows: pd.DataFrame, directions: list[list[str]], seeds: list[int], named: bool) -> None:
    """Every seed's mean share under each condition of `_SUMMARY`, the directions beside each other."""
    width = 0.84 / len(directions)
    whole = select(rows, aligned="unaligned", part="all", control="no_control")
    bounded = _WITHIN if (whole["target"] == _WITHIN).any() else _OWN
    for place, (_, condition) in enumerate(_SUMMARY):
        if condition is None:
            continue
        if isinstance(condition, str):
            found = select(whole, target=bounded, measure=condition)
        else:
            found = select(rows, **dict(zip(("target", "aligned", "part", "control"), condition, strict=True)))
            found = select(found, measure="episode_share_donor")
        for number, direction in enumerate(directions):
            mine = select(found, **dict(zip(_DIRECTION, direction, strict=True)))
            shift = (number - (len(directions) - 1) / 2) * width
            look = COLOURS[direction[0]], MARKERS[direction[0]]
            mark_group(axes, place + shift, mine, *look, seeds=seeds, width=0.85 * width, upright=False)
    headings = [condition is None for _, condition in _SUMMARY]
    axes.set_yticks(range(len(_SUMMARY)), [name for name, _ in _SUMMARY] if named else [])
    for label, heading in zip(axes.get_yticklabels(), headings, strict=False):
        label.set(fontsize=7, fontstyle="italic" if heading else "normal", color="0.35" if heading else "black")
    for place, heading in enumerate(headings):
        if not heading:
            axes.axhline(place, color="0.92", linewidth=0.6, zorder=0)
    axes.set_ylim(len(_SUMMARY) - 0.5, -0.6)
    axes.set_xlim(-0.02, 1.02)
    axes.tick_params(axis="y", length=0)
    axes.set_xlabel("share of episodes")


def _draw_arm(figure: SubFigure, rows: pd.DataFrame, directions: list[list[str]], seeds: list[int]) -> None:
    """Draw an arm's matrices: above within runs, one a direction; below between runs, without and with matching."""
    inside = over_runs(_of_pair(rows))
    across = runs_of(rows[rows["source_run"].notna()])
    panels = figure.subplots(2, 2, squeeze=False, height_ratios=[_matrix_rows(rows), len(seeds) + 2.35])
    for axes, (donor, recipient) in zip(panels[0], directions, strict=False):
        _draw_within(axes, inside[(inside[_DIRECTION] == [donor, recipient]).all(axis=1)])
        axes.set_title(f"within a run: {donor} − {recipient}", fontsize=8)
        axes.set_xlabel(f"phase that it is added to, on {recipient}", fontsize=8)
        axes.set_ylabel("phases it is from", fontsize=8)
    for axes, (aligned, how) in zip(panels[1], (("unaligned", "as they are"), ("matched", "matched")), strict=True):
        _draw_between(axes, across[across["aligned"] == aligned], seeds)
        axes.set_title(f"between runs: hidden units {how}", fontsize=8)
        axes.set_xlabel("seed that it is added to", fontsize=8)
        axes.set_ylabel("seed it is from", fontsize=8)
    label = "share of episodes that take the donor's colour"
    figure.colorbar(_SCALE, ax=panels, aspect=50, pad=0.015).set_label(label, fontsize=8)


def draw(tables: dict[str, pd.DataFrame], config: dict) -> Figure:
    """Draw matrices for each arm, and below, for all arms, every seed's means beside the controls'."""
    transfer, rows = tables["transfer"], tables["transfer_over_seeds"]
    arms = list(rows["arm"].unique())
    directions = sorted(
        map(list, rows[_DIRECTION].dropna().drop_duplicates().to_numpy()), key=lambda pair: list(COLOURS).index(pair[0])
    )
    of_arms = [rows[rows["arm"] == arm] for arm in arms]
    seeds = [list(runs_of(of_arm)["seed"].unique()) for of_arm in of_arms]
    heights = [
        1.5 + _CELL * (_matrix_rows(of_arm) + len(mine) + 2.35) for of_arm, mine in zip(of_arms, seeds, strict=True)
    ]
    heights.append(0.6 + _STRIP * len(_SUMMARY))
    figure = Figure(figsize=(WIDTH, sum(heights) + 0.9))
    *blocks, below = figure.subfigures(len(arms) + 1, 1, height_ratios=heights)
    for block, arm, of_arm, mine in zip(blocks, arms, of_arms, seeds, strict=True):
        _draw_arm(block, of_arm, directions, mine)
        block.suptitle(arm_name(arm), x=0.01, ha="left", fontsize=9, fontweight="bold")
    # Means over all pairs of phases, and over all runs that a vector is from.
    pooled = rows[rows["target_phase"].isna() & rows["source_run"].isna()]
    for axes, arm, mine in zip(below.subplots(1, len(arms), squeeze=False)[0], arms, seeds, strict=True):
        _draw_summary(axes, select(pooled, arm=arm), directions, mine, named=arm == arms[0])
        axes.set_title(arm_name(arm, lines=2), fontsize=8)
    entries = [
        *(mark(f"{donor} − {recipient}: a seed", COLOURS[donor], MARKERS[donor]) for donor, recipient in directions),
        interval_entry(),
        Rectangle((0, 0), 1, 1, fill=False, edgecolor=_OUTLINE, linewidth=1.1, label="added to its own recipient"),
    ]
    claim(figure, "Share of episodes that take the donor's colour after a task vector was added", entries, columns=2)
    level_distribution, action_selection = (
        " and ".join(transfer[column].unique()) for column in ("level_distribution", "action_selection")
    )
    played = [span(rows["levels"]) for _, rows in transfer.groupby(transfer["control"] != NO_CONTROL)]
    note(
        figure,
        f"Seeds: {rows['seed'].nunique()}. Levels: {', for controls '.join(played)}; "
        f"{level_distribution}, {action_selection}.\n"
        "Intervals between runs are of a bootstrap over runs, as pairs of runs share them.",
    )
    return figure
