"""What the figures of edits towards yellow share: which rows they draw, how edits are called, and the small print."""

import textwrap
from collections.abc import Sequence

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from goalsplice.analysis.statistics import over_seeds
from goalsplice.figures.style import COLOURS, arm_name
from goalsplice.settings.labels import NO_CONTROL

RETARGETS = [
    *("arm", "seed", "phase", "wanted", "family", "edit", "dose", "control", "draw", "share"),
    *("layouts", "policy", "levels", "share_yellow", "share_crash", "share_timeout"),
]
"""Columns of the retargets table that these figures read."""

CHANCE = 1 / 3
"""Share of each key where an agent takes three alike, whatever their colours."""

UNEDITED, CEILING, CHOSEN = ("bounds", "none"), ("perception", "swap"), "chosen"
"""Family and edit of floor and ceiling, and the family of the edits that were fixed beforehand and have controls."""

EDIT_COLOUR, CONTROL_COLOUR, BOUND_COLOUR = COLOURS["yellow"], "0.6", "0.15"
"""The legends' words for these are in each figure; markers differ too."""

CEILING_LINE = {"color": "black", "linestyle": ":", "linewidth": 1.1, "zorder": 1.6}
CHANCE_LINE = {"color": "0.35", "linestyle": "--", "linewidth": 0.8, "zorder": 1.5}
FLOOR_LINE = {"color": "0.6", "linestyle": "-", "linewidth": 1, "zorder": 1.5}
"""How the ceiling, the colour-blind share and the unedited agent's are drawn, where they are lines."""

KEY = ["family", "edit", "dose"]
"""Columns that tell edits apart."""

_LAYOUTS, _POLICY = "three_colours", "sampling"
_EVERYWHERE = (UNEDITED[0], CEILING[0], CHOSEN)
_STRENGTHS = ("contrast", "switch", "extrapolation")


def on_three_colours(retargets: pd.DataFrame) -> pd.DataFrame:
    """The rows where all three colours lie and actions are sampled, with `broken`: crashes and episodes timed out."""
    rows = retargets[(retargets["layouts"] == _LAYOUTS) & (retargets["policy"] == _POLICY)]
    return rows.assign(broken=rows["share_crash"] + rows["share_timeout"])


def late(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows of those phases in which all edits were tried, each arm's own."""
    parts = []
    for _, of_arm in rows.groupby("arm", sort=False):
        everything = of_arm.loc[~of_arm["family"].isin(_EVERYWHERE), "phase"].unique()
        if not len(everything):
            everything = of_arm.loc[of_arm["phase"] >= (of_arm["phase"].max() + 1) / 2, "phase"].unique()
        parts.append(of_arm[of_arm["phase"].isin(everything)])
    return pd.concat(parts)


def by_seed(rows: pd.DataFrame, *more: str) -> pd.DataFrame:
    """One row a seed for each arm, edit, dose, control and `more`: means over phases, or their rest, and draws."""
    key = ["arm", *KEY, "control", *more, "seed"]
    columns = ["share_yellow", "broken", "share"]
    return rows.groupby(key, dropna=False, sort=False)[columns].mean().reset_index()


def ceiling(seeds: pd.DataFrame) -> float:
    """Interquartile mean of what the change of perception brings, from `by_seed` of one arm; NaN without one."""
    rows = seeds[(seeds["family"] == CEILING[0]) & (seeds["edit"] == CEILING[1])]
    return over_seeds(rows["share_yellow"].to_numpy()).estimate


def bound_lines(axes: Axes, seeds: pd.DataFrame, *, upright: bool = True) -> None:
    """Lines at the colour-blind share and at the ceiling of one arm; `upright` says whether shares are on y."""
    line = axes.axhline if upright else axes.axvline
    line(CHANCE, **CHANCE_LINE)
    highest = ceiling(seeds)
    if pd.notna(highest):
        line(highest, **CEILING_LINE)


def bound_entries(floor: bool) -> list[Line2D]:
    """The lines' entries in a legend, with or without the unedited agent's."""
    looks = {
        "ceiling: sees yellow and the wanted colour exchanged": CEILING_LINE,
        "1/3: whatever colour": CHANCE_LINE,
        **({"unedited": FLOOR_LINE} if floor else {}),
    }
    return [Line2D([], [], **look, label=label) for label, look in looks.items()]


def tried(rows: pd.DataFrame) -> str:
    """How many edits were tried in each arm, doses counted, in words."""
    own = rows[(rows["control"] == NO_CONTROL) & ~rows["family"].isin([UNEDITED[0], CEILING[0]])]
    counts = own.drop_duplicates(["arm", *KEY]).groupby("arm", sort=False).size()
    return ", ".join(f"{count} in {arm}" for arm, count in counts.items()) or "none"


def amount(family: str, edit: str, dose: float) -> str:
    """An edit's dose, in words; "" without one."""
    if pd.isna(dose):
        return ""
    if edit in ("units", "rank"):
        return f"{dose:g} units" if edit == "units" else f"rank {dose:g}"
    if family in _STRENGTHS and edit != "largest":
        return f"a = {dose:g}"
    return f"{percent(dose)} %"


def percent(share: float) -> str:
    """A share as a number of percent, to two digits but for whole numbers."""
    return f"{100 * share:.0f}" if share >= 0.0995 else f"{100 * share:.2g}"


def span(values: Sequence[float]) -> str:
    """The smallest and the largest of some whole numbers, once if they are equal."""
    least, most = min(values), max(values)
    return f"{least:,}" if least == most else f"{least:,} to {most:,}"


def small_print(rows: pd.DataFrame, more: str, width: int) -> str:
    """What the numbers rest on and how many edits were tried; then `more`, in lines of `width` letters."""
    seeds = rows.groupby("arm", sort=False)["seed"].nunique()
    said = seeds.max() if seeds.nunique() == 1 else ", ".join(f"{count} of {arm}" for arm, count in seeds.items())
    text = (
        f"Seeds: {said}. Levels for each network: {span(rows['levels'])}; a blue, a purple and a yellow key lie on "
        f"each. Actions are sampled. Edits tried, doses counted: {tried(rows)}. {more}"
    )
    return textwrap.fill(text.strip(), width)


def short_name(arm: str) -> str:
    """An arm's name up to the view that it has."""
    return arm_name(arm).split(",")[0]


def wrapped(text: str, width: float) -> str:
    """A claim in lines that fit into a figure of `width` inches; those after the first are indented."""
    return textwrap.fill(text, int(11 * width), subsequent_indent="    ", break_on_hyphens=False)
