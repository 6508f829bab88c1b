"""What linear probes read after each layer: where keys are, and which one is wanted. From the probes table."""

import math
from typing import NamedTuple

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure
from matplotlib.lines import Line2D
from matplotlib.ticker import MultipleLocator

from goalsplice.figures.retargeting_rows import EDIT_COLOUR
from goalsplice.figures.style import (
    MIDDLE,
    WIDTH,
    arm_name,
    claim,
    interval_entry,
    interval_of,
    mark,
    mark_group,
    name_at_right,
    note,
    reference_line,
    select,
)

TABLES: dict[str, list[str]] = {
    "probes": ["probe", "train_phases", "test_phases"],
    "probes_over_seeds": [
        *("arm", "probe", "layer", "control", "same_objective", "same_key", "learned_wanted", "reads_wanted"),
        *("ever_wanted", "own_phases", "classes", "seed", "value", "low", "high"),
    ],
}
"""The tables that `draw` takes, and the columns that it reads of them."""


class _Line(NamedTuple):
    """One line of a panel: which rows it takes, and how it looks."""

    label: str
    rows: pd.Series
    colour: str
    marker: str
    is_control: bool = False


_WANTED, _OTHER, _SAME, _CONTROL = "#00755E", "#C8501A", "black", "0.5"


def _place_lines(rows: pd.DataFrame) -> list[_Line]:
    """Each key's place, read from the network that the probe was fitted on."""
    trained = rows["control"] == "no_control"
    ever_wanted, wanted = rows["ever_wanted"], rows["reads_wanted"]
    untrained = rows["control"] == "untrained"
    return [
        _Line("the wanted key", trained & wanted, _WANTED, "o"),
        _Line("the key that other phases want", trained & ever_wanted & ~wanted, _OTHER, "^"),
        _Line("the key that is never wanted", trained & ~ever_wanted, EDIT_COLOUR, "s"),
        _Line("control: circles and triangles, not trained", untrained & ever_wanted, _CONTROL, "D", True),
    ]


def _transfer_lines(rows: pd.DataFrame) -> list[_Line]:
    """The wanted key's place, by what the probe had learned."""
    wanted, as_wanted = rows["reads_wanted"], rows["learned_wanted"]
    true = (rows["control"] == "no_control") & wanted
    flipped, same_key, never = ~rows["same_objective"], rows["same_key"], ~rows["ever_wanted"]
    permuted = (rows["control"] == "permuted") & wanted & flipped & as_wanted
    return [
        _Line("the same key, while it was wanted", true & ~flipped & same_key, _SAME, "v"),
        _Line("the other colour's key, while that was wanted", true & flipped & as_wanted, _WANTED, "o"),
        _Line("the same key, while the other was wanted", true & flipped & same_key, _OTHER, "^"),
        _Line("the key that is never wanted", true & flipped & never, EDIT_COLOUR, "s"),
        _Line("control: circles, phases' objectives permuted", permuted, _CONTROL, "D", True),
    ]


def _colour_lines(rows: pd.DataFrame) -> list[_Line]:
    """Which colour is wanted, in phases that the probe was not fitted on."""
    other = ~rows["own_phases"]
    return [
        _Line("the wanted colour", other & (rows["control"] == "no_control"), _WANTED, "o"),
        _Line("control: phases' objectives permuted", other & (rows["control"] == "permuted"), _CONTROL, "D", True),
    ]


_PARTS = (
    ("key_place", _place_lines, "Where a key is, read from one checkpoint:", 2.5),
    ("transferred_place", _transfer_lines, "Where the wanted key is, by a probe that learned in earlier phases:", 2.7),
    (
        "place_beyond_action",
        _transfer_lines,
        "The same, less what the choice of action explains (marks as above)",
        2.05,
    ),
    ("wanted_colour", _colour_lines, "Which colour is wanted, by a probe that learned in earlier phases", 2.4),
)
"""From above: which probe, its lines, what is read, and the height in inches."""


