"""Which edits of the weights make the agent fetch yellow, beside controls. From the retargets table."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from goalsplice.analysis.statistics import exact_paired_tests, holm, interquartile_mean
from goalsplice.figures.retargeting import (
    BOUND_COLOUR,
    CEILING,
    CHOSEN,
    CONTROL_COLOUR,
    EDIT_COLOUR,
    KEY,
    RETARGETS,
    UNEDITED,
    amount,
    bound_entries,
    bound_lines,
    by_seed,
    late,
    on_three_colours,
    percent,
    short_name,
    small_print,
    span,
    wrapped,
)
from goalsplice.figures.style import EDGE, WIDTH, arm_name, claim, interval_entry, mark, note, seed_marks
from goalsplice.settings.labels import NO_CONTROL

TABLES: dict[str, list[str]] = {
    "retargets": RETARGETS,
    "continued": [
        *("arm", "seed", "phase", "objective", "layouts", "policy", "levels", "rollout"),
        *("share_yellow", "share_crash", "share_timeout"),
    ],
}
"""The tables that `draw` takes, and the columns that it reads of them."""

_TRAINED = ("continued", "trained further")
_NO_EDIT = (UNEDITED, CEILING, _TRAINED)
_SECTIONS = {
    "no edit": _NO_EDIT,
    "chosen: few weights": ((CHOSEN, "few weights"),),
    "chosen: below layer 1": ((CHOSEN, "below layer 1"),),
    "layer 1, contrast of colours": "contrast",
    "switches from colour to colour": "switch",
    "analogy": "analogy",
    "least squares": ("below", "layer 1"),
    "with a donor": ("extrapolation", "graft"),
}
"""Headings, and the edits or families below each. Families that none names have a heading of their own."""

_NAMES = {
    UNEDITED: "unedited",
    CEILING: "sees the two exchanged (ceiling)",
    _TRAINED: "trained further on yellow",
    (CHOSEN, "few weights"): "the edit",
    (CHOSEN, "below layer 1"): "the edit",
    ("contrast", "full"): "whole contrast",
    ("contrast", "few weights"): "few weights, other strengths",
    ("contrast", "largest"): "largest entries",
    ("contrast", "units"): "some units",
    ("contrast", "rank"): "of low rank",
    ("switch", "mean of the run's"): "mean of the run's switches",
    ("switch", "other run's"): "another run's switch",
    ("switch", "other run's, units matched"): "another run's, units matched",
    ("layer 1", "least squares"): "layer 1",
    ("extrapolation", "path"): "path beyond the donor",
    ("graft", "by size"): "graft of one trained on yellow",
}
_CONTROLS = {
    "noise": "noise",
    "shuffled": "shuffled",
    "turned": "sign turned",
    "unrelated": "made of other colours",
    "absent": "aimed at an absent colour",
    "equal_effort": "random places, optimised",
}
"""Controls, in the order of their rows."""

_EDIT, _CONTROL, _BOUND = (EDIT_COLOUR, "s"), (CONTROL_COLOUR, "o"), (BOUND_COLOUR, "D")
_PERCENT = "\N{NO-BREAK SPACE}%"
_HEAD = 1.25  # rows that a heading takes
_ROW = 0.165  # inches
_COLUMNS = {"dose": (4, "left"), "weights": (66, "right"), "broken": (93, "right")}
"""What is printed at the right of a panel: places in points from its edge."""


def _trained(continued: pd.DataFrame, rows: pd.DataFrame) -> pd.DataFrame:
    """Agents at the end of more training on yellow, from late checkpoints, as rows of `rows`."""
    found = on_three_colours(continued[continued["objective"] == "yellow"])
    found = found[found["rollout"] == found["rollout"].max()]
    found = found.merge(rows[["arm", "phase"]].drop_duplicates())
    family, edit = _TRAINED
    return found.assign(family=family, edit=edit, dose=np.nan, control=NO_CONTROL, draw=0, share=np.nan)


def _best_doses(seeds: pd.DataFrame) -> pd.DataFrame:
    """Of each arm's edit and control the rows of its best dose, by the interquartile mean over seeds."""
    middles = seeds.groupby(["arm", *KEY, "control"], dropna=False, sort=False)["share_yellow"]
    middles = middles.agg(lambda values: interquartile_mean(values.to_numpy())).reset_index()
    best = middles.loc[middles.groupby(["arm", "family", "edit", "control"], sort=False)["share_yellow"].idxmax()]
    return seeds.merge(best.drop(columns="share_yellow"), on=["arm", *KEY, "control"])


