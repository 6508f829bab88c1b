"""What of a table over seeds is published as a CSV file."""

import pandas as pd

_DETAILS = ("recipient_objective", "source_recipient_phase", "source_run", "view_row", "phase")
"""Columns in which rows of the tables over seeds are more detailed than pages quote."""

_BOUNDS = ("floor", "ceiling", "chance")
"""Measures that others are to be read against."""


def rows_over_seeds(table: pd.DataFrame) -> pd.DataFrame:
    """The rows over seeds of a table that has single runs' too, but for bounds and those of one phase, way or cell.

    Columns that are then empty go. `value`, which is the runs' own elsewhere, is called what it is here.
    """
    rows = table[table["seed"].isna()]
    details = [name for name in _DETAILS if name in table]
    rows = rows[rows[details].isna().all(axis=1) & ~rows["measure"].isin(_BOUNDS)]
    return rows.dropna(axis=1, how="all").rename(columns={"value": "interquartile_mean"})
