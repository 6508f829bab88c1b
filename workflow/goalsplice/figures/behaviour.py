"""What the unedited and the edited agent do on the same level with the same luck. From the behaviour table."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from goalsplice.figures.playback import SCENE, agent_name, frame_colour, picture, what
from goalsplice.figures.style import WIDTH, arm_name, claim, note

TABLES: dict[str, list[str]] = {"behaviour": SCENE}
"""The tables that `draw` takes, and the columns that it reads of them."""

_MOST = 8  # pictures side by side


def _shown(rows: pd.DataFrame) -> list[int]:
    """The steps that are drawn: the ends of all episodes, and others between them, evenly spaced."""
    ends = {0, *rows.groupby("agent", sort=False)["step"].max()}
    others = sorted(set(range(max(ends))) - ends)
    free = min(len(others), _MOST - len(ends))
    places = np.linspace(0, len(others) - 1, free + 2)[1:-1] if free < len(others) else range(len(others))
    return sorted({*ends, *(others[round(place)] for place in places)})


def _draw_step(axes: Axes, row: pd.Series) -> None:
    """One picture, framed in the outcome's colour if the episode ends here."""
    image = picture(row)
    axes.imshow(image, interpolation="antialiased")
    axes.set_title(f"step {row['step']}\n{what(row)}", fontsize=7.5, loc="center", pad=3)
    if (colour := frame_colour(row)) is not None:
        height, width = image.shape[:2]
        axes.add_patch(
            Rectangle((0, 0), width - 1, height - 1, fill=False, edgecolor=colour, linewidth=3, clip_on=False)
        )


def _claim(rows: pd.DataFrame) -> str:
    """How the episodes end."""
    ends = [f"{name}: {what(of_agent.iloc[-1])}" for name, of_agent in rows.groupby("agent", sort=False)]
    return f"One level, the same luck – {'; '.join(ends)}"


def draw(tables: dict[str, pd.DataFrame], config: dict) -> Figure:
    """Draw a strip of pictures for each agent, on the first of the table's levels."""
    rows = tables["behaviour"]
    first = rows.iloc[0]
    rows = rows[rows["level"] == first["level"]]
    agents = list(rows["agent"].unique())
    shown = _shown(rows)
    each = min(1.3, (WIDTH - 0.95) / len(shown))
    figure = Figure(figsize=(WIDTH, 0.85 + (each + 0.34) * len(agents)))
    panels = figure.subplots(len(agents), len(shown), squeeze=False)
    for strip, agent in zip(panels, agents, strict=True):
        of_agent = rows[rows["agent"] == agent].set_index("step", drop=False)
        for axes, step in zip(strip, shown, strict=True):
            axes.set_xticks([])
            axes.set_yticks([])
            axes.spines[:].set_visible(False)
            if step in of_agent.index:
                _draw_step(axes, of_agent.loc[step])
        strip[0].set_ylabel(agent_name(of_agent), fontsize=8, rotation=0, ha="right", va="center", labelpad=6)
    claim(figure, _claim(rows))
    whole = rows["step"].max() + 1
    left_out = f"; {len(shown)} of {whole} are drawn" if len(shown) < whole else ""
    note(
        figure,
        f"{arm_name(first['arm'])}, seed {first['seed']}, phase {first['phase']}; level {first['level']} of "
        f"{first['level_distribution']}, {first['action_selection']}.\n"
        f"Above each picture: what it did in that step{left_out}. Its view is lighter.",
    )
    return figure
