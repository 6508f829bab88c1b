"""Whether every switch of the objective changes the weights in the same direction. From the directions tables."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from goalsplice.analysis.statistics import over_pairs
from goalsplice.figures.style import WIDTH, arm_name, claim, interval_entry, mark, note, seed_marks
from goalsplice.io.errors import StudyError

_COLUMNS = ["arm", "seed", "part", "phase", "cosine", "null_low", "null_high"]

TABLES: dict[str, list[str]] = {
    "directions": [*_COLUMNS, "other_phase", "same_way"],
    "directions_between_runs": [*_COLUMNS, "other_seed"],
}
"""The tables that `draw` takes, and the columns that it reads of them."""

_PARTS = {"layer1": ("layer 1", "#B35900", "^"), "actor": ("whole actor", "0.25", "o")}
_CATEGORIES = {
    "next": "one run, next switch\n(shares a checkpoint)",
    "back": "one run, switches\nopposite ways",
    "same": "one run, switches\nthe same way",
    "other": "two runs,\nsame switch",
}
_SHARED = 0.5
"""Cosine of two neighbouring differences of unrelated networks: (a - b) and (c - b), turned alike, share b."""

_SHARED_LINE = {"color": "black", "linestyle": (0, (2, 1)), "linewidth": 1.1}


def _category(within: pd.DataFrame) -> pd.Series:
    """Which of `_CATEGORIES` a row of the directions table is in."""
    next_one = within["other_phase"] - within["phase"] == 1
    return pd.Series(np.select([next_one, within["same_way"]], ["next", "same"], "back"), index=within.index)


def _draw_matrix(axes: Axes, rows: pd.DataFrame) -> AxesImage:
    """Mean cosine over seeds of every two switches."""
    mean = rows.groupby(["phase", "other_phase"])["cosine"].mean()
    count = int(rows["other_phase"].max()) + 1
    matrix = np.full((count, count), np.nan)
    for (phase, other), cosine in mean.items():
        matrix[phase, other] = matrix[other, phase] = cosine
    axes.set_facecolor("0.6")
    image = axes.imshow(matrix, vmin=-1, vmax=1, cmap="BrBG", interpolation="none")
    axes.locator_params(nbins=6, integer=True)
    axes.set_xlabel("phase before the switch")
    return image


def _draw_categories(axes: Axes, rows: pd.DataFrame) -> None:
    """Every seed's mean cosine by category, over the range of shuffles."""
    width = 0.8 / len(_PARTS)
    # A pair of runs counts for both of its seeds.
    pairs = rows[rows["category"] == "other"]
    mirrored = pairs.assign(seed=pairs["other_seed"], other_seed=pairs["seed"])
    rows = pd.concat([rows, mirrored], ignore_index=True)
    for number, (part, (_, colour, marker)) in enumerate(_PARTS.items()):
        shift = (number - (len(_PARTS) - 1) / 2) * width
        for place, category in enumerate(_CATEGORIES):
            found = rows[(rows["part"] == part) & (rows["category"] == category)]
            if found.empty:
                continue
            low, high = found["null_low"].min(), found["null_high"].max()
            axes.barh(place + shift, high - low, 0.9 * width, left=low, color="0.8", zorder=1.6)
            values = found.groupby("seed", sort=False)["cosine"].mean()
            interval = over_pairs(found["seed"], found["other_seed"], found["cosine"]) if category == "other" else None
            seed_marks(axes, place + shift, values, colour, marker, width=0.9 * width, upright=False, interval=interval)
    axes.plot([_SHARED, _SHARED], [-0.45, 0.45], **_SHARED_LINE, zorder=1.5)
    axes.axvline(0, color="0.35", linewidth=0.8, zorder=1.4)
    axes.set_yticks(range(len(_CATEGORIES)), list(_CATEGORIES.values()))
    axes.set_ylim(len(_CATEGORIES) - 0.5, -0.5)
    axes.set_xlim(min(-0.35, rows["cosine"].min() - 0.05), 1)
    axes.tick_params(axis="y", length=0)
    axes.grid(axis="x", color="0.9", linewidth=0.6)
    axes.set_axisbelow(True)
    axes.set_xlabel("cosine")


def draw(tables: dict[str, pd.DataFrame], config: dict) -> Figure:
    """Draw for each arm the cosines of every two switches, and the late ones' by what the two have in common.

    Late are switches from the first phase of the configuration's pairs on.
    """
    within, between = tables["directions"], tables["directions_between_runs"]
    if within.empty:
        raise StudyError("the directions table is empty, as a run of two phases has one switch; train more rollouts")
    first = min(phase for pair in config["pairs"] for phase in pair)
    late = within[within["phase"] >= first]
    late = pd.concat([late.assign(category=_category(late)), between.assign(category="other")])
    arms = list(within["arm"].unique())
    figure = Figure(figsize=(WIDTH, 1.6 + 2.4 * len(arms)))
    for part, arm in zip(np.atleast_1d(figure.subfigures(len(arms), 1)), arms, strict=True):
        run = within[within["arm"] == arm]
        part.suptitle(arm_name(arm), x=0.01, ha="left", fontsize=9)
        *matrices, categories = part.subplots(1, 3, width_ratios=[1, 1, 1.25])
        for axes, name in zip(matrices, _PARTS, strict=True):
            image = _draw_matrix(axes, run[run["part"] == name])
            axes.set_title(_PARTS[name][0])
        matrices[0].set_ylabel("phase before the switch")
        part.colorbar(image, ax=matrices, label="cosine, mean over seeds", location="bottom", shrink=0.6, aspect=40)
        _draw_categories(categories, late[late["arm"] == arm])
    entries = [
        *(mark(f"{name}: a seed", colour, marker) for name, colour, marker in _PARTS.values()),
        interval_entry(),
        Patch(color="0.8", label="range of cosines with shuffled differences"),
        Line2D([], [], **_SHARED_LINE, label="unrelated checkpoints, one shared"),
    ]
    claim(figure, "Whether every switch changes the weights in the same direction", entries, columns=2)
    note(
        figure,
        f"Seeds: {within['seed'].nunique()}. All differences are turned to lead one way, from blue to purple.\n"
        f"Right: switches from phase {first} on, means over them; for two runs, a seed's mean over the others, with an "
        "interval\nof a bootstrap over runs, as pairs of runs share them.",
    )
    return figure
