"""How much must be spliced: recovery against single weights, hidden units and rank. From the recoveries tables."""

from typing import NamedTuple

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from goalsplice.figures.recoveries import (
    COMPLEMENT,
    CONTROLS,
    EFFECTS,
    ENVELOPE,
    LARGER_BUDGET,
    OTHER_SEED,
    RECOVERIES,
    Look,
    bound_lines,
    control_entries,
    envelope,
    envelope_entry,
    estimates,
    own_estimates,
    own_rows,
    small_print,
    standing_entries,
)
from goalsplice.figures.style import EDGE, MIDDLE, WIDTH, arm_name, claim, mark, note, reference_line, select
from goalsplice.settings.labels import NO_CONTROL, SUFFICIENT

TABLES: dict[str, list[str]] = {
    "recoveries": RECOVERIES,
    "edit_effects": EFFECTS,
    "smallest_edits": ["arm", "family", "edit", "dose", "size", "recovery", "low", "high"],
}
"""The tables that `draw` takes, and the columns that it reads of them."""


class _Family(NamedTuple):
    """Panels of one family of edits: for each a title and its curves, the first of which has its controls drawn."""

    doses: str
    panels: dict[str, tuple[str, ...]]
    curves: tuple[str, ...] = ()
    named_in: int = 0


_RANKINGS = ("by size", "by attribution")
_SIDES = ("incoming and outgoing", "incoming", "outgoing")
_LAYERS = ("layer1", "layer2", "layer3", "layer4")
_FAMILIES = {
    "weights": _Family("% of the actor's weights", {f"weights {name}": (name,) for name in _RANKINGS}),
    "units": _Family(
        "hidden units",
        {f"units {name}": tuple(f"{side}, {name}" for side in _SIDES) for name in _RANKINGS},
        ("in and out", "in", "out"),
    ),
    "rank": _Family(
        "rank of the difference",
        {"rank, all layers": ("all layers",), "rank, one layer": _LAYERS},
        tuple(layer.replace("layer", "layer ") for layer in _LAYERS),
        1,
    ),
}
"""`curves` are their names, given in the panel number `named_in`."""

_BANDS = ("random_weights", "optimised_same_budget")
_SHOWN = (*_BANDS, LARGER_BUDGET)
_CURVES = (("black", "o"), ("0.35", "^"), ("0.5", "v"), ("0.65", "s"))
_OPEN = {"markersize": 5.5, "markerfacecolor": "white", "markeredgewidth": 1.2}
_COMPLEMENT = Look("the whole donor but for these", "black", ",")
_APART = 0.13  # of the way between two doses, between curves


def _draw_band(axes: Axes, rows: pd.DataFrame, look: Look, style: str = "-") -> None:
    """A control's interquartile means, in a band of their intervals."""
    rows = rows.sort_values("dose")
    axes.plot(
        rows["dose"],
        rows["recovery"],
        look.marker,
        linestyle=style,
        color=look.colour,
        markersize=3,
        linewidth=1,
        **EDGE,
    )
    axes.fill_between(
        rows["dose"], rows["recovery_low"], rows["recovery_high"], color=look.colour, alpha=0.25, linewidth=0
    )


def _draw_controls(axes: Axes, effects: pd.DataFrame) -> None:
    """A curve's controls, each a band but for those that share an envelope."""
    others = select(effects, control=[name for name in CONTROLS if name not in _SHOWN]).dropna(subset="recovery")
    if len(others):
        doses, rows = zip(*others.groupby("dose"), strict=True)
        low, high = zip(*map(envelope, rows), strict=True)
        axes.fill_between(doses, low, high, color=ENVELOPE, linewidth=0, zorder=1.6)
    for name in _BANDS:
        _draw_band(axes, select(effects, control=name), CONTROLS[name])
    larger = select(effects, control=LARGER_BUDGET)
    look = CONTROLS[LARGER_BUDGET]
    estimates(axes, larger["dose"], larger, look, **_OPEN, markeredgecolor=look.colour)
    _draw_band(axes, select(effects, control=COMPLEMENT), _COMPLEMENT, "--")


def _draw_curve(axes: Axes, number: int, by_seed: pd.DataFrame, own: pd.DataFrame, step: float) -> None:
    """Every seed's recovery at each dose, and their interquartile means, joined; curves a little apart."""
    colour, marker = _CURVES[number]
    shift = step ** (_APART * number)
    axes.plot(
        by_seed["dose"] * shift, by_seed["recovery"], "o", color=colour, markersize=2, markeredgewidth=0, alpha=0.45
    )
    own = own.sort_values("dose")
    axes.plot(own["dose"] * shift, own["recovery"], color=colour, linewidth=1, zorder=2.4)
    own_estimates(axes, own["dose"] * shift, own, marker=marker)


def _draw_smallest(axes: Axes, rows: pd.DataFrame, edits: tuple[str, ...], step: float) -> str:
    """A star for the smallest sufficient dose of some curves, at its recovery where held out; what to say of it."""
    rows = select(rows, edit=list(edits)).dropna(subset="dose")
    if rows.empty:
        return "none"
    best = rows.loc[rows["dose"].idxmin()]
    at = best["dose"] * step ** (_APART * edits.index(best["edit"]))
    axes.plot([at, at], [best["low"], best["high"]], color="black", linewidth=1.1, zorder=2.5)
    axes.plot(at, best["recovery"], "*", color="white", **{**MIDDLE, "markersize": 12}, zorder=2.55)
    dose = f"{best['dose']:g}"
    says = {"weights": f"{best['size']:,.0f} weights", "units": f"{dose} units", "rank": f"rank {dose}"}
    return f"{says[best['family']]}: {best['recovery']:.2f}"


