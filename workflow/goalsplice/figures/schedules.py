"""What the schedule of the objective does to switching. From the tables of the ablations."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from goalsplice.figures.ablation_marks import (
    ARMS,
    CHANGED,
    CONTROL,
    PLAIN,
    RUNS,
    arms_of,
    mark_arm,
    say_if_empty,
)
from goalsplice.figures.style import EDGE, WIDTH, claim, interval_entry, mark, note
from goalsplice.settings.study import REFERENCE, SCHEDULE

TABLES: dict[str, list[str]] = {**RUNS, **ARMS}
"""The tables that `draw` takes, and the columns that it reads of them."""

_PANELS = {
    "phase_end_return": ("return at the\nphase's end", None),
    "rollouts_to_switch": ("rollouts until {threshold:g}\nafter a switch", None),
    "relative_distance": ("distance of a switch\n(of the weights' norm)", None),
    "layer1_variance_share": ("share of its square\nin layer 1", None),
    "effective_rank": ("effective rank\nin layer 1", None),
    "spliced": ("recovery by\nsplicing layer 1", "spliced_random"),
    "low_rank": ("recovery by\nits rank-4 part", "low_rank_random"),
    "target_return": ("return under the new\ncolour after the edit", "target_return_gaussian"),
}
"""Measures, their axes' labels, and the control that is drawn with them."""

NAMES = {
    "reference": "alternation,\nphases of 15",
    "one_objective": "one colour only",
    "mixed": "both mixed",
    "random_order": "random order",
    "phases_of_5": "phases of 5",
    "phases_of_45": "phases of 45",
    "one_switch": "one switch,\nafter 135",
    "three_objectives": "three in turn",
    "integers_reference": "integers:\nalternation",
    "integers_one_switch": "integers:\none switch",
}


def _draw(axes: Axes, tables: dict[str, pd.DataFrame], arms: pd.DataFrame, measure: str, control: str | None) -> None:
    for row, arm in enumerate(arms.itertuples()):
        colour = PLAIN if arm.group == REFERENCE else CHANGED
        shift = 0.0 if control is None else 0.17
        of_arm = tables, arm.arm, arm.rollouts
        mark_arm(axes, row - shift, *of_arm, measure, colour=colour, width=0.6 - 1.6 * shift, upright=False)
        if control is not None:
            look = {"colour": CONTROL, "marker": "s", "edge": EDGE}
            mark_arm(axes, row + shift, *of_arm, control, width=0.33, upright=False, **look)
    for row in np.flatnonzero(arms["reference"].to_numpy()[1:] != arms["reference"].to_numpy()[:-1]):
        axes.axhline(row + 0.5, color="0.6", linewidth=0.6)
    axes.set_ylim(len(arms) - 0.4, -0.6)
    axes.tick_params(axis="y", length=0)
    axes.grid(axis="x", color="0.88", linewidth=0.6)
    axes.set_axisbelow(True)
    axes.locator_params(axis="x", nbins=4)
    say_if_empty(axes)


def draw(tables: dict[str, pd.DataFrame], config: dict) -> Figure:
    """Draw a panel for each measure and in it a row for each schedule."""
    runs, arms = tables["ablation_runs"], arms_of(tables["ablations"], REFERENCE, SCHEDULE)
    figure = Figure(figsize=(WIDTH, 2.0 + 0.62 * len(arms)))
    panels = figure.subplots(2, 4, sharey=True)
    for axes, (measure, (label, control)) in zip(panels.flat, _PANELS.items(), strict=True):
        _draw(axes, tables, arms, measure, control)
        axes.set_xlabel(label.format(**config))
        if control is not None:
            # Whatever the values, 0 and 1 are there to read them against.
            low, high = axes.get_xlim()
            axes.set_xlim(min(low, -0.1), max(high, 1.05))
    for axes in panels[:, 0]:
        axes.set_yticks(range(len(arms)), [NAMES.get(arm, arm.replace("_", " ")) for arm in arms["arm"]])
    seeds = runs["seed"].nunique()
    claim(
        figure,
        "What the schedule of the objective does to switching",
        [
            mark("a seed", CHANGED, "o"),
            mark("a seed of the reference", PLAIN, "o"),
            mark("control: as many random weights, or Gaussian", CONTROL, "s", **EDGE),
            interval_entry(),
        ],
        columns=2,
    )
    note(
        figure,
        f"Seeds: {seeds}. Returns and rollouts: phases after rollout {config['burn_in']}. The rest: each run's "
        "last switches and checkpoints;\nan arm without switches has none.",
    )
    return figure
