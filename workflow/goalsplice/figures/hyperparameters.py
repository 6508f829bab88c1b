"""What each hyperparameter does to switching, one at a time. From the tables of the ablations."""

from math import inf
from typing import NamedTuple

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from goalsplice.figures.ablation_marks import (
    ARMS,
    CHANGED,
    PLAIN,
    RUNS,
    arms_of,
    mark_arm,
    say_if_empty,
    values_of,
    words,
)
from goalsplice.figures.style import WIDTH, claim, interval_entry, mark, note
from goalsplice.settings.study import HYPERPARAMETERS

TABLES: dict[str, list[str]] = {**RUNS, **ARMS}
"""The tables that `draw` takes, and the columns that it reads of them."""

_COLUMNS = 3
_DECOUPLED = "decoupled decay (AdamW)"
_RECIPE = "recipe"
_MEASURES = {"phase_end_return": "return at\nphase's end", "never_switched": "switches\nthat fail"}


class _Entry(NamedTuple):
    """An arm in a panel: its place in the order, its label, and what the tables say of it."""

    order: float
    label: str
    arm: str
    rollouts: int
    verdict: str


def _about(changes: dict) -> tuple[str, float, str]:
    """What an arm changes, as its panel is called, its place in the panel's order, and its label."""
    if set(changes) == {"decoupled_decay", "weight_decay"}:
        return _DECOUPLED, changes["weight_decay"], words(changes["weight_decay"])
    label = "\n".join(map(words, changes.values()))
    if len(changes) > 1:
        return " and ".join(changes), inf, label
    ((key, value),) = changes.items()
    return key, float(value) if isinstance(value, int | float) else inf, label


def _panels(arms: pd.DataFrame, recipes: dict[str, dict]) -> dict[tuple[str, str], list[_Entry]]:
    """For each reference and panel its arms in order and the reference, after as many rollouts as the shortest."""
    found: dict[tuple[str, str], list[_Entry]] = {}
    for arm in arms.itertuples():
        about, order, label = _about(arm.changes)
        found.setdefault((arm.reference, about), []).append(_Entry(order, label, arm.arm, arm.rollouts, arm.verdict))
    for (reference, about), entries in found.items():
        value = recipes[reference].get(about)
        order, label = (float(value), words(value)) if isinstance(value, int | float) else (-inf, "none changed")
        label = "L2" if about == _DECOUPLED else label
        shortest = min(entry.rollouts for entry in entries)
        entries.append(_Entry(order, label, reference, shortest, _RECIPE))
        entries.sort(key=lambda entry: entry.order)
    return found


def _draw(axes: Axes, tables: dict[str, pd.DataFrame], entries: list[_Entry], measure: str) -> None:
    for place, entry in enumerate(entries):
        colour = PLAIN if entry.verdict == _RECIPE else CHANGED
        mark_arm(axes, place, tables, entry.arm, entry.rollouts, measure, colour=colour, width=0.7)
    axes.set_xlim(-0.6, len(entries) - 0.4)
    axes.set_xticks(range(len(entries)))
    axes.tick_params(axis="x", length=0)
    axes.grid(axis="y", color="0.88", linewidth=0.6)
    axes.set_axisbelow(True)
    say_if_empty(axes)


def _label(entry: _Entry, runs: pd.DataFrame) -> str:
    """Under a value: the verdict on its return, and how many seeds collapsed at some time."""
    collapses = values_of(runs, entry.arm, entry.rollouts, "collapses")
    collapsed = len(collapses[collapses > 0])
    return "\n".join([entry.label, entry.verdict, f"{collapsed} coll." if collapsed else ""]).rstrip()


def draw(tables: dict[str, pd.DataFrame], config: dict) -> Figure:
    """Draw for each hyperparameter the return at the phases' ends and below it how many switches fail."""
    ablations, runs = tables["ablations"], tables["ablation_runs"]
    arms = arms_of(ablations[ablations["measure"] == "phase_end_return"], HYPERPARAMETERS)
    if arms.empty:
        figure = Figure(figsize=(WIDTH, 1.0))
        claim(figure, "No arm changes a hyperparameter")
        return figure
    found = _panels(arms, config["recipes"])
    first = arms["reference"].iloc[0]
    lines = -(-len(found) // _COLUMNS)
    figure = Figure(figsize=(WIDTH, 1.2 + 2.5 * lines))
    panels = figure.subplots(2 * lines, _COLUMNS, sharey="row", squeeze=False)
    for number, ((reference, about), entries) in enumerate(found.items()):
        line, column = divmod(number, _COLUMNS)
        for axes, measure in zip(panels[2 * line : 2 * line + 2, column], _MEASURES, strict=True):
            _draw(axes, tables, entries, measure)
        above, below = panels[2 * line : 2 * line + 2, column]
        beside = "" if reference == first else f"\n({reference.replace('_', ' ')})"
        above.set_title(about.replace("_", " ") + beside)
        above.set_xticklabels([])
        below.set_xticklabels([_label(entry, runs) for entry in entries], fontsize=6.5)
    for axes in panels.reshape(lines, 2, _COLUMNS).transpose(0, 2, 1).reshape(-1, 2)[len(found) :].flat:
        axes.set_visible(False)
    for line in range(lines):
        for axes, label in zip(panels[2 * line : 2 * line + 2, 0], _MEASURES.values(), strict=True):
            axes.set_ylabel(label)
    claim(
        figure,
        "Switching under other hyperparameters, one changed at a time",
        [mark("a seed", CHANGED, "o"), mark("a seed of the reference", PLAIN, "o"), interval_entry()],
        columns=3,
    )
    note(
        figure,
        f"Seeds: {runs['seed'].nunique()}. Phases after rollout {config['burn_in']}. A switch fails if its phase "
        f"never reaches {config['threshold']:g} (share of switches).\nUnder a value: the verdict on the return "
        "(docs/metrics.md), and seeds that collapsed at some time.",
    )
    return figure
