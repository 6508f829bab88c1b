"""Where the weights change between neighbouring phases. From the anatomy and exchanges tables."""

import textwrap

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure
from matplotlib.lines import Line2D
from matplotlib.ticker import NullFormatter

from goalsplice.analysis.statistics import over_seeds
from goalsplice.figures.style import (
    COLOURS,
    WIDTH,
    arm_name,
    claim,
    interval_entry,
    mark,
    note,
    reference_line,
    seed_marks,
)

TABLES: dict[str, list[str]] = {
    "anatomy": [
        *("arm", "seed", "recipient_phase", "recipient_objective", "donor_objective"),
        *("grouping", "part", "view_column", "view_row", "live_weights", "share", "share_of_tensor"),
        *("effective_rank", "stable_rank", "shuffled_effective_rank", "shuffled_stable_rank"),
    ],
    "exchanges": [
        *("arm", "seed", "recipient_phase", "basis", "colour", "other_colour"),
        *("cosine_of_changes", "contrast_cosine"),
    ],
}
"""The tables that `draw` takes, and the columns that it reads of them."""

_LAYERS = {f"layer{number}.weight": str(number) for number in (1, 2, 3, 4)}
_RANKS = {"effective_rank": ("effective", "0.25", "o"), "stable_rank": ("stable", "#B35900", "^")}
_COSINES = {
    "contrast_cosine": ("the two colours' contrast, before and after", "0.25", "o"),
    "cosine_of_changes": ("the two colours' changes", "#B35900", "^"),
}
_LINE = 74  # letters of the claim that fit into a line
_EXCHANGED = -0.5
"""The cosine of a contrast before and after below which it is called exchanged: nearer to turned round than to lost."""

_AGENT = {"color": "white", "markersize": 6, "markeredgecolor": "black", "markeredgewidth": 1}


def _by_seed(rows: pd.DataFrame, by: list[str], values: list[str]) -> pd.DataFrame:
    """Means over a seed's pairs."""
    return rows.groupby([*by, "seed"], sort=False, as_index=False)[values].mean()


def _draw_controls(axes: Axes, places: list[float], values: list[float], width: float = 0.8) -> None:
    """Short lines across categories."""
    axes.hlines(
        values, np.subtract(places, width / 2), np.add(places, width / 2), color="black", linestyle=(0, (2, 1)), lw=1.1
    )


def _tidy(axes: Axes, names: list[str]) -> None:
    axes.set_xticks(range(len(names)), names)
    axes.set_xlim(-0.6, len(names) - 0.4)
    axes.tick_params(axis="x", length=0)
    axes.grid(axis="y", color="0.9", linewidth=0.6)
    axes.set_axisbelow(True)


def _draw_shares(axes: Axes, rows: pd.DataFrame) -> None:
    """Each layer's share of the squared change, and what an even change of all live weights would give."""
    tensors = rows[rows["grouping"] == "tensor"]
    names = [*_LAYERS, "biases"]
    tensors = tensors.assign(part=tensors["part"].where(tensors["part"].isin(list(_LAYERS)), "biases"))
    summed = tensors.groupby(["part", "seed", "recipient_phase"], sort=False, as_index=False)[
        ["share", "live_weights"]
    ].sum()
    seeds = _by_seed(summed, ["part"], ["share"])
    even = summed.groupby("part")["live_weights"].first()[names]
    for place, name in enumerate(names):
        seed_marks(axes, place, seeds.loc[seeds["part"] == name, "share"], "0.25", width=0.8)
    _draw_controls(axes, list(range(len(names))), list(even / even.sum()))
    _tidy(axes, [*_LAYERS.values(), "biases"])
    axes.set_ylim(0, 1)
    axes.set_xlabel("layer's weights")
    axes.set_ylabel("share of the actor's\nsquared change")


