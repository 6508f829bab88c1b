"""What figures of edits for the new colour share: which rows they draw, how edits are called, and the small print."""

import textwrap

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from goalsplice.figures.style import arm_name, interval_of, select, span
from goalsplice.settings.labels import NO_CONTROL

RETARGETING: dict[str, list[str]] = {
    "retargeting": [
        *("arm", "seed", "phase", "family", "edit", "dose", "control", "level_distribution", "levels", "target"),
    ],
    "retargeting_over_seeds": [
        *("arm", "level_distribution", "family", "edit", "dose", "control", "phase", "wanted"),
        *("measure", "seed", "value", "low", "high"),
    ],
}
"""The tables that these figures read, and the columns of them: of the first only what the small print says."""

CHANCE = 1 / 3
"""Share of each key where an agent takes three alike, whatever their colours."""

UNEDITED, CEILING, PREREGISTERED = ("bounds", "unedited"), ("perception", "swap"), "preregistered"
"""Family and edit of floor and ceiling, and the family of the edits that were fixed beforehand and have controls."""

EDIT_COLOUR, CONTROL_COLOUR, BOUND_COLOUR = "#E6A700", "0.6", "0.15"
"""The legends' words for these are in each figure; markers differ too."""

CEILING_LINE = {"color": "black", "linestyle": ":", "linewidth": 1.1, "zorder": 1.6}
CHANCE_LINE = {"color": "0.35", "linestyle": "--", "linewidth": 0.8, "zorder": 1.5}
FLOOR_LINE = {"color": "0.6", "linestyle": "-", "linewidth": 1, "zorder": 1.5}
"""How the ceiling, the colour-blind share and the unedited agent's are drawn, where they are lines."""

KEY = ["family", "edit", "dose"]
"""Columns that tell edits apart."""

_LEVEL_DISTRIBUTION = "three_colours"
_EVERYWHERE = (UNEDITED[0], CEILING[0], PREREGISTERED)
_STRENGTHS = ("contrastive direction", "task vector", "extrapolation")


def on_three_colours(table: pd.DataFrame) -> pd.DataFrame:
    """The rows where all three colours lie."""
    return select(table, level_distribution=_LEVEL_DISTRIBUTION)


def together(rows: pd.DataFrame) -> pd.DataFrame:
    """Of the table over seeds the rows of late phases together."""
    return select(rows, phase=None)


def late(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows of those phases in which all edits were tried, each arm's own; for the small print."""
    parts = []
    for _, of_arm in rows.groupby("arm", sort=False):
        everything = of_arm.loc[~of_arm["family"].isin(_EVERYWHERE), "phase"].unique()
        if not len(everything):
            everything = of_arm.loc[of_arm["phase"] >= (of_arm["phase"].max() + 1) / 2, "phase"].unique()
        parts.append(of_arm[of_arm["phase"].isin(everything)])
    return pd.concat(parts)


def middle(rows: pd.DataFrame, family: str, edit: str, **more) -> float:
    """Interquartile mean of an edit's share of episodes with the new colour, of one arm; NaN without any."""
    return interval_of(select(rows, family=family, edit=edit, measure="episode_share_target", **more)).value


def bound_lines(axes: Axes, rows: pd.DataFrame, *, upright: bool = True) -> None:
    """Lines at the colour-blind share and at the ceiling of one arm; `upright` says whether shares are on y."""
    line = axes.axhline if upright else axes.axvline
    line(CHANCE, **CHANCE_LINE)
    highest = middle(rows, *CEILING)
    if pd.notna(highest):
        line(highest, **CEILING_LINE)


def bound_entries(floor: bool) -> list[Line2D]:
    """The lines' entries in a legend, with or without the unedited agent's."""
    looks = {
        "ceiling: sees the new and the wanted colour exchanged": CEILING_LINE,
        "1/3: whatever colour": CHANCE_LINE,
        **({"unedited": FLOOR_LINE} if floor else {}),
    }
    return [Line2D([], [], **look, label=label) for label, look in looks.items()]


def target_of(rows: pd.DataFrame) -> str:
    """The new colour, from rows of the retargeting table."""
    return " or ".join(rows["target"].unique())


def tried(rows: pd.DataFrame) -> str:
    """How many edits were tried in each arm, doses counted, in words."""
    own = rows[(rows["control"] == NO_CONTROL) & ~rows["family"].isin([UNEDITED[0], CEILING[0]])]
    counts = own.drop_duplicates(["arm", *KEY]).groupby("arm", sort=False).size()
    return ", ".join(f"{count} in {arm}" for arm, count in counts.items()) or "none"


def is_strength(family: str, edit: str) -> bool:
    """Whether an edit's doses are strengths; others are shares of the weights, or numbers of units or ranks."""
    return family in _STRENGTHS and edit not in ("top-k", "units", "rank")


def amount(family: str, edit: str, dose: float) -> str:
    """An edit's dose, in words; "" without one."""
    if pd.isna(dose):
        return ""
    if edit in ("units", "rank"):
        return f"{dose:g} units" if edit == "units" else f"rank {dose:g}"
    if is_strength(family, edit):
        return f"a = {dose:g}"
    return f"{percent(dose)} %"


def percent(share: float) -> str:
    """A share as a number of percent, to two digits but for whole numbers."""
    return f"{100 * share:.0f}" if share >= 0.0995 else f"{100 * share:.2g}"


def small_print(rows: pd.DataFrame, more: str, width: int) -> str:
    """What the numbers rest on and how many edits were tried; then `more`, in lines of `width` letters."""
    seeds = rows.groupby("arm", sort=False)["seed"].nunique()
    said = seeds.max() if seeds.nunique() == 1 else ", ".join(f"{count} of {arm}" for arm, count in seeds.items())
    text = (
        f"Seeds: {said}. Levels for each network: {span(rows['levels'])}; keys of both trained colours and a "
        f"{target_of(rows)} one lie on each. Actions are sampled. Edits tried, doses counted: {tried(rows)}. {more}"
    )
    return textwrap.fill(text.strip(), width)


def short_name(arm: str) -> str:
    """An arm's name up to the view that it has."""
    return arm_name(arm).split(",")[0]


def wrapped(text: str, width: float) -> str:
    """A claim in lines that fit into a figure of `width` inches; those after the first are indented."""
    return textwrap.fill(text, int(11 * width), subsequent_indent="    ", break_on_hyphens=False)
