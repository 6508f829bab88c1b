"""Whether the change between two goals works elsewhere: in other phases of a run, and in other runs."""

import pandas as pd
from matplotlib.figure import Figure

from goalsplice.figures.rows import Row, row_of, rows_figure
from goalsplice.figures.style import select

TABLES: dict[str, list[str]] = {
    "transfer_over_seeds": [
        *("arm", "target", "recipient_objective", "donor_objective", "part", "aligned", "control"),
        *("source_recipient_phase", "source_donor_phase", "target_phase", "source_run"),
        *("measure", "seed", "value", "low", "high"),
    ],
}
"""The tables that `draw` takes, and the columns that it reads of them."""

_WITHIN, _EARLY, _BETWEEN = "other late phase", "early phase", "other run"
_ROWS = (
    ("in another late phase of its run", "edit", (_WITHIN, "unaligned", "no_control")),
    ("its values permuted", "control", (_WITHIN, "unaligned", "permuted")),
    ("from two phases of one goal", "control", (_WITHIN, "unaligned", "same_goal_donor")),
    ("in an early phase of its run", "edit", (_EARLY, "unaligned", "no_control")),
    ("in another run, units matched", "edit", (_BETWEEN, "matched", "no_control")),
    ("its values permuted", "control", (_BETWEEN, "matched", "permuted")),
    ("from two phases of one goal", "control", (_BETWEEN, "matched", "same_goal_donor")),
    ("units in random order", "control", (_BETWEEN, "random", "no_control")),
    ("units as they are", "control", (_BETWEEN, "unaligned", "no_control")),
)


def _rows(rows: pd.DataFrame) -> list[Row]:
    return [
        row_of(label, kind, select(rows, target=target, aligned=aligned, control=control))
        for label, kind, (target, aligned, control) in _ROWS
    ]


def draw(tables: dict[str, pd.DataFrame], config: dict) -> Figure:
    """Draw for each arm the share that takes the donor's colour after a task vector was added, and of its controls."""
    over = tables["transfer_over_seeds"]
    pooled = select(over, part="all", measure="episode_share_donor", target_phase=None, source_run=None)
    pooled = select(pooled, recipient_objective=None, source_recipient_phase=None)
    panels = {arm: _rows(select(pooled, arm=arm)) for arm in over["arm"].unique()}
    return rows_figure(
        "The change between two goals, added elsewhere",
        panels,
        "share with the donor's colour",
        "Bold: the donor's weights minus the recipient's, added to another checkpoint. Below: controls.",
    )