def _draw_ranks(axes: Axes, rows: pd.DataFrame) -> None:
    """Each layer's ranks, and those of the same values shuffled."""
    width = 0.8 / len(_RANKS)
    for number, (rank, (_, colour, marker)) in enumerate(_RANKS.items()):
        shift = (number - (len(_RANKS) - 1) / 2) * width
        seeds = _by_seed(rows, ["part"], [rank, f"shuffled_{rank}"])
        controls = []
        for place, name in enumerate(_LAYERS):
            found = seeds[seeds["part"] == name]
            seed_marks(axes, place + shift, found[rank], colour, marker, width=0.9 * width)
            controls.append(found[f"shuffled_{rank}"].mean())
        _draw_controls(axes, [place + shift for place in range(len(_LAYERS))], controls, 0.9 * width)
    _tidy(axes, list(_LAYERS.values()))
    axes.set_yscale("log")
    axes.set_ylim(1, max(10, axes.get_ylim()[1]))
    axes.yaxis.set_major_formatter("{x:g}")
    axes.yaxis.set_minor_formatter(NullFormatter())
    axes.set_xlabel("layer's weights")
    axes.set_ylabel("rank of the change")


def _trained(rows: pd.DataFrame, objectives: list[str]) -> pd.Series:
    """How many of a row's two colours are objectives."""
    return rows[["colour", "other_colour"]].isin(objectives).sum(axis=1)


def _draw_exchanges(axes: Axes, rows: pd.DataFrame, objectives: list[str]) -> None:
    """Cosines of `_COSINES` for the objectives' two colours, for one of them and another, and for two others.

    The contrast is the same in both bases. Changes are of the colours' own inputs where they have such.
    """
    rows = rows[rows["basis"] == ("columns" if (rows["basis"] == "columns").any() else "keys")]
    trained = _trained(rows, objectives)
    width = 0.8 / len(_COSINES)
    for number, (cosine, (_, colour, marker)) in enumerate(_COSINES.items()):
        shift = (number - (len(_COSINES) - 1) / 2) * width
        for place, count in enumerate((2, 1, 0)):
            seeds = rows[trained == count].groupby("seed", sort=False)[cosine].mean()
            seed_marks(axes, place + shift, seeds, colour, marker, width=0.9 * width)
    _tidy(axes, [",\n".join(objectives), "one and\nanother", "two\nothers"])
    axes.tick_params(axis="x", labelsize=7.5)
    axes.set_ylim(-1.03, 1.03)
    axes.set_ylabel("cosine")
    for value, name in ((1, "contrast\nkept"), (0, "unrelated"), (-1, "contrast\nexchanged")):
        reference_line(axes, value, name, style="-")


def _claim(rows: pd.DataFrame) -> str:
    """Whether a switch exchanges the objectives' colours, by the cosine of their contrast before and after."""
    seeds = rows.groupby(["arm", "seed"], sort=False)["contrast_cosine"].mean()
    middles = seeds.groupby("arm", sort=False).agg(lambda values: over_seeds(values.to_numpy()).estimate)
    exchanged = set(middles <= _EXCHANGED)
    does = "exchanges" if exchanged == {True} else "does not exchange" if exchanged == {False} else "may exchange"
    found = ", ".join(f"{arm} {middle:.2f}" for arm, middle in middles.items())
    numbers = textwrap.fill(f"(cosine of their contrast with what it was: {found})", _LINE)
    return f"A switch {does} the two colours' weights in layer 1\n{numbers}"


def _maps(rows: pd.DataFrame, objectives: list[str]) -> dict[str, tuple[np.ndarray, float]]:
    """For each panel its share of layer 1's squared change in each cell, rows by columns, and of its live weights.

    The panels divide all of layer 1's weights.
    """
    cells = rows[rows["grouping"].isin(["field_cell", "colour_cell"])]
    if "colour_cell" in set(cells["grouping"]):
        cells = cells[(cells["grouping"] == "colour_cell") | (cells["part"] != "colour")]
        groups = {name: name for name in objectives} | {"type": "types, states", "state": "types, states"}
        panel = (
            cells["part"]
            .map(groups)
            .where((cells["grouping"] == "field_cell") | cells["part"].isin(objectives), "other colours")
        )
        names = [*objectives, "other colours", "types, states"]
    else:
        panel = cells["part"].map(lambda name: f"{name}s")
        names = list(panel.unique())
    cells = cells.assign(panel=panel)
    runs = cells[["seed", "recipient_phase"]].drop_duplicates().shape[0]
    sums = cells.groupby(["panel", "view_row", "view_column"])[["share_of_tensor", "live_weights"]].sum() / runs
    whole = sums["live_weights"].sum()
    return {
        name: (
            sums.loc[name, "share_of_tensor"].unstack("view_column").to_numpy(),
            float(sums.loc[name, "live_weights"].sum() / whole),
        )
        for name in names
    }


