"""Where the weights change between neighbouring phases. From the weight_changes and colour_exchanges tables."""

import textwrap

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure
from matplotlib.lines import Line2D
from matplotlib.ticker import NullFormatter

from goalsplice.figures.style import (
    COLOURS,
    WIDTH,
    arm_name,
    claim,
    interval_entry,
    interval_of,
    mark,
    mark_group,
    note,
    over_runs,
    reference_line,
    select,
)
from goalsplice.settings.labels import TRAINED_COLOURS

TABLES: dict[str, list[str]] = {
    "weight_changes": ["recipient_phase", "recipient_objective", "donor_objective"],
    "weight_changes_over_seeds": [
        *("arm", "grouping", "part", "view_column", "view_row", "measure", "seed", "value", "mean", "low", "high"),
    ],
    "colour_exchanges_over_seeds": ["arm", "basis", "colours", "measure", "seed", "value", "low", "high"],
}
"""The tables that `draw` takes, and the columns that it reads of them."""

_LAYERS = {f"layer{number}.weight": str(number) for number in (1, 2, 3, 4)}
_RANKS = {"effective_rank": ("effective", "0.25", "o"), "stable_rank": ("stable", "#B35900", "^")}
_COSINES = {
    "contrast_cosine": ("the two colours' contrast, before and after", "0.25", "o"),
    "cosine_of_changes": ("the two colours' changes", "#B35900", "^"),
}
_COLOURS = (TRAINED_COLOURS, "one of them and another", "two others")
_LINE = 74  # letters of the claim that fit into a line
_EXCHANGED = -0.5
"""The cosine of a contrast before and after below which it is called exchanged: nearer to reversed than to lost."""

_AGENT = {"color": "white", "markersize": 6, "markeredgecolor": "black", "markeredgewidth": 1}


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
    """Each layer's share of the squared change, and what an even change of all active weights would give."""
    names = [*_LAYERS, "biases"]
    for place, name in enumerate(names):
        mark_group(axes, place, select(rows, part=name, measure="variance_share"), "0.25", width=0.8)
    even = [interval_of(select(rows, part=name, measure="even_variance_share")).value for name in names]
    _draw_controls(axes, list(range(len(names))), even)
    _tidy(axes, [*_LAYERS.values(), "biases"])
    axes.set_ylim(0, 1)
    axes.set_xlabel("layer's weights")
    axes.set_ylabel("share of the actor's\nsquared change")


def _draw_ranks(axes: Axes, rows: pd.DataFrame) -> None:
    """Each layer's ranks, and those of the same values permuted."""
    width = 0.8 / len(_RANKS)
    for number, (rank, (_, colour, marker)) in enumerate(_RANKS.items()):
        shift = (number - (len(_RANKS) - 1) / 2) * width
        controls = []
        for place, name in enumerate(_LAYERS):
            found = select(rows, part=name)
            mark_group(axes, place + shift, select(found, measure=rank), colour, marker, width=0.9 * width)
            controls.append(interval_of(select(found, measure=f"permuted_{rank}")).value)
        _draw_controls(axes, [place + shift for place in range(len(_LAYERS))], controls, 0.9 * width)
    _tidy(axes, list(_LAYERS.values()))
    axes.set_yscale("log")
    axes.set_ylim(1, max(10, axes.get_ylim()[1]))
    axes.yaxis.set_major_formatter("{x:g}")
    axes.yaxis.set_minor_formatter(NullFormatter())
    axes.set_xlabel("layer's weights")
    axes.set_ylabel("rank of the change")


def _draw_exchanges(axes: Axes, rows: pd.DataFrame, objectives: list[str]) -> None:
    """Cosines of `_COSINES` for the objectives' two colours, for one of them and another, and for two others.

    The contrast is the same in both bases. Changes are of the colours' own inputs where they have such.
    """
    rows = rows[rows["basis"] == ("columns" if (rows["basis"] == "columns").any() else "keys")]
    width = 0.8 / len(_COSINES)
    for number, (cosine, (_, colour, marker)) in enumerate(_COSINES.items()):
        shift = (number - (len(_COSINES) - 1) / 2) * width
        for place, colours in enumerate(_COLOURS):
            found = select(rows, colours=colours, measure=cosine)
            mark_group(axes, place + shift, found, colour, marker, width=0.9 * width)
    _tidy(axes, [",\n".join(objectives), "one and\nanother", "two\nothers"])
    axes.tick_params(axis="x", labelsize=7.5)
    axes.set_ylim(-1.03, 1.03)
    axes.set_ylabel("cosine")
    for value, name in ((1, "contrast\nkept"), (0, "unrelated"), (-1, "contrast\nexchanged")):
        reference_line(axes, value, name, style="-")