def _draw_panel(axes: Axes, tables: dict[str, pd.DataFrame], edits: tuple[str, ...]) -> str:
    """All curves of a panel, from rows of one arm and family; what to say of the star."""
    doses = sorted(tables["edit_effects"]["dose"].unique())
    step = (doses[-1] / doses[0]) ** (1 / max(1, len(doses) - 1))
    axes.set_xscale("log")
    bound_lines(axes)
    reference_line(axes, SUFFICIENT, style=":")
    own = own_rows(tables["edit_effects"])
    _draw_controls(axes, select(tables["edit_effects"], edit=edits[0]))
    for number, edit in enumerate(edits):
        by_seed = select(tables["recoveries"], edit=edit, control=NO_CONTROL)
        _draw_curve(axes, number, by_seed, select(own, edit=edit), step)
    axes.set_xlim(doses[0] / step**0.5, doses[-1] * step**0.7)
    return _draw_smallest(axes, tables["smallest_edits"], edits, step)


def _ticks(axes: Axes, family: str, doses: list[float]) -> None:
    """Whole decades of shares as percentages, counts as they are."""
    if family == "weights":
        doses = [dose for dose in (1e-4, 1e-3, 1e-2, 0.1, 1) if min(doses) <= dose <= max(doses)]
    axes.set_xticks(doses, [f"{100 * dose if family == 'weights' else dose:g}" for dose in doses])
    axes.set_xticks([], minor=True)
    axes.tick_params(axis="x", labelsize=7)


def _name_curves(axes: Axes, names: tuple[str, ...]) -> None:
    curves = [
        Line2D([], [], color=colour, marker=marker, label=label, linewidth=1, markersize=3.5)
        for (colour, marker), label in zip(_CURVES, names, strict=False)
    ]
    # Below 0, where next to nothing is drawn.
    place = {"loc": "lower center", "ncols": 2, "columnspacing": 0.8}
    axes.legend(handles=curves, fontsize=7, labelspacing=0.2, handlelength=1.4, borderaxespad=0.1, **place)


def _draw_family(panels: np.ndarray, tables: dict[str, pd.DataFrame], name: str, named: bool) -> None:
    """One family's panels of one arm, from its rows; `named` says whether curves are named in one of them."""
    family = _FAMILIES[name]
    tables = {table: select(rows, family=name) for table, rows in tables.items()}
    for number, (axes, (title, edits)) in enumerate(zip(panels, family.panels.items(), strict=True)):
        found = _draw_panel(axes, tables, edits)
        axes.set_title(f"{title}\n☆ {found}", fontsize=8.5)
        axes.grid(axis="y", color="0.9", linewidth=0.6)
        axes.set_axisbelow(True)
        axes.set_xlabel(family.doses, fontsize=8)
        _ticks(axes, name, sorted(tables["edit_effects"]["dose"].unique()))
        if named and family.curves and number == family.named_in:
            _name_curves(axes, family.curves)
    panels[0].set_ylabel("recovery")


def draw(tables: dict[str, pd.DataFrame], config: dict) -> Figure:
    """Draw two columns for each arm and a row for each family."""
    tables = {name: select(rows, family=list(_FAMILIES)) for name, rows in tables.items()}
    # In these families, other seeds' donors are spliced whole only, of which the path says more.
    effects = tables["edit_effects"]
    tables["edit_effects"] = effects = effects[effects["control"] != OTHER_SEED]
    arms = list(effects["arm"].unique())
    seen = pd.concat([tables["recoveries"]["recovery"], effects["recovery_low"], effects["recovery_high"]])
    limits = min(0, seen.min()) - 0.08, max(1, seen.max()) + 0.08
    figure = Figure(figsize=(max(WIDTH, 3.6 * len(arms)), 8))
    for part, arm in zip(figure.subfigures(1, len(arms), squeeze=False)[0], arms, strict=True):
        of_arm = {name: select(rows, arm=arm) for name, rows in tables.items()}
        for panels, name in zip(part.subplots(len(_FAMILIES), 2, sharey=True), _FAMILIES, strict=True):
            _draw_family(panels, of_arm, name, named=arm == arms[0])
            panels[0].set_ylim(limits)
        part.suptitle(arm_name(arm), x=0.02, ha="left", fontsize=9)
    shown = set(effects["control"])
    larger = CONTROLS[LARGER_BUDGET]
    entries = [
        *standing_entries(own_rows(effects)),
        mark("smallest dose with 95 %, its recovery held out", "black", "*", markersize=9, markerfacecolor="white"),
        *control_entries(shown & set(_BANDS)),
        *([mark(larger.label, larger.colour, larger.marker, **_OPEN)] if LARGER_BUDGET in shown else []),
        Line2D([], [], color="black", linestyle="--", linewidth=1, label=_COMPLEMENT.label),
        envelope_entry(shown - set(_SHOWN)),
    ]
    claim(figure, "How many weights, hidden units or dimensions carry the choice?", entries, columns=2)
    note(figure, small_print(effects, tables["recoveries"]))
    return figure
