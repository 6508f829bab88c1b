"""Whether edits changed what the agent wants, or what it sees: what probes read. From the perception table."""

import textwrap
from typing import NamedTuple

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure
from matplotlib.lines import Line2D
from matplotlib.ticker import NullFormatter

from goalsplice.figures.retargeting_rows import CEILING, EDIT_COLOUR, PREREGISTERED, UNEDITED, short_name, wrapped
from goalsplice.figures.style import (
    WIDTH,
    arm_name,
    claim,
    interval_entry,
    mark,
    mark_group,
    note,
    over_runs,
    runs_of,
    select,
    span,
)
from goalsplice.settings.labels import FINETUNED, NEW, SWITCH

TABLES: dict[str, list[str]] = {
    "perception": ["arm", "seed", "phase", "test", "count"],
    "perception_over_seeds": [
        *("arm", "towards", "family", "edit", "test", "layer", "what", "informative", "measure"),
        *("seed", "value", "low", "high", "highest_seed"),
    ],
    "verdicts": ["arm", "towards", "family", "edit", "verdict"],
}
"""The tables that `draw` takes, and the columns that it reads of them."""

_NAMES = {
    UNEDITED: "unedited",
    CEILING: "sees the two exchanged",
    SWITCH: "trained to the other colour*",
    ("trained", "same goal"): "trained on, same goal",
    FINETUNED: "fine-tuned on the new colour",
    (PREREGISTERED, "sparse"): "sparse",
    (PREREGISTERED, "downstream of layer 1"): "downstream of layer 1",
    ("contrastive direction", "added only"): "contrast, added only",
    ("layer 1", "least squares"): "layer 1, least squares",
}
"""Networks, in the order of their rows. Others follow under their own names."""


class _Mark(NamedTuple):
    """One kind of value within a row, and how it looks."""

    what: str
    label: str
    colour: str
    marker: str


_RIGHT, _SWAPPED = "#00755E", "#C8501A"
_READ = (
    _Mark("correct", "the probe finds the key", _RIGHT, "o"),
    _Mark("swapped", "it says where the other of the two is", _SWAPPED, "^"),
)
_TAKEN = (
    _Mark("other", "after the next switch: takes its colour", "#00579B", "D"),
    _Mark("target", "after the next switch: takes the new colour", EDIT_COLOUR, "s"),
)
_KEYS = {"target": "new colour's key", "wanted": "wanted key"}
_ROW, _HEAD = 0.215, 0.62
"""Heights of a row, and of what is around the rows of a panel, in inches."""

_SAID = {
    "perception": "what it sees",
    "goal": "what it wants",
    "between": "something between",
    "inconclusive": "inconclusive",
    "no effect": "no effect",
}
"""Verdicts in the claim and at the right of rows."""


def _shown(perception: pd.DataFrame) -> pd.DataFrame:
    """Rows towards the new colour, and of what training did towards the other one."""
    switched = select(perception, family=SWITCH[0], edit=SWITCH[1])
    new = select(perception, towards=NEW)
    return pd.concat([new, switched[switched["towards"] != NEW]])


def _edits(rows: pd.DataFrame) -> list[tuple[str, str]]:
    found = list(rows[["family", "edit"]].drop_duplicates().itertuples(index=False, name=None))
    order = list(_NAMES)
    return sorted(found, key=lambda edit: order.index(edit) if edit in order else len(order))