def _sections(rows: pd.DataFrame) -> dict[str, list[tuple[str, str, str]]]:
    """Family, edit and control of each row of the figure, in order, below its heading."""
    found = list(rows[["family", "edit", "control"]].drop_duplicates().itertuples(index=False, name=None))
    order = ["none", *_CONTROLS]
    found.sort(key=lambda row: order.index(row[2]) if row[2] in order else len(order))
    sections, left = {}, dict.fromkeys(found)
    for heading, wanted in _SECTIONS.items():
        names = (wanted,) if isinstance(wanted, str) else wanted
        mine = [row for name in names for row in left if name in (row[0], row[:2])]
        sections[heading] = mine
        left = {row: None for row in left if row not in mine}
    for row in left:
        sections.setdefault(row[0], []).append(row)
    return {heading: mine for heading, mine in sections.items() if mine}


def _places(sections: dict[str, list]) -> dict[tuple[str, str, str], float]:
    """Each row's place, downwards, below its heading."""
    places, place = {}, 0.0
    for mine in sections.values():
        place += _HEAD
        for row in mine:
            places[row] = place
            place += 1
    return places


def _name(row: tuple[str, str, str]) -> str:
    family, edit, control = row
    return _NAMES.get((family, edit), edit) if control == NO_CONTROL else f"– {_CONTROLS.get(control, control)}"


def _print(axes: Axes, at: float, row: pd.DataFrame) -> None:
    """Numbers at the right of a row."""
    first = row.iloc[0]
    changed = "" if row["share"].isna().all() else f"{percent(row['share'].mean())} %"
    texts = (
        amount(first["family"], first["edit"], first["dose"]) if first["control"] == NO_CONTROL else "",
        "" if (first["family"], first["edit"]) in _NO_EDIT else changed,
        f"{100 * row['broken'].mean():.0f} %",
    )
    for text, (place, side) in zip(texts, _COLUMNS.values(), strict=True):
        axes.annotate(
            text,
            (1, at),
            xycoords=("axes fraction", "data"),
            xytext=(place, 0),
            textcoords="offset points",
            ha=side,
            va="center",
            fontsize=6.5,
            annotation_clip=False,
        )


def _draw_arm(axes: Axes, seeds: pd.DataFrame, sections: dict[str, list], named: bool) -> None:
    """All edits of one arm, a row each; `named` says whether rows are named."""
    places = _places(sections)
    bound_lines(axes, seeds, upright=False)
    everyone = list(seeds["seed"].unique())
    for (family, edit, control), at in places.items():
        row = seeds[(seeds["family"] == family) & (seeds["edit"] == edit) & (seeds["control"] == control)]
        if row.empty:
            axes.text(0.5, at, "–", ha="center", va="center", fontsize=7, color="0.6")
            continue
        look = _BOUND if (family, edit) in _NO_EDIT else _EDIT if control == NO_CONTROL else _CONTROL
        values = row.set_index("seed")["share_yellow"].reindex(everyone)
        seed_marks(axes, at, values, *look, width=0.8, upright=False, edge=EDGE)
        _print(axes, at, row)
    for mine in sections.values():
        axes.axhspan(places[mine[0]] - 0.5, places[mine[-1]] + 0.5, color="0.96", linewidth=0, zorder=0)
    heads = {places[mine[0]] - 0.95: heading for heading, mine in sections.items()}
    labels = [*map(_name, places), *heads.values()]
    axes.set_yticks([*places.values(), *heads], labels if named else [], fontsize=7.5)
    for label in axes.get_yticklabels()[len(places) :]:
        label.set_fontweight("bold")
    for text, (place, side) in _COLUMNS.items():
        axes.annotate(
            text,
            (1, 1),
            xycoords="axes fraction",
            xytext=(place, -1),
            textcoords="offset points",
            ha=side,
            va="bottom",
            fontsize=6.5,
            color="0.25",
        )
    axes.tick_params(axis="y", length=0)
    axes.grid(axis="x", color="0.9", linewidth=0.6)
    axes.set_axisbelow(True)
    axes.set_ylim(max(places.values()) + 0.7, -0.1)
    axes.set_xlim(0, 1)
    axes.set_xticks([0, 0.25, 0.5, 0.75, 1], ["0", "", "0.5", "", "1"])
    axes.set_xlabel("share of episodes\nthat take yellow")


