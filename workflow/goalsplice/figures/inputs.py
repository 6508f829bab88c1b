"""Which inputs' weights in layer 1 carry the choice: splices of its columns by meaning. From the recoveries tables."""

import re

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from goalsplice.figures.recoveries import (
    COMPLEMENT,
    CONTROLS,
    EFFECTS,
    ENVELOPE,
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
from goalsplice.figures.style import MIDDLE, WIDTH, arm_name, claim, mark, note, select, spread
from goalsplice.settings.labels import EXCHANGE, NO_CONTROL, TRAINED_COLOURS

TABLES: dict[str, list[str]] = {"recoveries": RECOVERIES, "edit_effects": EFFECTS}
"""The tables that `draw` takes, and the columns that it reads of them."""

_OWN = "own, exchanged"
_IS_EXCHANGE = re.compile(r"own (.+) exchanged")
"""Edits that exchange two of the recipient's own colours. All but `EXCHANGE` are its references."""

_SECTIONS = {
    "colours": ("red", "green", "blue", "purple", "yellow", "grey", TRAINED_COLOURS, "all colours"),
    "kinds": ("empty", "wall", "key", "ball", "all kinds"),
    "channels": ("kind", "colour", "state"),
    "places": (),
    _OWN: (EXCHANGE,),
}
"""Groups by what they are of; those that no section names are places in the view."""

_SHOWN = ("random_weights", OTHER_SEED)
_COMPLEMENT = Look("the whole donor but for these", "black", "D")
_HEAD = 1.3  # rows that a section's name takes


def _sections(edits: list[str]) -> dict[str, list[str]]:
    """The edits of an arm, section by section."""
    named = {edit: section for section, names in _SECTIONS.items() for edit in names}
    named |= {edit: _OWN for edit in edits if _IS_EXCHANGE.fullmatch(edit)}
    found = {section: [edit for edit in edits if named.get(edit, "places") == section] for section in _SECTIONS}
    found[_OWN].sort(key=lambda edit: edit != EXCHANGE)
    return {section: names for section, names in found.items() if names}


def _places(sections: dict[str, list[str]]) -> dict[str, float]:
    """Each edit's row, downwards, below its section's name."""
    places, place = {}, 0.0
    for names in sections.values():
        place += _HEAD
        for edit in names:
            places[edit] = place
            place += 1
    return places


def _draw_edits(axes: Axes, places: dict[str, float], by_seed: pd.DataFrame, own: pd.DataFrame) -> None:
    """Seeds and their mean on each row's upper half."""
    for edit, rows in by_seed.groupby("edit", sort=False):
        at = places[edit] - 0.16 + spread(len(rows), 0.3)
        axes.plot(rows["recovery"], at, "o", color="0.45", markersize=2.2, markeredgewidth=0, alpha=0.7)
    exchange, exchanges = own["edit"] == EXCHANGE, own["edit"].str.fullmatch(_IS_EXCHANGE)
    for rows, marker in ((own[~exchanges], "o"), (own[exchange], "s"), (own[exchanges & ~exchange], "^")):
        own_estimates(axes, [places[edit] - 0.16 for edit in rows["edit"]], rows, upright=False, marker=marker)


def _draw_controls(axes: Axes, places: dict[str, float], effects: pd.DataFrame) -> None:
    """Controls on each row's lower half: three by themselves, the others as an envelope."""
    others = select(effects, control=[name for name in CONTROLS if name not in _SHOWN]).dropna(subset="recovery")
    for edit, rows in others.groupby("edit", sort=False):
        low, high = envelope(rows)
        axes.barh(places[edit] + 0.26, high - low, left=low, height=0.34, color=ENVELOPE, linewidth=0, zorder=2)
    for name, look, settings in (
        (COMPLEMENT, _COMPLEMENT, {"markeredgewidth": 0.8, "markeredgecolor": "black", "markerfacecolor": "white"}),
        *((name, CONTROLS[name], {}) for name in _SHOWN),
    ):
        rows = select(effects, control=name)
        estimates(axes, [places[edit] + 0.26 for edit in rows["edit"]], rows, look, upright=False, **settings)


def _draw_arm(axes: Axes, by_seed: pd.DataFrame, effects: pd.DataFrame, own: pd.DataFrame) -> None:
    """All groups of one arm, a row each."""
    sections = _sections(list(own["edit"]))
    places = _places(sections)
    bound_lines(axes, upright=False)
    _draw_edits(axes, places, by_seed, own)
    _draw_controls(axes, places, effects)
    for edits in sections.values():
        axes.axhspan(places[edits[0]] - 0.5, places[edits[-1]] + 0.5, color="0.96", linewidth=0, zorder=0)
    heads = {places[edits[0]] - 1: section for section, edits in sections.items()}
    axes.set_yticks(
        [*places.values(), *heads],
        [*(_IS_EXCHANGE.sub(r"\1", edit).replace(" and ", " ↔ ") for edit in places), *heads.values()],
    )
    for label in axes.get_yticklabels()[len(places) :]:
        label.set_fontweight("bold")
    axes.tick_params(axis="y", length=0)
    axes.grid(axis="x", color="0.9", linewidth=0.6)
    axes.set_axisbelow(True)
    axes.set_xlabel("recovery of the donor's choice")


def draw(tables: dict[str, pd.DataFrame], config: dict) -> Figure:
    """Draw a panel for each arm, a row for each group of inputs."""
    by_seed, effects = (select(tables[name], family="inputs") for name in ("recoveries", "edit_effects"))
    own = own_rows(effects)
    arms = list(effects["arm"].unique())
    rows = max(max(_places(_sections(list(select(own, arm=arm)["edit"]))).values()) for arm in arms)
    figure = Figure(figsize=(max(WIDTH, 3.4 * len(arms)), 2.5 + 0.185 * rows))
    panels = figure.subplots(1, len(arms), sharex=True, squeeze=False)[0]
    for axes, arm in zip(panels, arms, strict=True):
        edits = select(by_seed, arm=arm, control=NO_CONTROL)
        _draw_arm(axes, edits, select(effects, arm=arm), select(own, arm=arm))
        axes.set_ylim(rows + 0.7, -0.2)
        axes.set_title(arm_name(arm, lines=1 if len(arms) < 3 else 2), x=0)
    shown = set(effects["control"])
    entries = [*standing_entries(own), *control_entries(shown & set(_SHOWN))]
    if COMPLEMENT in shown:
        entries.append(mark(_COMPLEMENT.label, "black", _COMPLEMENT.marker, markersize=3.4, markerfacecolor="white"))
    entries.append(envelope_entry(shown - set(_SHOWN)))
    exchanges = set(own["edit"][own["edit"].str.fullmatch(_IS_EXCHANGE)])
    if EXCHANGE in exchanges:
        entries.append(mark("no donor: own trained colours exchanged", "0.6", "s", **MIDDLE))
    if exchanges - {EXCHANGE}:
        entries.append(mark("reference: other own colours exchanged", "0.6", "^", **MIDDLE))
    claim(figure, "Which inputs' weights in layer 1 carry the choice?", entries, columns=2)
    note(figure, small_print(effects, by_seed))
    return figure