def _draw_rows(axes: Axes, rows: pd.DataFrame, edits: list[tuple[str, str]], marks: tuple[_Mark, ...], key: str = ""):
    """A row for each edit with its seeds' values; `key` is what probes look for."""
    slot = 0.84 / len(marks)
    everyone = list(runs_of(rows)["seed"].unique())
    for place, (family, edit) in enumerate(edits):
        mine = select(rows, family=family, edit=edit)
        if mine.empty:
            axes.text(0.5, place, "–", ha="center", va="center", fontsize=7, color="0.6")
            continue
        for number, look in enumerate(marks):
            found = select(mine, what=f"{key} {look.what}".strip())
            at = place + (number - (len(marks) - 1) / 2) * slot
            for chance in over_runs(select(found, measure="chance"))["value"]:
                axes.plot([chance, chance], [at - 0.5 * slot, at + 0.5 * slot], color="0.55", linewidth=0.9, zorder=2)
            values = select(found, measure="value")
            mark_group(axes, at, values, look.colour, look.marker, seeds=everyone, width=slot, upright=False)
        if place % 2 == 0:
            axes.axhspan(place - 0.5, place + 0.5, color="0.96", linewidth=0, zorder=0)
    axes.set_ylim(len(edits) - 0.5, -0.5)
    axes.set_yticks([])
    axes.grid(axis="x", color="0.9", linewidth=0.6)
    axes.set_axisbelow(True)
    axes.set_xlim(0, 1)
    axes.set_xticks([0, 0.5, 1], ["0", "0.5", "1"])


def _name_rows(axes: Axes, edits: list[tuple[str, str]], bold: set[tuple[str, str]]) -> None:
    axes.set_yticks(range(len(edits)), [_NAMES.get(edit, edit[1]) for edit in edits], fontsize=7.5)
    for label, edit in zip(axes.get_yticklabels(), edits, strict=True):
        label.set_fontweight("bold" if edit in bold else "normal")
    axes.tick_params(axis="y", length=0)


def _draw_distances(axes: Axes, rows: pd.DataFrame, edits: list[tuple[str, str]]) -> None:
    """How far the activations of the three hidden layers are from the unedited network's, by row."""
    layers = sorted(rows["layer"].unique())
    marks = tuple(_Mark("mahalanobis", layer, f"{0.75 - 0.3 * number:.2f}", "o") for number, layer in enumerate(layers))
    slot = 0.84 / max(1, len(marks))
    for place, (family, edit) in enumerate(edits):
        mine = select(rows, family=family, edit=edit, measure="value")
        for number, look in enumerate(marks):
            at = place + (number - (len(marks) - 1) / 2) * slot
            of_layer = select(mine, layer=look.label)
            mark_group(axes, at, of_layer, look.colour, look.marker, width=slot, upright=False)
        if place % 2 == 0:
            axes.axhspan(place - 0.5, place + 0.5, color="0.96", linewidth=0, zorder=0)
    axes.set_xscale("log")
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.set_ylim(len(edits) - 0.5, -0.5)
    axes.set_yticks([])
    axes.grid(axis="x", color="0.9", linewidth=0.6)
    axes.set_axisbelow(True)


def _draw_arm(part: SubFigure, rows: pd.DataFrame, edits: list, said: dict, arm: str) -> None:
    """Of one arm: a row of panels for each key, one for each layer, and beside them what comes of a switch."""
    layers = sorted(select(rows, test="probe")["layer"].unique())
    grid = part.subplots(len(_KEYS), len(layers) + 1, squeeze=False)
    changed = over_runs(select(rows, test="change", measure="value"))
    changed = changed[changed["highest_seed"] > 0].sort_values("layer").drop_duplicates(["family", "edit"])
    first = changed.set_index(["family", "edit"])["layer"].to_dict()
    readings = rows[rows["informative"] & (rows["towards"] == NEW)]
    informative = {(layer, key.split(" ")[0]) for layer, key in zip(readings["layer"], readings["what"], strict=True)}
    for panels, (key, name) in zip(grid, _KEYS.items(), strict=True):
        for axes, layer in zip(panels, layers, strict=False):
            read = select(rows, test="probe", layer=layer)
            _draw_rows(axes, read, edits, _READ, key)
            for place, edit in enumerate(edits):
                if first.get(edit, "") > layer:
                    axes.axhspan(place - 0.5, place + 0.5, color="white", alpha=0.72, linewidth=0, zorder=3)
            is_informative = (layer, key) in informative
            axes.set_title(
                f"{layer.replace('layer', 'layer ')}{': informative' if is_informative else ''}",
                fontsize=8,
                color="black" if is_informative else "0.5",
            )
            axes.set_xlabel(f"share, {name}", fontsize=7.5)
        _name_rows(panels[0], edits, {edit for edit, verdict in said.items() if verdict in ("goal", "perception")})
    taken, far = grid[0][-1], grid[1][-1]
    _draw_rows(taken, select(rows, test="composition"), edits, _TAKEN)
    taken.set_title("with the next switch", fontsize=8)
    taken.set_xlabel("share of episodes", fontsize=7.5)
    _draw_distances(far, select(rows, test="distance"), edits)
    far.set_title("distance of activations", fontsize=8)
    far.set_xlabel("layer 1 light, 3 dark; unedited: 1", fontsize=7.5)
    for place, edit in enumerate(edits):
        taken.annotate(
            _SAID.get(said.get(edit, ""), ""),
            (1, place),
            xycoords=("axes fraction", "data"),
            xytext=(4, 0),
            textcoords="offset points",
            va="center",
            fontsize=6.5,
            annotation_clip=False,
        )
    part.suptitle(arm_name(arm), x=0.01, ha="left", fontsize=9)