def _claim(rows: pd.DataFrame) -> str:
    """Whether a switch exchanges the objectives' colours, by the cosine of their contrast before and after."""
    middles = over_runs(rows).drop_duplicates("arm").set_index("arm")["value"]
    exchanged = set(middles <= _EXCHANGED)
    does = "exchanges" if exchanged == {True} else "does not exchange" if exchanged == {False} else "may exchange"
    found = ", ".join(f"{arm} {middle:.2f}" for arm, middle in middles.items())
    numbers = textwrap.fill(f"(cosine of their contrast with what it was: {found})", _LINE)
    return f"A switch {does} the two colours' weights in layer 1\n{numbers}"


def _maps(rows: pd.DataFrame, objectives: list[str]) -> dict[str, tuple[np.ndarray, float, float]]:
    """For each panel its mean share of layer 1's squared change in each cell, rows by columns, in all, and if even.

    The panels divide all of layer 1's weights.
    """
    rows = over_runs(rows)
    shares, even = (select(rows, measure=measure) for measure in ("tensor_variance_share", "even_variance_share"))
    order = [*objectives, "other colours"]
    names = sorted(rows["part"].unique(), key=lambda name: [*order, name].index(name))
    found = {}
    for name in names:
        cells = select(shares, part=name).dropna(subset="view_row")
        cells = cells.pivot(index="view_row", columns="view_column", values="mean").to_numpy()
        whole, whole_if_even = (select(table, part=name, view_row=None)["mean"].iloc[0] for table in (shares, even))
        found[name] = cells, whole, whole_if_even
    return found


def _draw_maps(part: SubFigure, rows: pd.DataFrame, objectives: list[str]) -> None:
    """Shares over the agent's view, which looks up."""
    found = _maps(rows, objectives)
    panels = part.subplots(1, len(found), squeeze=False)[0]
    most = 100 * max(shares.max() for shares, *_ in found.values())
    for axes, (name, (shares, whole, even)) in zip(panels, found.items(), strict=True):
        image = axes.imshow(100 * shares, vmin=0, vmax=most, cmap="cividis", interpolation="none")
        axes.plot(
            shares.shape[1] // 2,
            shares.shape[0] - 1,
            "^",
            **_AGENT,
        )
        axes.set_title(f"{name}\n{100 * whole:.0f} %, even {100 * even:.0f} %")
        axes.set_xticks([])
        axes.set_yticks([])
        axes.spines[:].set_visible(False)
    part.colorbar(image, ax=panels, label="% of layer 1's\nsquared change", shrink=0.9, pad=0.02)


def draw(tables: dict[str, pd.DataFrame], config: dict) -> Figure:
    """Draw for each arm the change by layer, its rank, the colours' cosines, and layer 1's change over the view.

    Shown are pairs of neighbouring phases from the first phase of the configuration's pairs on.
    """
    first = min(phase for pair in config["pairs"] for phase in pair)
    pairs = tables["weight_changes"]
    pairs = pairs[pairs["recipient_phase"] >= first]
    weight_changes, exchanges = tables["weight_changes_over_seeds"], tables["colour_exchanges_over_seeds"]
    trained = {*pairs["recipient_objective"], *pairs["donor_objective"]}
    objectives = [colour for colour in COLOURS if colour in trained]
    arms = list(weight_changes["arm"].unique())
    figure = Figure(figsize=(WIDTH, 1.7 + 3.4 * len(arms)))
    for part, arm in zip(np.atleast_1d(figure.subfigures(len(arms), 1)), arms, strict=True):
        rows, swaps = (select(table, arm=arm) for table in (weight_changes, exchanges))
        layers = select(rows, grouping="layer")
        above, below = part.subfigures(2, 1, height_ratios=[1, 0.85])
        part.suptitle(arm_name(arm), x=0.01, ha="left", fontsize=9)
        shares, ranks, cosines = above.subplots(1, 3, width_ratios=[1.1, 1, 1.1])
        _draw_shares(shares, layers)
        _draw_ranks(ranks, layers)
        _draw_exchanges(cosines, swaps, objectives)
        _draw_maps(below, select(rows, grouping="view"), objectives)
    entries = [
        interval_entry(),
        *(mark(f"{name} rank: a seed", colour, marker) for name, colour, marker in _RANKS.values()),
        Line2D(
            [], [], color="black", linestyle=(0, (2, 1)), label="controls: even over active weights; permuted over them"
        ),
        *(mark(f"cosine, {name}", colour, marker) for name, colour, marker in _COSINES.values()),
        mark("the agent, which looks up", "white", "^", **{key: _AGENT[key] for key in _AGENT if key != "color"}),
    ]
    of_both = select(exchanges, colours=_COLOURS[0], measure="contrast_cosine")
    claim(figure, _claim(of_both), entries, columns=2)
    count, last = pairs["recipient_phase"].nunique(), pairs["recipient_phase"].max() + 1
    note(
        figure,
        f"Seeds: {weight_changes['seed'].nunique()}. A seed's mark is the mean of {count} pairs of neighbouring "
        f"phases, {first} to {last}.\nActive weights: all but layer 1's weights of inputs that are always zero.",
    )
    return figure
