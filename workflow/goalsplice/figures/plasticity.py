"""Whether networks get worse at learning over phases, with and without weight decay. From the ablations' tables."""

import json

import numpy as np
import pandas as pd
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from goalsplice.figures.ablation_marks import ARMS
from goalsplice.figures.style import WIDTH, claim, note
from goalsplice.measure.phases import phases_of
from goalsplice.measure.statistics import over_seeds
from goalsplice.study import REFERENCE

TABLES: dict[str, list[str]] = {
    "ablation_training": ["arm", "seed", "rollout", "phase", "objective", "mean_return"],
    "ablation_plasticity": [
        "arm",
        "seed",
        "phase",
        "network",
        "layer",
        "dead",
        "dormant",
        "effective_rank",
        "weight_norm",
    ],
    **ARMS,
}
"""The tables that `draw` takes, and the columns that it reads of them."""

_PANELS = {
    "end_return": "return at the phase's end",
    "rollouts_to_regain": "rollouts until {threshold:g}",
    "weight_norm": "L2 norm of the hidden layers",
    "dead": "dead units (share)",
    "dormant": "dormant units (share)",
    "effective_rank": "effective rank of activations",
}
_DECAY = {"weight_decay", "decoupled_decay"}


def _decays(arms: pd.DataFrame, recipe: dict) -> dict[str, tuple[bool, float, str]]:
    """Arms that differ in weight decay alone, and the reference: whether it is decoupled, how strong, and its label."""
    found = {}
    for arm in arms.drop_duplicates("arm").itertuples():
        changes = json.loads(arm.changes)
        if arm.group == REFERENCE or set(changes) <= _DECAY:
            strength, decoupled = ({**recipe, **changes}[key] for key in ("weight_decay", "decoupled_decay"))
            label = f"{'decoupled' if decoupled else 'L2'} {strength:g}" + " (recipe)" * (arm.group == REFERENCE)
            found[arm.arm] = (decoupled, strength, label)
    return dict(sorted(found.items(), key=lambda item: item[1]))


def _by_phase(tables: dict[str, pd.DataFrame], arm: str, threshold: float) -> pd.DataFrame:
    """The panels' measures of each seed and phase of an arm; of the hidden layers of the actor their mean or norm."""
    layers = tables["ablation_plasticity"]
    layers = layers[(layers["arm"] == arm) & (layers["network"] == "actor")]
    layers = layers.assign(weight_norm=layers["weight_norm"] ** 2).groupby(["seed", "phase"])
    measures = layers[["dead", "dormant", "effective_rank"]].mean()
    measures["weight_norm"] = layers["weight_norm"].sum() ** 0.5
    training = tables["ablation_training"]
    learned = [
        phases_of(run, threshold).assign(seed=seed)
        for seed, run in training[training["arm"] == arm].groupby("seed", sort=False)
    ]
    return measures.join(pd.concat(learned).set_index(["seed", "phase"]))


def _draw(axes: Axes, values: pd.DataFrame, measure: str, colour, style: str) -> None:
    rows = values[measure].unstack("phase")
    ends = values["last_rollout"].groupby("phase").first()
    intervals = np.array([over_seeds(rows[phase].to_numpy()) for phase in rows])
    axes.fill_between(ends, intervals[:, 1], intervals[:, 2], color=colour, alpha=0.15, linewidth=0)
    axes.plot(ends, intervals[:, 0], style, color=colour, linewidth=1.2)


def draw(tables: dict[str, pd.DataFrame], config: dict) -> Figure:
    """Draw a panel for each measure and in it a line for each strength of weight decay."""
    decays = _decays(tables["ablations"], config["recipe"])
    figure = Figure(figsize=(WIDTH, 5.2))
    panels = figure.subplots(2, 3, sharex=True)
    entries = []
    for number, (arm, (decoupled, _, label)) in enumerate(decays.items()):
        colour = colormaps["viridis"](0.85 * number / max(1, len(decays) - 1))
        style = "--" if decoupled else "-"
        values = _by_phase(tables, arm, config["threshold"])
        for axes, measure in zip(panels.flat, _PANELS, strict=True):
            _draw(axes, values, measure, colour, style)
        entries.append(Line2D([], [], color=colour, linestyle=style, linewidth=1.2, label=label))
    for axes, label in zip(panels.flat, _PANELS.values(), strict=True):
        axes.set_title(label.format(**config))
        axes.grid(color="0.92", linewidth=0.6)
    for axes in panels[1]:
        axes.set_xlabel("rollout")
    claim(figure, "What weight decay does to the ability to learn", entries, columns=4)
    seeds = tables["ablation_training"]["seed"].nunique()
    note(
        figure,
        f"Interquartile mean over {seeds} seeds at each phase's end, with its 95 % bootstrap interval. Hidden layers "
        "of the actor, on what it meets.",
    )
    return figure
