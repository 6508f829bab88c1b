"""What the figures of edits share: how edits, seeds and controls are drawn, and what is said about their tests."""

import textwrap
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from goalsplice.figures.style import CONTROL_COLOURS, CONTROL_LINES, EDGE, MIDDLE, mark
from goalsplice.settings.labels import NO_CONTROL

EFFECTS = [
    *("arm", "family", "edit", "dose", "control", "seeds"),
    *("recovery", "recovery_low", "recovery_high", "p_holm", "tried", "worst_p_holm"),
]
RECOVERIES = ["arm", "seed", "family", "edit", "dose", "control", "recovery", "networks"]
"""Columns of the two tables that every figure of edits reads."""

COMPLEMENT, OTHER_SEED, LARGER_BUDGET = "complement", "other_seed_donor", "optimised_8x_budget"
ENVELOPE = "0.82"
_LEVEL = 0.05
_LINE = 122  # characters of small print below a figure of usual width

_PLACES, _DONOR, _VALUES, _OPTIMISED = (CONTROL_COLOURS[key] for key in ("places", "donor", "values", "optimised"))


class Look(NamedTuple):
    """How a control is named and drawn."""

    label: str
    colour: str
    marker: str

    @property
    def line(self) -> str:
        """Colour of its lines."""
        return CONTROL_LINES.get(self.colour, self.colour)


CONTROLS = {
    "random_weights": Look("donor's weights at random places", _PLACES, "s"),
    "optimised_same_budget": Look("random weights, optimised", _OPTIMISED, "D"),
    LARGER_BUDGET: Look("random weights, optimised, 8 × budget", _OPTIMISED, "p"),
    "same_goal_donor": Look("donor of the recipient's goal", _DONOR, "^"),
    "other_seed_donor": Look("donor of another seed", _DONOR, "d"),
    "untrained_donor": Look("untrained donor", _DONOR, "X"),
    "permuted": Look("change, values permuted", _VALUES, "v"),
    "gaussian": Look("Gaussian, same norm", _VALUES, "P"),
    "sign_flipped": Look("change, sign flipped", _VALUES, "<"),
}
"""Controls of equal size. Colours say what differs from the edit: its places, its donor, the values
written, or places and values, which were optimised."""

_EXEMPT = {OTHER_SEED: "another seed's donor", LARGER_BUDGET: "the larger budget"}
_DO_NOT = ("does not", "do not")
"""Controls of equal size that an edit need not beat, in words."""

FILLS = {"beats": "black", "does not": "white", "untested": "0.6"}
"""How an edit's mark is filled: does it beat every control that it has?"""


def own_rows(effects: pd.DataFrame) -> pd.DataFrame:
    """The edits' own rows, with `standing`, a key of FILLS.

    An edit beats its controls if every test against one that counts, corrected, has p < 0.05.
    """
    rows = effects[effects["control"] == NO_CONTROL]
    worst = rows["worst_p_holm"]
    standing = np.where(worst < _LEVEL, "beats", np.where(worst.isna(), "untested", "does not"))
    return rows.assign(standing=standing)


def estimates(
    axes: Axes, at: Sequence[float], rows: pd.DataFrame, look: Look, *, upright: bool = True, **settings
) -> None:
    """Marks at rows' interquartile means, on their 95 % intervals.

    Args:
        at: each row's place on the other axis than the recovery's.
        upright: whether recovery is on the y axis.
        settings: of the marks; `line` is the intervals' colour.
    """
    at, rows = np.asarray(at, dtype=float)[rows["recovery"].notna()], rows.dropna(subset="recovery")
    if rows.empty:
        return
    # One line for all intervals, broken between them by NaNs.
    spans = rows[["recovery_low", "recovery_high", "recovery"]].to_numpy(dtype=float)
    along = np.where([True, True, False], spans, np.nan).ravel()
    pair = (np.repeat(at, 3), along) if upright else (along, np.repeat(at, 3))
    axes.plot(*pair, color=settings.pop("line", look.line), linewidth=0.9, zorder=2.6, clip_on=False)
    style = {"color": look.colour, "markersize": 3.4, **EDGE, "zorder": 2.7, "clip_on": False}
    pair = (at, rows["recovery"]) if upright else (rows["recovery"], at)
    axes.plot(*pair, look.marker, **{**style, **settings})


