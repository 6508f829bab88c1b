"""Whether networks get worse at learning over phases, with and without weight decay. From the ablations' tables."""

from typing import NamedTuple

import numpy as np
import pandas as pd
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from goalsplice.figures.ablation_marks import ARMS, arms_of
from goalsplice.figures.style import WIDTH, claim, note, over_runs, select
from goalsplice.settings.study import HYPERPARAMETERS, REFERENCE

TABLES: dict[str, list[str]] = {
    "ablation_phases_over_seeds": ["arm", "last_rollout", "measure", "seed", "value", "low", "high"],
    **ARMS,
}
"""The tables that `draw` takes, and the columns that it reads of them."""

_PANELS = {
    "end_return": "return at the phase's end",
    "rollouts_to_threshold": "rollouts until {threshold:g}",
    "weight_norm": "L2 norm of the hidden layers",
    "inactive": "inactive units (share)",
    "dormant": "dormant units (share)",
    "effective_rank": "effective rank of activations",
}
_DECAY = {"weight_decay", "decoupled_decay"}


class _Decay(NamedTuple):
    """A kind and strength of weight decay; in this order in the legend."""

    decoupled: bool
    strength: float

    def label(self, recipe: dict) -> str:
        name = f"{'decoupled' if self.decoupled else 'L2'} {self.strength:g}"
        return name + " (recipe)" * (self == _decay(recipe))


def _decay(recipe: dict) -> _Decay:
    return _Decay(recipe["decoupled_decay"], recipe["weight_decay"])


def _decays(ablations: pd.DataFrame, recipes: dict[str, dict]) -> dict[str, dict[str, _Decay]]:
    """For each reference the arms that differ from it in weight decay alone, and itself, in order of their decay."""
    arms = arms_of(ablations, REFERENCE, HYPERPARAMETERS)
    arms = arms[[set(changes) <= _DECAY for changes in arms["changes"]]]
    found = {}
    for reference, rows in arms.groupby("reference", sort=False):
        decays = {row.arm: _decay({**recipes[reference], **row.changes}) for row in rows.itertuples()}
        found[reference] = dict(sorted(decays.items(), key=lambda item: item[1]))
    return {reference: decays for reference, decays in found.items() if len(decays) > 1} or dict([*found.items()][:1])


def _draw(axes: Axes, rows: pd.DataFrame, colour, style: str) -> None:
    axes.fill_between(rows["last_rollout"], rows["low"], rows["high"], color=colour, alpha=0.15, linewidth=0)
    axes.plot(rows["last_rollout"], rows["value"], style, color=colour, linewidth=1.2)


def draw(tables: dict[str, pd.DataFrame], config: dict) -> Figure:
    """Draw for each reference a panel for each measure and in it a line for each strength of weight decay."""
    by_phase = tables["ablation_phases_over_seeds"]
    found, recipes = _decays(tables["ablations"], config["recipes"]), config["recipes"]
    everyone = sorted({decay for decays in found.values() for decay in decays.values()})
    colours, styles = {}, {}
    for decoupled, (shades, style) in {False: ("viridis", "-"), True: ("autumn", "--")}.items():
        mine = [decay for decay in everyone if decay.decoupled == decoupled]
        colours |= dict(zip(mine, colormaps[shades](np.linspace(0, 0.85, len(mine))), strict=True))
        styles |= dict.fromkeys(mine, style)
    figure = Figure(figsize=(WIDTH, 0.6 + 4.6 * len(found)))
    parts = figure.subfigures(len(found), 1, squeeze=False)[:, 0]
    for part, (reference, decays) in zip(parts, found.items(), strict=True):
        panels = part.subplots(2, 3, sharex=True)
        for arm, decay in decays.items():
            of_arm = over_runs(select(by_phase, arm=arm)).sort_values("last_rollout")
            for axes, measure in zip(panels.flat, _PANELS, strict=True):
                _draw(axes, select(of_arm, measure=measure), colours[decay], styles[decay])
        for axes, label in zip(panels.flat, _PANELS.values(), strict=True):
            axes.set_title(label.format(**config))
            axes.grid(color="0.92", linewidth=0.6)
        for axes in panels[1]:
            axes.set_xlabel("rollout")
        if len(found) > 1:
            part.suptitle(f"Arms beside {reference}", x=0.01, ha="left", fontsize=9)
    recipe = recipes[next(iter(found))]
    entries = [
        Line2D([], [], color=colours[decay], linestyle=styles[decay], linewidth=1.2, label=decay.label(recipe))
        for decay in everyone
    ]
    claim(figure, "What weight decay does to the ability to learn", entries, columns=4)
    seeds = by_phase["seed"].nunique()
    note(
        figure,
        f"Interquartile mean over {seeds} seeds at each phase's end, with its 95 % bootstrap interval. Hidden layers "
        "of the actor, on what it meets.",
    )
    return figure
