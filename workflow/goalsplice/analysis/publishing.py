"""The few numbers of the study that README.md shows, as CSV files beside it and as Markdown in it."""

from math import isnan, nan
from typing import NamedTuple

import pandas as pd

from goalsplice.analysis.phases import MEASURES
from goalsplice.io.errors import StudyError
from goalsplice.settings.labels import EXCHANGE, FAIR, NO_CONTROL, TRAINED_COLOURS

START, END = "<!-- results: made by `snakemake publish` -->", "<!-- end of results -->"


_DETAILS = ("recipient_objective", "source_recipient_phase", "source_run", "view_row", "phase")
"""Columns in which rows of the tables over seeds are more detailed than documents quote."""

_BOUNDS = ("floor", "ceiling", "chance")
"""Measures that others are to be read against."""


class Shown(NamedTuple):
    """An edit in a table of README.md, and how it is called there."""

    family: str
    edit: str
    dose: float
    label: str


SHOWN = (
    Shown("layers", "layer1", nan, "layer 1"),
    Shown("layers", "layer2+layer3+layer4", nan, "layers 2, 3 and 4"),
    Shown("layers", "layer1+layer2", nan, "layers 1 and 2"),
    Shown("inputs", TRAINED_COLOURS, nan, "layer 1's columns for the two trained colours"),
    Shown("inputs", EXCHANGE, nan, "no donor: its own columns of the two colours exchanged"),
    Shown("weights", "by attribution", 0.01, "1 % of the weights, by attribution"),
    Shown("weights", "by attribution", 0.03, "3 % of the weights, by attribution"),
    Shown("rank", "all layers", 4, "the rank-4 part of each layer's difference"),
    Shown("linear interpolation", "whole actor", 0.5, "half of the whole difference"),
    Shown(
        "activations",
        "steering vector after layer1",
        nan,
        "a steering vector: mean difference of activations after layer 1",
    ),
)


def effects_of(effects: pd.DataFrame, arm: str, shown: Shown) -> pd.DataFrame:
    """Rows of the edit_effects or retargeting_effects table on one edit, by control."""
    rows = effects[(effects["arm"] == arm) & (effects["family"] == shown.family) & (effects["edit"] == shown.edit)]
    return rows[rows["dose"].isna() if isnan(shown.dose) else rows["dose"] == shown.dose].set_index("control")


def strongest_control(rows: pd.DataFrame) -> pd.Series | None:
    """Of an edit's rows, that of the `FAIR` control that recovers most; None without any."""
    controls = rows[rows.index.isin(FAIR)]
    return None if controls["recovery"].isna().all() else controls.loc[controls["recovery"].idxmax()]


def _cell(estimate: float, low: float, high: float, digits: int) -> str:
    return f"{estimate:.{digits}f} [{low:.{digits}f}, {high:.{digits}f}]"