def _draw_panel(axes: Axes, rows: pd.DataFrame, lines: list[_Line], layers: list[str]) -> None:
    """Every line of one arm: at each layer its seeds' values."""
    slot = 0.86 / len(lines)
    for number, line in enumerate(lines):
        found = rows[line.rows.loc[rows.index]]
        middles = []
        for place, layer in enumerate(layers):
            of_layer = select(found, layer=layer)
            if len(of_layer):
                at = place + (number - (len(lines) - 1) / 2) * slot
                mark_group(axes, at, of_layer, line.colour, line.marker, width=slot)
                middles.append((at + 0.35 * slot, interval_of(of_layer).value))
        if line.is_control:
            style = {"linestyle": "--", "marker": line.marker, "markerfacecolor": "white", **MIDDLE, "zorder": 2.75}
        else:
            style = {"zorder": 2.3}
        axes.plot(*zip(*middles, strict=True), color=line.colour, linewidth=0.9, **style)
    axes.set_xticks(range(len(layers)), [layer.replace("layer", "layer ") for layer in layers])
    axes.set_xlim(-0.5, len(layers) - 0.5)
    axes.tick_params(axis="x", length=0)
    axes.grid(axis="y", color="0.9", linewidth=0.6)
    axes.set_axisbelow(True)
    for place in range(0, len(layers), 2):
        axes.axvspan(place - 0.5, place + 0.5, color="0.96", linewidth=0, zorder=0)


def _draw_probe(part: SubFigure, rows: pd.DataFrame, lines: list[_Line]) -> None:
    """A panel for each arm."""
    arms, layers = list(rows["arm"].unique()), list(rows["layer"].unique())
    panels = part.subplots(1, len(arms), sharey=True, squeeze=False)[0]
    for axes, arm in zip(panels, arms, strict=True):
        run = rows[rows["arm"] == arm]
        _draw_panel(axes, run, lines, layers)
        chance = 1 / run["classes"].max()
        reference_line(axes, chance, style=":")
        axes.set_title(arm_name(arm, lines=1 if len(arms) < 3 else 2))
    # Up to a whole quarter, so that rows of panels compare at a glance.
    panels[0].set_ylim(-0.03, math.ceil(4 * rows["value"].max()) / 4 + 0.03)
    panels[0].yaxis.set_major_locator(MultipleLocator(0.25))
    name_at_right(panels[-1], chance, "chance")
    panels[0].set_ylabel("balanced accuracy")


def _entry(line: _Line) -> Line2D:
    style = {"linestyle": "--", "markerfacecolor": "white"} if line.is_control else {"linestyle": "-"}
    return mark(line.label, line.colour, line.marker, linewidth=0.9, **style)


def draw(tables: dict[str, pd.DataFrame], config: dict) -> Figure:
    """Draw a row of panels, one for each arm, for each of the four probes."""
    probes = tables["probes_over_seeds"]
    figure = Figure(figsize=(WIDTH, sum(height for *_, height in _PARTS)))
    parts = figure.subfigures(len(_PARTS), 1, height_ratios=[height for *_, height in _PARTS])
    named: list[str] = []
    for part, (probe, find, title, _) in zip(parts, _PARTS, strict=True):
        rows = probes[probes["probe"] == probe].reset_index(drop=True)
        lines = find(rows)
        _draw_probe(part, rows, lines)
        labels = [line.label for line in lines]
        entries = [] if labels == named else [_entry(line) for line in lines]
        claim(part, title, [*entries, *([] if named else [interval_entry()])], columns=2)
        named = labels
    scored = select(tables["probes"], probe="wanted_colour").iloc[0]
    note(
        parts[-1],
        f"Seeds: {probes['seed'].nunique()}. Earlier phases: {scored['train_phases'].replace('+', ', ')}; read in "
        f"{scored['test_phases'].replace('+', ', ')}, and on other levels.",
    )
    return figure
