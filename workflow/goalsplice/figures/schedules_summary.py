"""What the schedule of the objective does: how well phases end, and how much of the goal layer 1 carries."""

import pandas as pd
from matplotlib.figure import Figure

from goalsplice.figures.ablation_marks import ARMS, RUNS, arms_of, interval_of_arm, values_of
from goalsplice.figures.rows import Row, rows_figure
from goalsplice.figures.schedules import NAMES
from goalsplice.settings.study import REFERENCE, SCHEDULE

TABLES: dict[str, list[str]] = {**RUNS, **ARMS}
"""The tables that `draw` takes, and the columns that it reads of them."""

_PANELS = {
    "phase_end_return": "return at the phases' ends",
    "spliced": "recovery with the donor's layer 1",
    "spliced_random": "with as many random weights",
}


def _row(tables: dict[str, pd.DataFrame], arm: str, rollouts: int, measure: str, kind: str) -> Row:
    values = values_of(tables["ablation_runs"], arm, rollouts, measure)
    interval = interval_of_arm(tables["ablations"], arm, rollouts, measure)
    return Row(NAMES.get(arm, arm.replace("_", " ")).replace("\n", " "), kind, list(values), interval)


def draw(tables: dict[str, pd.DataFrame], config: dict) -> Figure:
    """Draw a row for each schedule, in three panels."""
    arms = arms_of(tables["ablations"], REFERENCE, SCHEDULE)
    panels = {
        label: [
            _row(tables, arm.arm, arm.rollouts, measure, "control" if measure == "spliced_random" else "edit")
            for arm in arms.itertuples()
        ]
        for measure, label in _PANELS.items()
    }
    return rows_figure(
        "How often the objective changes",
        panels,
        "",
        "Phases are as long as the row says, in rollouts. Without a second goal there is nothing to splice.",
    )
