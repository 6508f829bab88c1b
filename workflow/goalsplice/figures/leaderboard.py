"""Custom edits among the study's own, ranked. From the leaderboard table and the runs behind it."""

import textwrap

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from goalsplice.figures.style import (
    CONTROL_COLOURS,
    EDGE,
    WIDTH,
    Interval,
    arm_name,
    claim,
    interval_entry,
    mark,
    note,
    seed_marks,
)

TABLES: dict[str, list[str]] = {
    "leaderboard": [
        *("arm", "family", "edit", "dose", "size", "recovery", "recovery_low", "recovery_high"),
        *("control", "control_recovery", "control_low", "control_high", "broken", "problem"),
    ],
    "leaderboard_entries": ["arm", "seed", "family", "edit", "dose", "recovery", "control_recovery"],
}
"""The tables that `draw` takes, and the columns that it reads of them."""

_CUSTOM = "custom"
# Not the colours of keys: an edit is scored in both directions.
_OWN, _STUDY, _CONTROL = ("#2A9D8F", "D"), ("#333333", "o"), (CONTROL_COLOURS["places"], "s")
_LONGEST = 37  # letters of a name that fit beside the panel
_LINE = 80  # letters of the claim that fit into a line
_COLUMNS = {"weights\nchanged": (40, "right"), "broken": (76, "right"), "strongest control": (84, "left")}
"""What is printed at the right of a panel: places in points from its edge."""


def _plain(text: str) -> str:
    """A text as Matplotlib draws it letter by letter: between two dollar signs it would look for a formula."""
    return text.replace("$", r"\$")


def _name(row: pd.Series) -> str:
    """How an edit is called beside its row."""
    if row["family"] == _CUSTOM:
        name = row["edit"]
    else:
        dose = row["dose"]
        amount = "" if pd.isna(dose) else f", {100 * dose:g} %" if row["family"] == "weights" else f", {dose:g}"
        edit = row["edit"].replace("layer", "") if row["family"] == "layers" else row["edit"]
        name = f"{row['family']}: {edit}{amount}"
    return _plain(name if len(name) <= _LONGEST else f"{name[: _LONGEST - 1]}…")


def _draw_row(axes: Axes, at: int, row: pd.Series, runs: pd.DataFrame) -> None:
    """One edit: its seeds above those of its strongest control, and numbers at the right."""
    is_own = row["family"] == _CUSTOM
    if is_own:
        axes.axhspan(at - 0.5, at + 0.5, color="#E4F2F0", linewidth=0, zorder=0)
    if pd.isna(row["recovery"]):
        why = "no score: the table says why" if row["problem"] else "recipients and donors hardly differ"
        axes.text(0.5, at, why, ha="center", va="center", fontsize=7.5, color="0.25")
        return
    colour, marker = _OWN if is_own else _STUDY
    how = {"width": 0.42, "upright": False}
    own = Interval(*row[["recovery", "recovery_low", "recovery_high"]])
    seed_marks(axes, at - 0.2, runs["recovery"], colour, marker, interval=own, **how)
    if row["control"]:
        beside = Interval(*row[["control_recovery", "control_low", "control_high"]])
        seed_marks(axes, at + 0.22, runs["control_recovery"], *_CONTROL, interval=beside, edge=EDGE, **how)
    texts = (f"{row['size']:,.0f}", f"{100 * row['broken']:.0f} %", row["control"].replace("_", " ") or "none")
    for text, (place, side) in zip(texts, _COLUMNS.values(), strict=True):
        axes.annotate(
            text,
            (1, at),
            xycoords=("axes fraction", "data"),
            xytext=(place, 0),
            textcoords="offset points",
            ha=side,
            va="center",
            fontsize=7.5,
        )


def _draw_arm(axes: Axes, board: pd.DataFrame, runs: pd.DataFrame) -> None:
    """All edits of one arm, the highest recovery first."""
    for value in (0, 1):
        axes.axvline(value, color="0.35", linestyle="--", linewidth=0.8, zorder=1.5)
    for at, (_, row) in enumerate(board.iterrows()):
        same = (runs[["family", "edit"]] == row[["family", "edit"]]).all(axis=1)
        dose = runs["dose"].isna() if pd.isna(row["dose"]) else runs["dose"] == row["dose"]
        _draw_row(axes, at, row, runs[same & dose])
    axes.set_yticks(range(len(board)), [_name(row) for _, row in board.iterrows()])
    for label, family in zip(axes.get_yticklabels(), board["family"], strict=True):
        label.set_fontweight("bold" if family == _CUSTOM else "normal")
    axes.set_ylim(len(board) - 0.4, -0.6)
    axes.tick_params(axis="y", length=0)
    axes.grid(axis="x", color="0.9", linewidth=0.6)
    axes.set_axisbelow(True)
    for text, (place, side) in _COLUMNS.items():
        axes.annotate(
            text,
            (1, 1),
            xycoords="axes fraction",
            xytext=(place, 3),
            textcoords="offset points",
            ha=side,
            va="bottom",
            fontsize=7.5,
            color="0.25",
        )


def _claim(board: pd.DataFrame) -> str:
    """Where the best custom edit is."""
    scored = board[(board["family"] == _CUSTOM) & board["recovery"].notna()]
    if scored.empty:
        return "The study's own edits, ranked; no custom edit has a score"
    best = scored.loc[scored["recovery"].idxmax()]
    ranked = board.loc[(board["arm"] == best["arm"]) & board["recovery"].notna(), "recovery"]
    place = int((ranked > best["recovery"]).sum()) + 1
    rank = f"number {place} of {len(ranked)}" + (f" in {best['arm']}" if board["arm"].nunique() > 1 else "")
    text = f"“{best['edit']}” is {rank} and recovers {100 * best['recovery']:.0f} %"
    return _plain("\n".join(textwrap.wrap(text, _LINE)))


def draw(tables: dict[str, pd.DataFrame], config: dict) -> Figure:
    """Draw a panel for each arm: a row for each edit, the highest recovery first, above its strongest control."""
    board, runs = tables["leaderboard"], tables["leaderboard_entries"]
    arms = list(board["arm"].unique())
    counts = [int((board["arm"] == arm).sum()) for arm in arms]
    figure = Figure(figsize=(WIDTH, 1.5 + 0.55 * len(arms) + 0.29 * sum(counts)))
    panels = figure.subplots(len(arms), 1, sharex=True, squeeze=False, height_ratios=counts)[:, 0]
    for axes, arm in zip(panels, arms, strict=True):
        _draw_arm(axes, board[board["arm"] == arm], runs[runs["arm"] == arm])
        axes.set_title(arm_name(arm))
    values = pd.concat([runs["recovery"], runs["control_recovery"], pd.Series([-0.05, 1.05])])
    panels[-1].set_xlim(values.min() - 0.03, values.max() + 0.03)
    panels[-1].set_xlabel("recovery: 0 is the unedited recipient, 1 the donor")
    entries = [
        mark("a custom edit: a seed", *_OWN),
        mark("an edit of the study: a seed", *_STUDY),
        mark("the edit's strongest control: a seed", *_CONTROL, **EDGE),
        interval_entry(),
    ]
    claim(figure, _claim(board), entries, columns=2)
    note(
        figure,
        f"Seeds: {runs['seed'].nunique()}. Weights changed and broken episodes (crash or out of time) are the edit's. "
        "The strongest of its controls recovers most.",
    )
    return figure
