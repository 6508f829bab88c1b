"""Whether an edit makes agents fetch a colour that never paid: the preregistered edits beside their controls."""

import pandas as pd
from matplotlib.figure import Figure

from goalsplice.figures.retargeting_rows import (
    CEILING,
    PREREGISTERED,
    RETARGETING,
    UNEDITED,
    on_three_colours,
    target_of,
    together,
)
from goalsplice.figures.rows import Row, row_of, rows_figure
from goalsplice.figures.style import select
from goalsplice.settings.labels import DOWNSTREAM, NO_CONTROL, SPARSE

TABLES: dict[str, list[str]] = RETARGETING
"""The tables that `draw` takes, and the columns that it reads of them."""

_CONTROLS = {
    "gaussian": "Gaussian values at its places",
    "permuted": "its values permuted",
    "sign_flipped": "its sign flipped",
    "absent": "towards a colour without a key",
    "optimised_same_budget": "random weights, hill climbing",
}


def _rows(rows: pd.DataFrame, target: str) -> list[Row]:
    def row(label: str, kind: str, family: str, edit: str, control: str = NO_CONTROL) -> Row:
        return row_of(label, kind, select(rows, family=family, edit=edit, control=control))

    found = [row("unedited", "bound", *UNEDITED), row(f"sees {target} as its own colour", "bound", *CEILING)]
    for edit, name in ((SPARSE, "edit of layer 1 (sparse)"), (DOWNSTREAM, "edit downstream of layer 1")):
        found.append(row(name, "edit", PREREGISTERED, edit))
        found += [row(label, "control", PREREGISTERED, edit, control) for control, label in _CONTROLS.items()]
    return found


def draw(tables: dict[str, pd.DataFrame], config: dict) -> Figure:
    """Draw for each arm the share of episodes with the new colour, for each preregistered edit and its controls."""
    target = target_of(tables["retargeting"])
    over = together(on_three_colours(tables["retargeting_over_seeds"]))
    over = select(over, measure="episode_share_target", wanted=None)
    panels = {arm: _rows(select(over, arm=arm), target) for arm in over["arm"].unique()}
    return rows_figure(
        f"Edits that make the agent take {target}, which never paid",
        panels,
        f"share of episodes that take {target}",
        "Bold: preregistered edits. Below each: its controls, of the same number of weights.",
    )