def _markdown(header: list[str], rows: list[list[str]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _edit_cells(rows: pd.DataFrame) -> list[str]:
    """Recovery of an edit and of its strongest control."""
    if NO_CONTROL not in rows.index:
        return ["", ""]
    own, control = rows.loc[NO_CONTROL], strongest_control(rows)
    words = "" if control is None else f"{control['recovery']:.2f} ({control.name.replace('_', ' ')})"
    return [_cell(own["recovery"], own["recovery_low"], own["recovery_high"], 2), words]


RETARGETED = (
    Shown("bounds", "unedited", nan, "no edit"),
    Shown("preregistered", "sparse", nan, "sparse: few weights of layer 1 (preregistered)"),
    Shown("preregistered", "downstream of layer 1", nan, "downstream of layer 1 (preregistered)"),
    Shown("contrastive direction", "full", 1.0, "the whole contrastive direction"),
    Shown("contrastive direction", "added only", 1.0, "the same, not taken from the old colour"),
    Shown("task vector", "mean of the run's", 2.0, "the mean task vector, twice"),
    Shown("task vector", "other run's, units matched", 2.5, "another run's task vector, units matched, 2.5 times"),
    Shown("perception", "swap", nan, "no edit, but the new and the wanted colour exchanged in what is seen"),
)


def _percent(row: pd.Series) -> str:
    return "{:.1f} [{:.1f}, {:.1f}]".format(
        *(100 * row[name] for name in ("episode_share_target", "episode_share_target_low", "episode_share_target_high"))
    )


def _retargeted_cells(effects: pd.DataFrame, arm: str, shown: Shown) -> list[str]:
    """The share of the new colour with an edit, in the worst run, its return, and with the strongest control."""
    rows = effects_of(effects[effects["level_distribution"] == "three_colours"], arm, shown)
    if NO_CONTROL not in rows.index:
        return []
    own, controls = rows.loc[NO_CONTROL], rows.drop(index=NO_CONTROL)
    words = ""
    if len(controls):
        most = controls.loc[controls["episode_share_target"].idxmax()]
        words = f"{100 * most['episode_share_target']:.1f} ({most.name.replace('_', ' ')})"
    worst, share = f"{100 * own['lowest']:.1f}", f"{100 * own['weight_share']:.2g}"
    return [_percent(own), worst, f"{own['return_target']:.3f}", share, words]


def retargets_text(effects: pd.DataFrame) -> str:
    """README's table of edits for the new colour.

    Args:
        effects: the retargeting_effects table.
    """
    rows = [
        [f"`{arm}`", shown.label, *cells]
        for arm in effects["arm"].unique()
        for shown in RETARGETED
        if (cells := _retargeted_cells(effects, arm, shown))
    ]
    header = ["arm", "edit", "yellow, % of episodes", "worst seed", "return", "% of weights", "strongest control, %"]
    return (
        "Yellow was never rewarded more than any other wrong key. Interquartile mean over seeds [95 % bootstrap "
        "interval] of late phases.\n\n" + _markdown(header, rows)
    )


def results_text(summary: pd.DataFrame, effects: pd.DataFrame, retargeting: pd.DataFrame) -> str:
    """The tables of README.md.

    Args:
        summary: the summary table.
        effects: the edit_effects table.
        retargeting: the retargeting_effects table.
    """
    arms = list(summary["arm"].unique())
    seeds = int(summary["seeds"].max())
    learning = []
    for measure in MEASURES:
        rows = summary[summary["measure"] == measure.name].set_index("arm")
        digits = {"return": 3, "weight_share": 3}.get(measure.unit, 1)
        cells = [
            _cell(row["interquartile_mean"], row["low"], row["high"], digits) for _, row in rows.loc[arms].iterrows()
        ]
        learning.append([measure.meaning, *cells, f"{rows['published'].iloc[0]:.{digits}f}"])
    edits = [
        [shown.label, *(cell for arm in arms for cell in _edit_cells(effects_of(effects, arm, shown)))]
        for shown in SHOWN
    ]
    names = [f"`{arm}`" for arm in arms]
    with_controls = [cell for name in names for cell in (name, "strongest control")]
    return (
        retargets_text(retargeting)
        + f"\n\nInterquartile mean over {seeds} seeds [95 % bootstrap interval]. Recovery: 0 is the unedited agent's "
        "share of episodes with the donor's colour, 1 the donor's own.\n\n"
        + _markdown(["taken from the donor: recovery", *with_controls], edits)
        + "\n\nThe author's run is one seed.\n\n"
        + _markdown(["how it learns", *names, "the author's run"], learning)
    )


def rows_over_seeds(table: pd.DataFrame) -> pd.DataFrame:
    """The rows over seeds of a table that has single runs' too, but for bounds and those of one phase, way or cell.

    Columns that are then empty go. `value`, which is the runs' own elsewhere, is called what it is here.
    """
    rows = table[table["seed"].isna()]
    details = [name for name in _DETAILS if name in table]
    rows = rows[rows[details].isna().all(axis=1) & ~rows["measure"].isin(_BOUNDS)]
    return rows.dropna(axis=1, how="all").rename(columns={"value": "interquartile_mean"})


def with_results(page: str, text: str) -> str:
    """`page` with `text` between the marks that README.md has for it.

    Raises:
        StudyError: the marks are not there.
    """
    before, start, rest = page.partition(START)
    _, end, after = rest.partition(END)
    if not (start and end):
        raise StudyError(f"README.md lacks the marks '{START}' and '{END}'; restore them")
    return f"{before}{start}\n{text}\n{end}{after}"
