"""Judge whether each edit changed what the agents want, or what they see."""

import argparse

from goalsplice.analysis.perception import COLUMNS, verdicts
from goalsplice.cli.common import parse
from goalsplice.io.errors import run
from goalsplice.io.frames import read_frame
from goalsplice.io.tables import write_table


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--perception", required=True, help="the perception table")
    parser.add_argument("--schemas", required=True, help="workflow/schemas/tables.yaml")
    parser.add_argument("--output", required=True, help="where the verdicts table goes")
    options = parse(parser)
    table = verdicts(read_frame(options.perception, COLUMNS))
    write_table(options.output, table, options.schemas, "verdicts")


if __name__ == "__main__":
    run(main)