def _middle(seeds: pd.DataFrame) -> float:
    return float(interquartile_mean(seeds["share_yellow"].to_numpy()))


def _claim(seeds: pd.DataFrame, width: float) -> str:
    """What the best of the chosen edits brings in each arm, beside the unedited agent and the strongest control."""
    said = []
    for arm, of_arm in seeds.groupby("arm", sort=False):
        chosen = of_arm[of_arm["family"] == CHOSEN]
        own = dict(iter(chosen[chosen["control"] == NO_CONTROL].groupby("edit", sort=False)))
        if not own:
            continue
        best = max(own, key=lambda edit: _middle(own[edit]))
        controls = chosen[(chosen["edit"] == best) & (chosen["control"] != NO_CONTROL)]
        highest = max((_middle(rows) for _, rows in controls.groupby("control")), default=np.nan)
        start = of_arm[(of_arm["family"] == UNEDITED[0]) & (of_arm["edit"] == UNEDITED[1])]
        size = percent(own[best]["share"].mean())
        said.append(
            f"{short_name(arm)}: changing {size}{_PERCENT} of the weights brings yellow in "
            f"{100 * _middle(own[best]):.0f}{_PERCENT} of episodes (unedited: {100 * _middle(start):.0f}{_PERCENT}"
            + (f"; strongest control: {100 * highest:.0f}{_PERCENT})" if pd.notna(highest) else ")")
        )
    return "\n".join(wrapped(text, width) for text in said) or "Which edits of the weights bring yellow?"


def _tests(seeds: pd.DataFrame) -> str:
    """What exact tests say of the chosen edits against their controls; "" where there are none."""
    said = []
    for arm, of_arm in seeds[seeds["family"] == CHOSEN].groupby("arm", sort=False):
        wide = of_arm.pivot(index=["edit", "control"], columns="seed", values="share_yellow")
        pairs = [
            (wide.loc[edit, NO_CONTROL], values)
            for (edit, control), values in wide.iterrows()
            if control != NO_CONTROL and (edit, NO_CONTROL) in wide.index
        ]
        if pairs:
            own, others = (np.array(part, dtype=float) for part in zip(*pairs, strict=True))
            said.append(f"{holm(exact_paired_tests(own, others)).max():.2g} in {arm} ({len(pairs)} tests)")
    if not said:
        return ""
    return (
        "Chosen edits against each of their controls, exact paired one-sided tests over seeds, after Holm's "
        f"correction: the largest p is {', '.join(said)}."
    )


def draw(tables: dict[str, pd.DataFrame], config: dict) -> Figure:
    """Draw a panel for each arm: a row for each edit, and for each control of the chosen ones."""
    rows = late(on_three_colours(tables["retargets"]))
    more = _trained(tables["continued"], rows)
    doses = by_seed(pd.concat([rows, more]) if len(more) else rows)
    seeds, sections = _best_doses(doses), _sections(doses)
    arms = list(rows["arm"].unique())
    last = max(_places(sections).values())
    width = max(WIDTH, 2.1 + 3.2 * len(arms))
    letters = int(16.5 * width)
    text = _claim(seeds, width)
    figure = Figure(figsize=(width, 2.7 + 0.16 * text.count("\n") + _ROW * last))
    panels = figure.subplots(1, len(arms), squeeze=False)[0]
    for axes, arm in zip(panels, arms, strict=True):
        _draw_arm(axes, seeds[seeds["arm"] == arm], sections, named=arm == arms[0])
        axes.set_title(arm_name(arm, lines=2), x=0, pad=12)
    entries = [
        mark("edit: a seed", *_EDIT, **EDGE),
        mark("its control: a seed", *_CONTROL, **EDGE),
        mark("no edit of the weights: a seed", *_BOUND, markersize=3.5),
        interval_entry(),
        *bound_entries(floor=False),
    ]
    claim(figure, text, entries, columns=2)
    phases = span(rows["phase"])
    trained = f" Trained further: {more['rollout'].max()} rollouts." if len(more) else ""
    said = (
        f"A seed's point is its mean over phases {phases} and draws. Of several doses the best is shown, chosen on "
        f"these same episodes. Weights: share of the actor's that change; broken: episodes that crash or run out of "
        f"time.{trained} {_tests(seeds)}"
    )
    note(figure, small_print(rows, said, letters))
    return figure
