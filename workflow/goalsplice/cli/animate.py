"""Animate recorded episodes, the agents side by side, as a GIF."""

import argparse

import numpy as np
import pandas as pd
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from PIL import Image

from goalsplice.cli.common import parse
from goalsplice.figures.playback import SCENE, agent_name, frame_colour, picture, what
from goalsplice.figures.style import styled
from goalsplice.io.errors import run
from goalsplice.io.files import replacing
from goalsplice.io.frames import read_frame
from goalsplice.io.records import mark

_STEP, _END = 350, 1600  # milliseconds
_INCHES = 2.2


def frame(rows: list[pd.Series], names: list[str]) -> np.ndarray:
    """One picture of the animation, uint8 (height, width, 3): a room for each agent, with what it has just done."""
    figure = Figure(figsize=(_INCHES * len(rows), _INCHES + 0.65))
    canvas = FigureCanvasAgg(figure)
    for axes, row, name in zip(figure.subplots(1, len(rows), squeeze=False)[0], rows, names, strict=True):
        image = picture(row)
        axes.imshow(image, interpolation="antialiased")
        axes.set_axis_off()
        axes.set_title(name, loc="center")
        colour = frame_colour(row)
        axes.text(
            *(0.5, -0.03, f"step {row['step']}: {what(row)}"),
            transform=axes.transAxes,
            ha="center",
            va="top",
            fontweight="bold" if colour else "normal",
        )
        if colour:
            height, width = image.shape[:2]
            axes.add_patch(
                Rectangle((0, 0), width - 1, height - 1, fill=False, edgecolor=colour, linewidth=5, clip_on=False)
            )
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[..., :3].copy()


def frames(behaviour: pd.DataFrame) -> tuple[list[np.ndarray], list[int]]:
    """All pictures, level by level, and for how many milliseconds each stays; who has ended waits for the others."""
    pictures, durations = [], []
    for _, level in behaviour.groupby("level", sort=False):
        agents = [rows.set_index("step", drop=False) for _, rows in level.groupby("agent", sort=False)]
        names = [agent_name(rows) for rows in agents]
        last = level["step"].max()
        for step in range(last + 1):
            pictures.append(frame([rows.loc[min(step, rows.index.max())] for rows in agents], names))
            durations.append(_END if step == last else _STEP)
    return pictures, durations


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--behaviour", required=True, help="the behaviour table")
    parser.add_argument("--output", required=True, help="where the GIF goes")
    options = parse(parser)
    with styled():
        pictures, durations = frames(read_frame(options.behaviour, SCENE))
    # One palette for all, or colours would flicker; an episode's end shows all that the others do, and its colour.
    ends = [one for one, duration in zip(pictures, durations, strict=True) if duration == _END]
    palette = Image.fromarray(np.concatenate([pictures[0], *ends])).quantize(255)
    images = [Image.fromarray(one).quantize(palette=palette, dither=Image.Dither.NONE) for one in pictures]
    with replacing(options.output) as aside:
        options_of_gif = {"duration": durations, "loop": 0, "optimize": True, "comment": mark(options.output).encode()}
        images[0].save(aside, save_all=True, append_images=images[1:], **options_of_gif)


if __name__ == "__main__":
    run(main)
