"""What each hyperparameter does to switching, one at a time. From the tables of the ablations."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from goalsplice.figures.ablation_marks import ARMS, CHANGED, PLAIN, RUNS, arms_of, mark_seeds, values_of, words
from goalsplice.figures.style import WIDTH, claim, interval_entry, mark, note
from goalsplice.study import HYPERPARAMETERS

TABLES: dict[str, list[str]] = {**RUNS, **ARMS}
"""The tables that `draw` takes, and the columns that it reads of them."""

_COLUMNS = 4
_DECOUPLED = "decoupled decay (AdamW)"
_MEASURES = {"phase_end_return": "return at\nphase's end", "rollouts_to_regain": "rollouts\nto regain"}


def _about(changes: dict) -> tuple[str, object]:
    """What an arm changes, as its panel is called, and the value that it gives it."""
    if "decoupled_decay" in changes:
        return _DECOUPLED, changes.get("weight_decay")
    (key,) = changes if len(changes) == 1 else (" and ".join(changes),)
    return key, changes.get(key)


def _columns(arms: pd.DataFrame, recipe: dict) -> dict[str, list[tuple[object, str, int, str]]]:
    """For each panel its arms: value, arm, rollouts and verdict, sorted, the reference among them."""
    found: dict[str, list] = {}
    for arm in arms.itertuples():
        about, value = _about(arm.changes)
        found.setdefault(about, []).append((value, arm.arm, arm.rollouts, arm.verdict))
    for about, of_panel in found.items():
        shortest = min(rollouts for _, _, rollouts, _ in of_panel)
        reference = arms["reference"].iloc[0]
        value = recipe.get(about, float("-inf"))
        of_panel.append((value, reference, shortest, ""))
        of_panel.sort(key=lambda entry: float(entry[0]))
    return found


def _draw(axes: Axes, runs: pd.DataFrame, entries: list, measure: str, reference: str) -> None:
    for place, (_, arm, rollouts, _) in enumerate(entries):
        colour = PLAIN if arm == reference else CHANGED
        mark_seeds(axes, place, values_of(runs, arm, rollouts, measure), colour, width=0.7)
    axes.set_xlim(-0.6, len(entries) - 0.4)
    axes.set_xticks(range(len(entries)))
    axes.tick_params(axis="x", length=0)
    axes.grid(axis="y", color="0.88", linewidth=0.6)
    axes.set_axisbelow(True)


def _label(entry: tuple, runs: pd.DataFrame) -> str:
    """Under a value: the verdict on its return, and how many seeds collapsed at some time."""
    value, arm, rollouts, verdict = entry
    name = "L2" if value == float("-inf") else words(value)
    collapsed = int((values_of(runs, arm, rollouts, "collapses") > 0).sum())
    return "\n".join([name, verdict or "(recipe)", f"{collapsed} coll." if collapsed else ""]).rstrip()


def draw(tables: dict[str, pd.DataFrame], config: dict) -> Figure:
    """Draw for each hyperparameter the return at the phases' ends and below it how fast it is regained."""
    ablations, runs = tables["ablations"], tables["ablation_runs"]
    arms = arms_of(ablations[ablations["measure"] == "phase_end_return"], HYPERPARAMETERS)
    found = _columns(arms, config["recipe"])
    lines = -(-len(found) // _COLUMNS)
    figure = Figure(figsize=(WIDTH, 1.0 + 3.0 * lines))
    panels = figure.subplots(2 * lines, _COLUMNS, sharey="row", squeeze=False)
    for number, (about, entries) in enumerate(found.items()):
        line, column = divmod(number, _COLUMNS)
        for axes, measure in zip(panels[2 * line : 2 * line + 2, column], _MEASURES, strict=True):
            _draw(axes, runs, entries, measure, arms["reference"].iloc[0])
        above, below = panels[2 * line : 2 * line + 2, column]
        above.set_title(about.replace("_", " "))
        above.set_xticklabels([])
        below.set_xticklabels([_label(entry, runs) for entry in entries], fontsize=7)
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
        f"Seeds: {runs['seed'].nunique()}. Phases after rollout {config['settled_after']}. Under a value: the verdict "
        "on the return (docs/metrics.md), and seeds that collapsed at some time.",
    )
    return figure
