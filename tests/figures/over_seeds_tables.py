"""Tables over seeds, as the study makes them, from made-up tables of runs."""

import importlib

from goalsplice.analysis.over_seeds import with_runs


def table_over_seeds(name, tables, late, threshold=0.8):
    """The table `<name>_over_seeds` of tables of runs."""
    summary = importlib.import_module(f"goalsplice.analysis.summaries.{name}")
    read = {table: tables[table][columns] for table, columns in summary.TABLES.items()}
    values = summary.values(read, {"late": list(late), "threshold": threshold})
    return with_runs(values, summary.KEYS, getattr(summary, "OTHER", ""))
