"""Measure over seeds what edits for a new colour do, from the table of all runs or from some runs' own."""

import argparse

import pandas as pd

from goalsplice.analysis.retargets import COLUMNS, effects
from goalsplice.cli.combine import read_run
from goalsplice.cli.common import parse
from goalsplice.io.errors import run
from goalsplice.io.frames import read_frame
from goalsplice.io.tables import write_table


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--retargets", help="the retargets table")
    source.add_argument("--runs", nargs="+", help="some runs' retargets tables, in folders arm=<arm>/seed=<seed>")
    parser.add_argument("--late", type=int, nargs="+", required=True, help="phases that count")
    parser.add_argument("--schemas", required=True, help="workflow/schemas/tables.yaml")
    parser.add_argument("--output", required=True, help="where the retarget_effects table goes")
    options = parse(parser)
    if options.runs:
        retargets = pd.concat([read_run(path) for path in options.runs], ignore_index=True)
    else:
        retargets = read_frame(options.retargets, COLUMNS)
    write_table(options.output, effects(retargets, options.late), options.schemas, "retarget_effects")


if __name__ == "__main__":
    run(main)
