"""One look for all figures: settings, colours, and the marks that several figures share."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import NamedTuple

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from goalsplice.io.files import replacing
from goalsplice.io.records import mark as provenance_mark
from goalsplice.settings.labels import PUBLISHED

COLOURS = {
    "blue": "#00579B",
    "purple": "#C05EB5",
    "yellow": "#E6A700",
    "red": "#B2182B",
    "green": "#1B7837",
    "grey": "#9E9E9E",
    "other": "#7F7F7F",
    "crash": "#222222",
    "timeout": "#C8C8C8",
}
"""Colours of keys, and other outcomes. Blue and purple differ in lightness too, for those who see hues otherwise."""

MARKERS = {"blue": "o", "purple": "^", "yellow": "s", "red": "v", "green": "D", "grey": "P"}
"""Colours of keys, so that no figure rests on colour alone."""

PUBLISHED_COLOUR, PUBLISHED_MARKER = "#B35900", "D"
"""The run that the post's author published."""

CONTROL_COLOURS = {"places": "#E69F00", "donor": "#009E73", "values": "#F0E442", "optimised": "#857300"}
"""Controls, by what differs from the edit. Of Okabe and Ito's colours for all eyes, but for the last. For each kind of
colour-blindness they are apart from each other and from blue and purple. Their marks have dark edges, see `EDGE`."""

CONTROL_LINES = {CONTROL_COLOURS["values"]: "#9A8F00"}
"""For the lines of colours that are too light for one."""

EDGE = {"markeredgecolor": "0.15", "markeredgewidth": 0.4}
"""Of controls' marks, so that light ones show on white."""

_ENCODINGS = {"onehot": "one-hot", "integers": "integers"}
"""Encodings, by which main arms are called too."""

_SOURCES = {("onehot", 5): "as the post says", ("integers", 7): "as the code does"}
"""Encodings and view sizes, and who has them."""

_STUDY_ARMS = {encoding: {"encoding": encoding, "view_size": size} for encoding, size in _SOURCES}
_arms: ContextVar[Mapping[str, Mapping]] = ContextVar("arms", default=_STUDY_ARMS)

WIDTH = 7.2
"""Width of a figure over two columns, in inches."""

MIDDLE = {"markersize": 4.2, "markeredgewidth": 0.8, "markeredgecolor": "black"}
"""The marks of interquartile means; seeds' own have no edge."""

_SETTINGS = {
    "figure.constrained_layout.use": True,
    "figure.dpi": 100,
    "savefig.dpi": 200,
    "font.family": "DejaVu Sans",
    "font.size": 9,
    "axes.titlesize": 9,
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.labelsize": 9,
    "xtick.labelsize": 8,
    "ytick.labelsize": 8,
    "legend.fontsize": 8,
    "legend.frameon": False,
    "figure.titlesize": 10,
    "svg.fonttype": "none",
    # Equal tables give equal bytes: element ids in SVG files derive from this instead of chance.
    "svg.hashsalt": "goalsplice",
}

_UNDATED = {".svg": {"Date": None}, ".png": {"Software": None}, ".pdf": {"CreationDate": None}}
"""By suffix, what Matplotlib would write into a file besides the figure."""

_DESCRIPTION = {".pdf": "Subject"}
"""What a format calls a description, if not that."""


class Interval(NamedTuple):
    """An interquartile mean over seeds with its 95 % interval, as tables over seeds have it."""

    value: float
    low: float
    high: float


def arm_name(arm: str, lines: int = 1) -> str:
    """How an arm is called in figures, on one line or two: by what it sees if it has its encoding's name."""
    name, remark = arm, None
    if arm == PUBLISHED:
        name, remark = "the author's run", "published"
    elif (settings := _arms.get().get(arm, {})).get("encoding") == arm:
        size = settings["view_size"]
        name, remark = f"{_ENCODINGS[arm]}, {size}×{size} view", _SOURCES.get((arm, size))
    between = "\n" if lines == 2 else " "
    return f"{name}{between}({remark})" if remark else name


@contextmanager
def styled(arms: Mapping[str, Mapping] = _STUDY_ARMS) -> Iterator[None]:
    """The study's settings over Matplotlib's own defaults, whatever a matplotlibrc says, and without a display.

    Args:
        arms: encoding and view size of each arm, by which `arm_name` calls them.
    """
    named = _arms.set(arms)
    mpl.use("agg")
    defaults = {key: mpl.rcParamsDefault[key] for key in mpl.rcParamsDefault if key != "backend"}
    with mpl.rc_context({**defaults, **_SETTINGS}):
        try:
            yield
        finally:
            _arms.reset(named)


def claim(figure: Figure, text: str, entries: Sequence[Artist] = (), columns: int = 1) -> None:
    """Put what the figure shows above it, in one sentence, and below that one legend for all panels, if any."""
    if not entries:
        figure.suptitle(text, x=0.01, ha="left", fontweight="bold")
        return
    figure.legend(
        handles=entries,
        loc="outside upper left",
        ncols=columns,
        title=text,
        title_fontproperties={"weight": "bold", "size": _SETTINGS["figure.titlesize"]},
        alignment="left",
        handletextpad=0.6,
        columnspacing=1.6,
    )


def reference_line(axes: Axes, value: float, label: str = "", style: str = "--", colour: str = "0.35") -> None:
    """A horizontal line, such as the best possible return, named outside the panel's right edge."""
    axes.axhline(value, color=colour, linestyle=style, linewidth=0.8, zorder=1.5)
    if label:
        name_at_right(axes, value, label)


