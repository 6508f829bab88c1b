"""Tables over seeds, as the study makes them, from synthetic tables of runs."""

import importlib
from itertools import chain

from goalsplice.analysis.over_seeds import with_runs
from goalsplice.io.frames import expanded


def table_over_seeds(name, tables, late, threshold=0.8):
    """The table `<name>_over_seeds` of tables of runs."""
    summary = importlib.import_module(f"goalsplice.analysis.summaries.{name}")
    read = {
        table: tables[table][list(chain.from_iterable(expanded(columns, tables[table]).values()))]
        for table, columns in summary.TABLES.items()
    }
    values = summary.values(read, {"late": list(late), "threshold": threshold})
    return with_runs(values, summary.KEYS, getattr(summary, "OTHER", ""))
