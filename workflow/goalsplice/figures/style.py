"""One look for all figures."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from goalsplice.files import replacing

COLOURS = {
    "blue": "#0072B2",
    "purple": "#AA3E98",
    "yellow": "#E6A700",
    "other": "#7F7F7F",
    "crash": "#222222",
    "timeout": "#C8C8C8",
}
"""Outcomes and objectives. Blue, purple and yellow differ in lightness too, for readers who see hues otherwise."""

MARKERS = {"blue": "o", "purple": "^", "yellow": "s"}
"""Objectives, so that no figure rests on colour alone."""

ARM_NAMES = {"onehot": "one-hot, 5×5 view (as the post says)", "integers": "integers, 7×7 view (as the code does)"}
"""Panel titles of the main arms; others go by their own names."""

WIDTH = 7.2
"""Width of a figure over two columns, in inches."""

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


def arm_name(arm: str) -> str:
    """How an arm is called in figures."""
    return ARM_NAMES.get(arm, arm)


@contextmanager
def styled() -> Iterator[None]:
    """The study's Matplotlib settings, without a display."""
    mpl.use("agg")
    with mpl.rc_context(_SETTINGS):
        yield


def claim(figure: Figure, text: str) -> None:
    """Put what the figure shows above it, in one sentence."""
    figure.suptitle(text, x=0.01, ha="left", fontweight="bold")


def reference_line(axes: Axes, value: float, label: str, style: str = "--") -> None:
    """A grey horizontal line, such as the best possible return, labelled at its right end."""
    axes.axhline(value, color="0.45", linestyle=style, linewidth=0.8, zorder=1, label=label)


def save(figure: Figure, path: str | Path) -> None:
    """Write the figure without the date in it; the file appears whole or not at all."""
    os.environ.setdefault("SOURCE_DATE_EPOCH", "0")
    metadata = {"Date": None} if str(path).endswith(".svg") else {"Software": None}
    with replacing(path) as aside:
        figure.savefig(aside, metadata=metadata)
