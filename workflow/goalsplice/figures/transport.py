"""What a goal vector does in checkpoints that it was not taken from. From the transports table."""

from collections.abc import Sequence

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.figure import Figure, SubFigure
from matplotlib.patches import Rectangle

from goalsplice.analysis.recovery import donors_share
from goalsplice.analysis.statistics import over_pairs
from goalsplice.figures.style import (
    COLOURS,
    MARKERS,
    WIDTH,
    arm_name,
    claim,
    interval_entry,
    mark,
    note,
    seed_marks,
)

TABLES: dict[str, list[str]] = {
    "transports": [
        *("arm", "seed", "target_phase", "source_seed", "source_recipient_phase", "source_donor_phase"),
        *("recipient_objective", "donor_objective", "part", "aligned", "control", "draw", "layouts", "policy"),
        *("levels", "floor", "ceiling"),
        *(f"share_{outcome}" for outcome in COLOURS),
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

_WITHIN, _EARLIER, _BETWEEN = "within", "earlier", "between"
_SUMMARY: tuple[tuple[str, tuple[str, str, str, str] | str | None], ...] = (
    ("checkpoint as it is (floor)", "floor"),
    ("the nearest of the other goal (ceiling)", "ceiling"),
    ("added in another late phase of the run:", None),
    ("goal vector", (_WITHIN, "none", "all", "none")),
    ("its layer 1 only", (_WITHIN, "none", "layer1", "none")),
    ("two phases of one goal", (_WITHIN, "none", "all", "same_goal")),
    ("values shuffled", (_WITHIN, "none", "all", "shuffled")),
    ("sign turned", (_WITHIN, "none", "all", "turned")),
    ("added in an early phase of the run:", None),
    ("goal vector", (_EARLIER, "none", "all", "none")),
    ("added in another run:", None),
    ("goal vector, units as they are", (_BETWEEN, "none", "all", "none")),
    ("units matched", (_BETWEEN, "matched", "all", "none")),
    ("units matched, layer 1 only", (_BETWEEN, "matched", "layer1", "none")),
    ("units at random", (_BETWEEN, "random", "all", "none")),
    ("matched, two phases of one goal", (_BETWEEN, "matched", "all", "same_goal")),
    ("matched, values shuffled", (_BETWEEN, "matched", "all", "shuffled")),
    ("matched, sign turned", (_BETWEEN, "matched", "all", "turned")),
)
"""Rows of the summary: a name, and the place, alignment, part and control of the networks; None for a heading."""


def _with_places(transports: pd.DataFrame) -> pd.DataFrame:
    """The table with the share of the donor's colour, and where each vector was added; "" for its own recipient."""
    own = transports["seed"] == transports["source_seed"]
    late = transports["target_phase"].isin(transports["source_recipient_phase"].unique())
    place = np.select(
        [~own, ~late, transports["target_phase"] != transports["source_recipient_phase"]],
        [_BETWEEN, _EARLIER, _WITHIN],
        default="",
    )
    return transports.assign(share=donors_share(transports), place=place)


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
    own = rows[rows["seed"] == rows["source_seed"]]
    pairs = own[[*_DIRECTION, "source_recipient_phase", "source_donor_phase"]].drop_duplicates()
    return pairs.groupby(_DIRECTION).size().max() + 2.35


def _draw_within(axes: Axes, rows: pd.DataFrame) -> None:
    """Sources of one direction against target phases, means over seeds."""
    rows = rows.assign(source=list(zip(rows["source_recipient_phase"], rows["source_donor_phase"], strict=True)))
    values = rows.pivot_table(index="source", columns="target_phase", values="share")
    bounds = rows.groupby("target_phase")[list(_BOUNDS)].mean().T
    outlined = [
        (row, list(values.columns).index(recipient))
        for row, (recipient, _) in enumerate(values.index)
        if recipient in values.columns
    ]
    values.index = [f"{donor} − {recipient}" for recipient, donor in values.index]
    _matrix(axes, values, bounds, outlined)


def _draw_between(axes: Axes, rows: pd.DataFrame, seeds: list[int]) -> None:
    """Source seeds against target seeds, means over directions."""
    values = rows.pivot_table(index="source_seed", columns="seed", values="share").reindex(index=seeds, columns=seeds)
    bounds = rows.groupby("seed")[list(_BOUNDS)].mean().T.reindex(columns=seeds)
    _matrix(axes, values, bounds, [(number, number) for number in range(len(seeds))])


def _draw_summary(axes: Axes, rows: pd.DataFrame, directions: list[list[str]], named: bool) -> None:
    """Every seed's mean share under each condition of `_SUMMARY`, the directions beside each other."""
    seeds = list(rows["seed"].unique())
    width = 0.84 / len(directions)
    for place, (_, condition) in enumerate(_SUMMARY):
        if condition is None:
            continue
        if isinstance(condition, str):
            chosen, column = rows[(rows["place"] == _WITHIN) & (rows["control"] == "none")], condition
            if chosen.empty:
                chosen = rows[rows["control"] == "none"]
        else:
            chosen, column = (
                rows[(rows[["place", "aligned", "part", "control"]] == list(condition)).all(axis=1)],
                "share",
            )
        for number, direction in enumerate(directions):
            found = chosen[(chosen[_DIRECTION] == direction).all(axis=1)]
            values = found.groupby("seed")[column].mean().reindex(seeds)
            shift = (number - (len(directions) - 1) / 2) * width
            look = COLOURS[direction[0]], MARKERS[direction[0]]
            # Between runs, seeds share their sources, and are sources themselves.
            between = isinstance(condition, tuple) and condition[0] == _BETWEEN
            interval = over_pairs(found["seed"], found["source_seed"], found[column]) if between else None
            seed_marks(axes, place + shift, values, *look, width=0.85 * width, upright=False, interval=interval)
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
    whole = rows[(rows["part"] == "all") & (rows["control"] == "none")]
    inside = whole[(whole["seed"] == whole["source_seed"]) & (whole["aligned"] == "none")]
    # Between runs only the vectors of one pair were added, to checkpoints of the recipient's phase.
    source = ["source_recipient_phase", "source_donor_phase"]
    sources = pd.MultiIndex.from_frame(whole.loc[whole["aligned"] == "matched", source])
    across = whole[
        pd.MultiIndex.from_frame(whole[source]).isin(sources)
        & (whole["target_phase"] == whole["source_recipient_phase"])
    ]
    panels = figure.subplots(2, 2, squeeze=False, height_ratios=[_matrix_rows(rows), len(seeds) + 2.35])
    for axes, (donor, recipient) in zip(panels[0], directions, strict=False):
        _draw_within(axes, inside[(inside[_DIRECTION] == [donor, recipient]).all(axis=1)])
        axes.set_title(f"within a run: {donor} − {recipient}", fontsize=8)
        axes.set_xlabel(f"phase that it is added to, on {recipient}", fontsize=8)
        axes.set_ylabel("phases it is from", fontsize=8)
    for axes, (aligned, how) in zip(panels[1], (("none", "as they are"), ("matched", "matched")), strict=True):
        _draw_between(axes, across[across["aligned"] == aligned], seeds)
        axes.set_title(f"between runs: hidden units {how}", fontsize=8)
        axes.set_xlabel("seed that it is added to", fontsize=8)
        axes.set_ylabel("seed it is from", fontsize=8)
    label = "share of episodes that take the donor's colour"
    figure.colorbar(_SCALE, ax=panels, aspect=50, pad=0.015).set_label(label, fontsize=8)


def draw(tables: dict[str, pd.DataFrame], config: dict) -> Figure:
    """Draw matrices for each arm, and below, for all arms, every seed's means beside the controls'."""
    transports = tables["transports"]
    rows = _with_places(transports)
    arms = list(rows["arm"].unique())
    directions = sorted(
        map(list, rows[_DIRECTION].drop_duplicates().to_numpy()), key=lambda pair: list(COLOURS).index(pair[0])
    )
    of_arms = [rows[rows["arm"] == arm] for arm in arms]
    seeds = [list(of_arm["seed"].unique()) for of_arm in of_arms]
    heights = [
        1.5 + _CELL * (_matrix_rows(of_arm) + len(mine) + 2.35) for of_arm, mine in zip(of_arms, seeds, strict=True)
    ]
    heights.append(0.6 + _STRIP * len(_SUMMARY))
    figure = Figure(figsize=(WIDTH, sum(heights) + 0.9))
    *blocks, below = figure.subfigures(len(arms) + 1, 1, height_ratios=heights)
    for block, arm, of_arm, mine in zip(blocks, arms, of_arms, seeds, strict=True):
        _draw_arm(block, of_arm, directions, mine)
        block.suptitle(arm_name(arm), x=0.01, ha="left", fontsize=9, fontweight="bold")
    for number, (axes, arm, of_arm) in enumerate(
        zip(below.subplots(1, len(arms), squeeze=False)[0], arms, of_arms, strict=True)
    ):
        _draw_summary(axes, of_arm, directions, named=number == 0)
        axes.set_title(arm_name(arm, lines=2), fontsize=8)
    entries = [
        *(mark(f"{donor} − {recipient}: a seed", COLOURS[donor], MARKERS[donor]) for donor, recipient in directions),
        interval_entry(),
        Rectangle((0, 0), 1, 1, fill=False, edgecolor=_OUTLINE, linewidth=1.1, label="added to its own recipient"),
    ]
    claim(figure, "Share of episodes that take the donor's colour after a goal vector was added", entries, columns=2)
    layouts, policy = (" and ".join(transports[column].unique()) for column in ("layouts", "policy"))
    levels = [transports.loc[(transports["control"] == "none") == edits, "levels"].max() for edits in (True, False)]
    note(
        figure,
        f"Seeds: {rows['seed'].nunique()}. Levels for each network: {levels[0]}, for each control {levels[1]}; "
        f"{layouts}, {policy}.\nIntervals between runs are of a bootstrap over runs, as pairs of runs share them.",
    )
    return figure
