"""Which edits of the weights make the agent fetch the new colour, beside controls. From the retargeting table."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from goalsplice.figures.retargeting_rows import (
    BOUND_COLOUR,
    CEILING,
    CONTROL_COLOUR,
    EDIT_COLOUR,
    PREREGISTERED,
    RETARGETING,
    UNEDITED,
    amount,
    bound_entries,
    bound_lines,
    is_strength,
    late,
    middle,
    on_three_colours,
    percent,
    short_name,
    small_print,
    span,
    target_of,
    together,
    wrapped,
)
from goalsplice.figures.style import (
    EDGE,
    WIDTH,
    arm_name,
    claim,
    interval_entry,
    interval_of,
    mark,
    mark_group,
    note,
    runs_of,
    select,
)
from goalsplice.settings.labels import NEW, NO_CONTROL

TABLES: dict[str, list[str]] = {
    **RETARGETING,
    "retargeting_effects": ["arm", "level_distribution", "family", "control", "p_holm"],
    "finetuning": ["towards", "rollout"],
    "finetuning_over_seeds": ["arm", "towards", "measure", "seed", "value", "low", "high"],
}
"""The tables that `draw` takes, and the columns that it reads of them."""

_TRAINED = ("finetuning", "fine-tuned")
_NO_EDIT = (UNEDITED, CEILING, _TRAINED)
_SECTIONS = {
    "no edit": _NO_EDIT,
    "preregistered: sparse": ((PREREGISTERED, "sparse"),),
    "preregistered: downstream of layer 1": ((PREREGISTERED, "downstream of layer 1"),),
    "layer 1, contrastive direction": "contrastive direction",
    "layer 1, task vectors": "task vector",
    "analogy": "analogy",
    "least squares": ("downstream", "layer 1"),
    "with a donor": ("extrapolation", "sparse graft"),
}
"""Headings, and the edits or families below each. Families that none names have a heading of their own."""

_NAMES = {
    UNEDITED: "unedited",
    CEILING: "sees the two exchanged (ceiling)",
    _TRAINED: "fine-tuned on the new colour",
    (PREREGISTERED, "sparse"): "the edit",
    (PREREGISTERED, "downstream of layer 1"): "the edit",
    ("contrastive direction", "full"): "whole direction",
    ("contrastive direction", "sparse"): "sparse, other strengths",
    ("contrastive direction", "top-k"): "top-k entries",
    ("contrastive direction", "units"): "some units",
    ("contrastive direction", "rank"): "of low rank",
    ("task vector", "mean of the run's"): "mean of the run's switches",
    ("task vector", "other run's"): "another run's switch",
    ("task vector", "other run's, units matched"): "another run's, units matched",
    ("layer 1", "least squares"): "layer 1",
    ("extrapolation", "linear"): "linear extrapolation",
    ("sparse graft", "by size"): "sparse graft, fine-tuned donor",
}
_CONTROLS = {
    "gaussian": "Gaussian, same norm",
    "permuted": "values permuted",
    "sign_flipped": "sign flipped",
    "unrelated": "made of other colours",
    "absent": "for an absent colour",
    "optimised_same_budget": "random weights, optimised",
}
"""Controls, in the order of their rows."""

_UNTUNED = ("units", "rank")

_EDIT, _CONTROL, _BOUND = (EDIT_COLOUR, "s"), (CONTROL_COLOUR, "o"), (BOUND_COLOUR, "D")
_PERCENT = "\N{NO-BREAK SPACE}%"
_HEAD = 1.25  # rows that a heading takes
_ROW = 0.165  # inches
_COLUMNS = {"dose": (4, "left"), "weights": (66, "right"), "broken": (93, "right")}
"""What is printed at the right of a panel: places in points from its edge."""


def _trained(finetuning: pd.DataFrame) -> pd.DataFrame:
    """Agents at the end of fine-tuning on the new colour, as rows of the retargeting over seeds."""
    found = select(finetuning, towards=NEW, measure=["episode_share_objective", "broken"])
    family, edit = _TRAINED
    named = found.assign(measure=found["measure"].replace({"episode_share_objective": "episode_share_target"}))
    return named.assign(family=family, edit=edit, dose=np.nan, control=NO_CONTROL)


def _shown_doses(rows: pd.DataFrame, strength: float, share: float) -> pd.DataFrame:
    """Of edits with several doses the rows of the one next to what tuning seeds chose, in each arm.

    Numbers of units and ranks were not chosen there; with several of them, such an edit is left to the other figure.
    """
    parts = []
    for (family, edit, _), mine in rows.groupby(["family", "edit", "arm"], sort=False):
        doses = mine["dose"].dropna().unique()
        if len(doses) < 2:
            parts.append(mine)
        elif edit not in _UNTUNED:
            wanted = strength if is_strength(family, edit) else share
            parts.append(mine[mine["dose"] == min(doses, key=lambda dose: abs(dose - wanted))])
    return pd.concat(parts)


def _sections(rows: pd.DataFrame) -> dict[str, list[tuple[str, str, str]]]:
    """Family, edit and control of each row of the figure, in order, below its heading."""
    found = list(rows[["family", "edit", "control"]].drop_duplicates().itertuples(index=False, name=None))
    order = [NO_CONTROL, *_CONTROLS]
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
    size, broken = (interval_of(select(row, measure=measure)).value for measure in ("weight_share", "broken"))
    changed = "" if np.isnan(size) else f"{percent(size)} %"
    texts = (
        amount(first["family"], first["edit"], first["dose"]) if first["control"] == NO_CONTROL else "",
        "" if (first["family"], first["edit"]) in _NO_EDIT else changed,
        f"{100 * broken:.0f} %",
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


def _draw_arm(axes: Axes, rows: pd.DataFrame, sections: dict[str, list], target: str, named: bool) -> None:
    """All edits of one arm for the colour `target`, a row each; `named` says whether rows are named."""
    places = _places(sections)
    bound_lines(axes, rows, upright=False)
    everyone = list(runs_of(rows)["seed"].unique())
    for (family, edit, control), at in places.items():
        row = select(rows, family=family, edit=edit, control=control)
        if row.empty:
            axes.text(0.5, at, "–", ha="center", va="center", fontsize=7, color="0.6")
            continue
        look = _BOUND if (family, edit) in _NO_EDIT else _EDIT if control == NO_CONTROL else _CONTROL
        shares = select(row, measure="episode_share_target")
        mark_group(axes, at, shares, *look, seeds=everyone, width=0.8, upright=False, edge=EDGE)
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
    axes.set_xlabel(f"share of episodes\nthat take {target}")


def _claim(rows: pd.DataFrame, target: str, width: float) -> str:
    """What the best preregistered edit does in each arm, beside the unedited agent and the strongest control."""
    said = []
    for arm, of_arm in rows.groupby("arm", sort=False):
        preregistered = select(of_arm, family=PREREGISTERED)
        shares = {
            (edit, control): middle(preregistered, PREREGISTERED, edit, control=control)
            for edit, control in preregistered[["edit", "control"]].drop_duplicates().itertuples(index=False, name=None)
        }
        own = {edit: share for (edit, control), share in shares.items() if control == NO_CONTROL}
        if not own:
            continue
        best = max(own, key=own.get)
        controls = [share for (edit, control), share in shares.items() if edit == best and control != NO_CONTROL]
        size = interval_of(select(preregistered, edit=best, control=NO_CONTROL, measure="weight_share")).value
        said.append(
            f"{short_name(arm)}: changing {percent(size)}{_PERCENT} of the weights makes it take {target} in "
            f"{100 * own[best]:.0f}{_PERCENT} of episodes (unedited: {100 * middle(of_arm, *UNEDITED):.0f}{_PERCENT}"
            + (f"; strongest control: {100 * max(controls):.0f}{_PERCENT})" if controls else ")")
        )
    return (
        "\n".join(wrapped(text, width) for text in said) or f"Which edits of the weights make the agent take {target}?"
    )


def _tests(effects: pd.DataFrame) -> str:
    """What the table says of the preregistered edits against their controls; "" where there are none."""
    tested = on_three_colours(select(effects, family=PREREGISTERED)).dropna(subset="p_holm")
    if tested.empty:
        return ""
    said = [
        f"{rows['p_holm'].max():.2g} in {arm} ({len(rows)} tests)" for arm, rows in tested.groupby("arm", sort=False)
    ]
    return (
        "Preregistered edits against each of their controls, exact paired one-sided tests over seeds, after Holm's "
        f"correction: the largest p is {', '.join(said)}."
    )


def draw(tables: dict[str, pd.DataFrame], config: dict) -> Figure:
    """Draw a panel for each arm: a row for each edit, and for each control of the preregistered ones."""
    late_rows, tuned = late(on_three_colours(tables["retargeting"])), config["retargeting"]
    edits = together(on_three_colours(tables["retargeting_over_seeds"]))
    more, trained = _trained(tables["finetuning_over_seeds"]), select(tables["finetuning"], towards=NEW)
    rows = _shown_doses(pd.concat([edits, more]) if len(more) else edits, tuned["strength"], tuned["weight_share"])
    sections = _sections(rows)
    arms = list(edits["arm"].unique())
    last = max(_places(sections).values())
    width = max(WIDTH, 2.1 + 3.2 * len(arms))
    letters = int(16.5 * width)
    target = target_of(late_rows)
    text = _claim(rows, target, width)
    figure = Figure(figsize=(width, 2.7 + 0.16 * text.count("\n") + _ROW * last))
    panels = figure.subplots(1, len(arms), squeeze=False)[0]
    for axes, arm in zip(panels, arms, strict=True):
        _draw_arm(axes, select(rows, arm=arm), sections, target, named=arm == arms[0])
        axes.set_title(arm_name(arm, lines=2), x=0, pad=12)
    entries = [
        mark("edit: a seed", *_EDIT, **EDGE),
        mark("its control: a seed", *_CONTROL, **EDGE),
        mark("no edit of the weights: a seed", *_BOUND, markersize=3.5),
        interval_entry(),
        *bound_entries(floor=False),
    ]
    claim(figure, text, entries, columns=2)
    phases = span(late_rows["phase"])
    finetuned = f" Fine-tuned: {trained['rollout'].max()} rollouts." if len(more) else ""
    said = (
        f"A seed's point is its mean over phases {phases} and draws. Of several doses the one next to what the tuning "
        f"seeds chose is shown (strength {tuned['strength']:g}, {percent(tuned['weight_share'])} % of the weights). "
        "Weights: share of the actor's that change; broken: episodes that crash or run out of time."
        f"{finetuned} {_tests(tables['retargeting_effects'])}"
    )
    note(figure, small_print(late_rows, said, letters))
    return figure