def _claim(said: dict[str, dict[tuple[str, str], str]], width: float) -> str:
    """What the edits change, by arm, as the verdicts have it."""
    text = []
    for arm, of_arm in said.items():
        by_verdict: dict[str, list[str]] = {}
        for edit, verdict in of_arm.items():
            if edit[0] not in (UNEDITED[0], CEILING[0], SWITCH[0]):
                by_verdict.setdefault(_SAID[verdict], []).append(_NAMES.get(edit, edit[1]))
        parts = [f"{words}: {' / '.join(names)}" for words, names in by_verdict.items()]
        text.append(wrapped(f"{short_name(arm)} – {'; '.join(parts) or 'no edits'}", 0.92 * width))
    return "\n".join(["What do edits change?", *text])


def draw(tables: dict[str, pd.DataFrame], config: dict) -> Figure:
    """Draw for each arm a row of panels for either key, with a row in each for every network."""
    perception = tables["perception"]
    rows, found = _shown(tables["perception_over_seeds"]), select(tables["verdicts"], towards=NEW)
    arms = list(perception["arm"].unique())
    said = {
        arm: {(row.family, row.edit): row.verdict for row in found[found["arm"] == arm].itertuples(index=False)}
        for arm in arms
    }
    edits = {arm: _edits(rows[rows["arm"] == arm]) for arm in arms}
    heights = [len(_KEYS) * (_HEAD + _ROW * len(edits[arm])) + 0.3 for arm in arms]
    width = WIDTH + 1
    text = _claim(said, width)
    figure = Figure(figsize=(width, sum(heights) + 1.25 + 0.16 * text.count("\n")))
    parts = figure.subfigures(len(arms), 1, height_ratios=heights, squeeze=False)[:, 0]
    for part, arm in zip(parts, arms, strict=True):
        _draw_arm(part, select(rows, arm=arm), edits[arm], said[arm], arm)
    entries = [mark(look.label, look.colour, look.marker) for look in (*_READ, *_TAKEN)]
    chance = Line2D([], [], color="0.55", linewidth=0.9, label="chance: the same answers to other observations")
    claim(figure, text, [*entries, chance, interval_entry()], columns=2)
    seeds = perception.groupby("arm", sort=False)["seed"].nunique()
    counts = perception.groupby("test")["count"]
    scored = counts.get_group("probe")
    said_of = (
        f"Seeds: {span(seeds)}; phases {span(perception['phase'])}; a point is a seed's mean over them. Observations "
        f"with the two keys at different places: {span(scored)}; levels: {span(counts.get_group('alone'))}. Pale rows: "
        "layers before the first that is changed. Informative: probes of agents trained to another colour are still "
        "correct there. "
        "* In this row the keys are those of the run's two colours. docs/goal_or_perception.md has the verdicts' rules."
    )
    note(figure, textwrap.fill(said_of, int(16.5 * width)))
    return figure