def _draw_maps(part: SubFigure, rows: pd.DataFrame, objectives: list[str]) -> None:
    """Shares over the agent's view, which looks up."""
    found = _maps(rows, objectives)
    panels = part.subplots(1, len(found), squeeze=False)[0]
    most = 100 * max(shares.max() for shares, _ in found.values())
    for axes, (name, (shares, weights)) in zip(panels, found.items(), strict=True):
        image = axes.imshow(100 * shares, vmin=0, vmax=most, cmap="cividis", interpolation="none")
        axes.plot(
            shares.shape[1] // 2,
            shares.shape[0] - 1,
            "^",
            **_AGENT,
        )
        axes.set_title(f"{name}: {100 * shares.sum():.0f} %\n(even: {100 * weights:.0f} %)")
        axes.set_xticks([])
        axes.set_yticks([])
        axes.spines[:].set_visible(False)
    part.colorbar(image, ax=panels, label="% of layer 1's\nsquared change", shrink=0.9, pad=0.02)


def draw(tables: dict[str, pd.DataFrame], config: dict) -> Figure:
    """Draw for each arm the change by layer, its rank, the colours' cosines, and layer 1's change over the view.

    Shown are pairs of neighbouring phases from the first phase of the configuration's pairs on.
    """
    first = min(phase for pair in config["pairs"] for phase in pair)
    anatomy, exchanges = (table[table["recipient_phase"] >= first] for table in tables.values())
    arms = list(anatomy["arm"].unique())
    figure = Figure(figsize=(WIDTH, 1.7 + 3.4 * len(arms)))
    for part, arm in zip(np.atleast_1d(figure.subfigures(len(arms), 1)), arms, strict=True):
        rows, swaps = (table[table["arm"] == arm] for table in (anatomy, exchanges))
        trained = {*rows["recipient_objective"], *rows["donor_objective"]}
        objectives = sorted(trained, key=list(COLOURS).index)
        above, below = part.subfigures(2, 1, height_ratios=[1, 0.85])
        part.suptitle(arm_name(arm), x=0.01, ha="left", fontsize=9)
        shares, ranks, cosines = above.subplots(1, 3, width_ratios=[1.1, 1, 1.1])
        _draw_shares(shares, rows)
        _draw_ranks(ranks, rows)
        _draw_exchanges(cosines, swaps, objectives)
        _draw_maps(below, rows, objectives)
    entries = [
        interval_entry(),
        *(mark(f"{name} rank: a seed", colour, marker) for name, colour, marker in _RANKS.values()),
        Line2D(
            [], [], color="black", linestyle=(0, (2, 1)), label="controls: even over live weights; shuffled over them"
        ),
        *(mark(f"cosine, {name}", colour, marker) for name, colour, marker in _COSINES.values()),
        mark("the agent, which looks up", "white", "^", **{key: _AGENT[key] for key in _AGENT if key != "color"}),
    ]
    objectives = {*anatomy["recipient_objective"], *anatomy["donor_objective"]}
    claim(figure, _claim(exchanges[_trained(exchanges, list(objectives)) == 2]), entries, columns=2)
    pairs, last = anatomy["recipient_phase"].nunique(), anatomy["recipient_phase"].max() + 1
    note(
        figure,
        f"Seeds: {anatomy['seed'].nunique()}. Neighbouring phases, of which a seed's mark is the mean: {pairs} pairs, "
        f"{first} to {last}.\nLive: all but layer 1's weights of inputs that are always zero.",
    )
    return figure
