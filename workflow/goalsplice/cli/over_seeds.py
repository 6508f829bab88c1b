"""Put a large table over seeds: each run's values, and their interquartile means with intervals."""

import argparse
import importlib
import json
from pathlib import Path

from goalsplice.analysis.over_seeds import with_runs
from goalsplice.cli.common import parse
from goalsplice.io.errors import run
from goalsplice.io.frames import read_frame
from goalsplice.io.tables import write_table


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--summary", required=True, help="module of goalsplice.analysis.summaries")
    parser.add_argument("--tables", nargs="+", required=True, help="the tables that it takes")
    parser.add_argument("--settings", type=json.loads, required=True, help="late phases and threshold, as JSON")
    parser.add_argument("--schemas", required=True, help="workflow/schemas/tables.yaml")
    parser.add_argument("--output", required=True, help="where the table <summary>_over_seeds goes")
    options = parse(parser)
    summary = importlib.import_module(f"goalsplice.analysis.summaries.{options.summary}")
    paths = {Path(path).stem: path for path in options.tables}
    tables = {name: read_frame(paths[name], columns) for name, columns in summary.TABLES.items()}
    values = summary.values(tables, options.settings)
    frame = with_runs(values, summary.KEYS, getattr(summary, "OTHER", ""))
    write_table(options.output, frame, options.schemas, f"{options.summary}_over_seeds")


if __name__ == "__main__":
    run(main)
