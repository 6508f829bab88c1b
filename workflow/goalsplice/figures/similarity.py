"""Whether every switch of the objective changes the weights in the same direction. From the similarity tables."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from goalsplice.figures.style import WIDTH, arm_name, claim, interval_entry, mark, mark_group, note, over_runs, select
from goalsplice.io.errors import StudyError

TABLES: dict[str, list[str]] = {
    "similarity_over_seeds": [
        *("arm", "part", "relation", "phase", "other_phase", "measure"),
        *("seed", "value", "mean", "low", "high", "lowest_seed", "highest_seed"),
    ],
}
"""The tables that `draw` takes, and the columns that it reads of them."""

_PARTS = {"layer1": ("layer 1", "#B35900", "^"), "actor": ("whole actor", "0.25", "o")}
_CATEGORIES = {
    "next switch": "one run, next switch\n(shares a checkpoint)",
    "opposite ways": "one run, switches\nopposite ways",
    "same way": "one run, switches\nthe same way",
    "other run": "two runs,\nsame switch",
}
"""Words of the table's column `relation`, in the order of their rows."""

_SHARED = 0.5
"""Cosine of two neighbouring differences of unrelated networks: (a - b) and (c - b), of one sign, share b."""

_SHARED_LINE = {"color": "black", "linestyle": (0, (2, 1)), "linewidth": 1.1}


def _draw_matrix(axes: Axes, rows: pd.DataFrame) -> AxesImage:
    """Mean cosine over seeds of every two switches."""
    rows = over_runs(rows).astype({"phase": int, "other_phase": int})
    count = rows["other_phase"].max() + 1
    matrix = np.full((count, count), np.nan)
    for phase, other, cosine in rows[["phase", "other_phase", "mean"]].itertuples(index=False, name=None):
        matrix[phase, other] = matrix[other, phase] = cosine
    axes.set_facecolor("0.6")
    image = axes.imshow(matrix, vmin=-1, vmax=1, cmap="BrBG", interpolation="none")
    axes.locator_params(nbins=6, integer=True)
    axes.set_xlabel("phase before the switch")
    return image


def _draw_categories(axes: Axes, rows: pd.DataFrame) -> None:
    """Every seed's mean cosine by category, over the range of permutations."""
    width = 0.8 / len(_PARTS)
    for number, (part, (_, colour, marker)) in enumerate(_PARTS.items()):
        shift = (number - (len(_PARTS) - 1) / 2) * width
        for place, category in enumerate(_CATEGORIES):
            found = select(rows, part=part, relation=category)
            if found.empty:
                continue
            null = over_runs(found).set_index("measure")
            low, high = null.loc["null_low", "lowest_seed"], null.loc["null_high", "highest_seed"]
            axes.barh(place + shift, high - low, 0.9 * width, left=low, color="0.8", zorder=1.6)
            cosines = select(found, measure="cosine")
            mark_group(axes, place + shift, cosines, colour, marker, width=0.9 * width, upright=False)
    axes.plot([_SHARED, _SHARED], [-0.45, 0.45], **_SHARED_LINE, zorder=1.5)
    axes.axvline(0, color="0.35", linewidth=0.8, zorder=1.4)
    axes.set_yticks(range(len(_CATEGORIES)), list(_CATEGORIES.values()))
    axes.set_ylim(len(_CATEGORIES) - 0.5, -0.5)
    axes.set_xlim(min(-0.35, rows["value"].min() - 0.05), 1)
    axes.tick_params(axis="y", length=0)
    axes.grid(axis="x", color="0.9", linewidth=0.6)
    axes.set_axisbelow(True)
    axes.set_xlabel("cosine")


def draw(tables: dict[str, pd.DataFrame], config: dict) -> Figure:
    """Draw for each arm the cosines of every two switches, and the late ones' by what the two have in common.

    Late are switches from the first phase of the configuration's pairs on.
    """
    rows = tables["similarity_over_seeds"]
    every_two, late = rows[rows["phase"].notna()], select(rows, phase=None)
    if every_two.empty:
        raise StudyError("the similarity table is empty, as a run of two phases has one switch; train more rollouts")
    first = min(phase for pair in config["pairs"] for phase in pair)
    arms = list(every_two["arm"].unique())
    figure = Figure(figsize=(WIDTH, 1.6 + 2.4 * len(arms)))
    for part, arm in zip(np.atleast_1d(figure.subfigures(len(arms), 1)), arms, strict=True):
        run = select(every_two, arm=arm)
        part.suptitle(arm_name(arm), x=0.01, ha="left", fontsize=9)
        *matrices, categories = part.subplots(1, 3, width_ratios=[1, 1, 1.25])
        for axes, name in zip(matrices, _PARTS, strict=True):
            image = _draw_matrix(axes, select(run, part=name))
            axes.set_title(_PARTS[name][0])
        matrices[0].set_ylabel("phase before the switch")
        part.colorbar(image, ax=matrices, label="cosine, mean over seeds", location="bottom", shrink=0.6, aspect=40)
        _draw_categories(categories, select(late, arm=arm))
    entries = [
        *(mark(f"{name}: a seed", colour, marker) for name, colour, marker in _PARTS.values()),
        interval_entry(),
        Patch(color="0.8", label="range of cosines with permuted differences"),
        Line2D([], [], **_SHARED_LINE, label="unrelated checkpoints, one shared"),
    ]
    claim(figure, "Whether every switch changes the weights in the same direction", entries, columns=2)
    note(
        figure,
        f"Seeds: {every_two['seed'].nunique()}. Differences have the sign that leads to the second objective.\n"
        f"Right: switches from phase {first} on, means over them; for two runs, a seed's mean over the others, with an "
        "interval\nof a bootstrap over runs, as pairs of runs share them.",
    )
    return figure
