"""Measure over seeds what edits for a new colour do, from the table of all runs or from some runs' own."""

import argparse

import pandas as pd

from goalsplice.analysis.retargeting import COLUMNS, effects
from goalsplice.cli.combine import read_run
from goalsplice.cli.common import parse
from goalsplice.io.errors import run
from goalsplice.io.frames import read_frame
from goalsplice.io.tables import write_table


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--retargeting", help="the retargeting table")
    source.add_argument("--runs", nargs="+", help="some runs' retargeting tables, in folders arm=<arm>/seed=<seed>")
    parser.add_argument("--late", type=int, nargs="+", required=True, help="phases that count")
    parser.add_argument("--schemas", required=True, help="workflow/schemas/tables.yaml")
    parser.add_argument("--output", required=True, help="where the retargeting_effects table goes")
    options = parse(parser)
    if options.runs:
        retargeting = pd.concat([read_run(path) for path in options.runs], ignore_index=True)
    else:
        retargeting = read_frame(options.retargeting, COLUMNS)
    write_table(options.output, effects(retargeting, options.late), options.schemas, "retargeting_effects")


if __name__ == "__main__":
    run(main)
