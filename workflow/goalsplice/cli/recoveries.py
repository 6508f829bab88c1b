"""Measure how much of the donor's choice each edit brings, over seeds and against its controls."""

import argparse

from goalsplice.analysis.recovery import COLUMNS, effects, recoveries, smallest, with_recovery
from goalsplice.cli.common import parse
from goalsplice.io.errors import run
from goalsplice.io.frames import read_frame
from goalsplice.io.tables import write_table


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--splices", required=True, help="the splices table")
    parser.add_argument("--schemas", required=True, help="workflow/schemas/tables.yaml")
    parser.add_argument("--recoveries", required=True, help="where the recoveries table goes")
    parser.add_argument("--effects", required=True, help="where the edit_effects table goes")
    parser.add_argument("--smallest", required=True, help="where the smallest_edits table goes")
    options = parse(parser)
    splices = with_recovery(read_frame(options.splices, COLUMNS))
    by_seed = recoveries(splices)
    write_table(options.recoveries, by_seed, options.schemas, "recoveries")
    write_table(options.effects, effects(by_seed), options.schemas, "edit_effects")
    write_table(options.smallest, smallest(splices), options.schemas, "smallest_edits")


if __name__ == "__main__":
    run(main)