def own_estimates(
    axes: Axes, at: Sequence[float], rows: pd.DataFrame, *, upright: bool = True, marker: str = "o"
) -> None:
    """The same for edits themselves, from `own_rows`: filled if they beat their controls."""
    at = np.asarray(at, dtype=float)
    for standing, fill in FILLS.items():
        found = (rows["standing"] == standing).to_numpy()
        estimates(axes, at[found], rows[found], Look("", fill, marker), upright=upright, line="black", **MIDDLE)


def envelope(rows: pd.DataFrame) -> tuple[float, float]:
    """From the lowest to the highest interval end of some rows, or estimate where there is no interval."""
    low = rows["recovery_low"].fillna(rows["recovery"]).min()
    return low, rows["recovery_high"].fillna(rows["recovery"]).max()


def envelope_entry(names: Iterable[str]) -> Patch:
    """The envelope's entry in a legend, with the controls that it covers."""
    labels = [look.label for name, look in CONTROLS.items() if name in set(names)]
    return Patch(color=ENVELOPE, label=textwrap.fill(f"other controls: {', '.join(labels)}", 52))


def bound_lines(axes: Axes, *, upright: bool = True) -> None:
    """Lines at the unedited recipient, 0, and the donor, 1."""
    for value in (0, 1):
        (axes.axhline if upright else axes.axvline)(value, color="0.7", linewidth=0.8, zorder=1.5)


def standing_entries(own: pd.DataFrame) -> list[Artist]:
    """Entries of a legend for seeds and for those fillings that occur."""
    labels = {
        "beats": "edit: beats all controls",
        "does not": "edit: does not beat all controls",
        "untested": "edit without such a control",
    }
    found = [
        Line2D([], [], color="black", linewidth=1.1, marker="o", markerfacecolor=FILLS[key], **MIDDLE, label=label)
        for key, label in labels.items()
        if (own["standing"] == key).any()
    ]
    return [mark("edit: a seed", "0.45", "o", markersize=2.5), *found]


def control_entries(names: Iterable[str]) -> list[Line2D]:
    """Entries of a legend for controls, in the order of CONTROLS."""
    names = set(names)
    return [mark(look.label, look.colour, look.marker, **EDGE) for name, look in CONTROLS.items() if name in names]


def small_print(effects: pd.DataFrame, by_seed: pd.DataFrame, more: str = "") -> str:
    """What the numbers rest on, how many edits were tried, and the smallest possible p; then `more`."""
    own = effects[effects["control"] == NO_CONTROL]
    tried = own.groupby(["arm", "family"], sort=False).size().groupby("family", sort=False).max()
    seeds = effects.groupby("arm", sort=False)["seeds"].max()
    said = seeds.max() if seeds.nunique() == 1 else ", ".join(f"{count} of {arm}" for arm, count in seeds.items())
    most, least = int(effects["tried"].max()), 0.5 ** int(seeds.max())
    networks = by_seed.loc[by_seed["control"] == NO_CONTROL, "networks"].max()
    counts = ", ".join(f"{count} of {family.replace('_', ' ')}" for family, count in tried.items())
    shown = [name for name in _EXEMPT if (effects["control"] == name).any()]
    exempt = f"; {' and '.join(_EXEMPT[name] for name in shown)} {_DO_NOT[len(shown) > 1]} count" if shown else ""
    text = (
        f"Seeds: {said}. Marks over seeds: interquartile mean, 95 % bootstrap interval. A seed's point is the mean "
        f"over {networks} pairs of recipient and donor. Edits tried in an arm: {counts}. Exact paired one-sided tests "
        f"over seeds: the smallest possible p is {least:.2g}; after Holm's correction for {most} edits with the same "
        f"control, {min(1, most * least):.2g}. An edit beats a control if the corrected p < {_LEVEL:g}{exempt}. {more}"
    )
    return textwrap.fill(text, _LINE)