def name_at_right(axes: Axes, value: float, text: str, side: str = "center") -> None:
    """Write `text` outside the panel's right edge, at a value on its y axis, or on one `side` of it: top or bottom."""
    axes.annotate(
        text,
        (1, value),
        xycoords=("axes fraction", "data"),
        xytext=(3, 0),
        textcoords="offset points",
        va={"top": "bottom", "bottom": "top"}.get(side, side),
        fontsize=7.5,
        color="0.25",
    )


def note(figure: Figure, text: str) -> None:
    """Small print below the figure: how many seeds, levels and the like, as the tables have it."""
    figure.supxlabel(text, x=0.01, ha="left", fontsize=7.5, color="0.25")


def spread(count: int, width: float) -> np.ndarray:
    """Offsets that keep `count` marks apart within `width`: the same seed is always at the same place."""
    return ((np.arange(count) + 0.5) / count - 0.5) * width


def seed_marks(
    axes: Axes,
    at: float,
    values: Sequence[float],
    colour: str,
    marker: str = "o",
    *,
    width: float = 0.5,
    upright: bool = True,
    interval: Interval,
    edge: dict | None = None,
) -> None:
    """Draw every seed's value as a small mark, and beside them the interquartile mean with its 95 % interval.

    Args:
        axes: where to draw.
        at: the category's place on the other axis.
        values: one a seed; a missing one leaves its place empty.
        colour: of the marks.
        marker: of the marks.
        width: how much of the other axis the category takes.
        upright: whether values are on the y axis.
        interval: the mean over them and its interval, as a table has it.
        edge: of the seeds' marks, such as `EDGE`; by default none.
    """
    values = np.asarray(values, dtype=float)
    estimate, low, high = interval
    beside = at + 0.35 * width

    def plot(places, along, *style, **settings):
        pair = (places, along) if upright else (along, places)
        axes.plot(*pair, *style, clip_on=False, **settings)

    places = at - 0.17 * width + spread(values.size, 0.66 * width)
    look = {"markeredgewidth": 0, "alpha": 0.6} if edge is None else edge
    plot(places, values, marker, color=colour, markersize=3, **look, zorder=2.5)
    plot([beside, beside], [low, high], color="black", linewidth=1.1, zorder=2.6)
    plot([beside], [estimate], marker, color=colour, **MIDDLE, zorder=2.7)


def select(table: pd.DataFrame, **values) -> pd.DataFrame:
    """The rows whose columns have these values, or one of them where a list is given; None stands for missing."""
    chosen = np.ones(len(table), dtype=bool)
    for column, value in values.items():
        wanted = value if isinstance(value, list) else [value]
        chosen &= (table[column].isna() if value is None else table[column].isin(wanted)).to_numpy()
    return table[chosen]


def runs_of(rows: pd.DataFrame) -> pd.DataFrame:
    """Of a table over seeds the rows of single runs."""
    return rows[rows["seed"].notna()]


def over_runs(rows: pd.DataFrame) -> pd.DataFrame:
    """Of a table over seeds the rows over all of them."""
    return rows[rows["seed"].isna()]


def interval_of(rows: pd.DataFrame) -> Interval:
    """The value over seeds and its interval, from rows of a table over seeds that are of one group; NaN without any."""
    found = over_runs(rows)
    return Interval(*found[list(Interval._fields)].iloc[0]) if len(found) else Interval(np.nan, np.nan, np.nan)


def mark_group(
    axes: Axes, at: float, rows: pd.DataFrame, colour: str, marker: str = "o", *, seeds: Sequence[int] = (), **how
) -> None:
    """Draw one group of a table over seeds: `seed_marks` of its runs and of the row over them.

    Args:
        axes: where to draw.
        at: the category's place on the other axis.
        rows: the group's rows.
        colour, marker: of the marks.
        seeds: those that have a place, in order; by default the group's own.
        how: as in `seed_marks`.
    """
    values = runs_of(rows).set_index("seed")["value"]
    if len(seeds):
        values = values.reindex(list(seeds))
    seed_marks(axes, at, values, colour, marker, interval=interval_of(rows), **how)


def mark(label: str, colour: str, marker: str, **settings) -> Line2D:
    """A mark's entry in a legend."""
    return Line2D(
        [], [], color=colour, marker=marker, label=label, **{"linestyle": "none", "markersize": 4, **settings}
    )


def interval_entry() -> Line2D:
    """The legend's entry for an interquartile mean and its interval."""
    label = "interquartile mean over seeds, 95 % bootstrap interval"
    return Line2D([], [], color="black", linewidth=1.1, marker="o", markerfacecolor="white", **MIDDLE, label=label)


def save(figure: Figure, path: str | Path) -> None:
    """Write the figure, not when but what made it; the file appears whole or not at all."""
    suffix = Path(path).suffix
    with replacing(path) as aside:
        figure.savefig(
            aside, metadata={**_UNDATED.get(suffix, {}), _DESCRIPTION.get(suffix, "Description"): provenance_mark(path)}
        )


def span(values: Sequence[float]) -> str:
    """The smallest and the largest of some whole numbers, once if they are equal."""
    least, most = min(values), max(values)
    return f"{least:,}" if least == most else f"{least:,} to {most:,}"
