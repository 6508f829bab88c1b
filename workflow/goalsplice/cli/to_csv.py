"""Write a table as a CSV file, as `publish` does."""

import argparse

from goalsplice.cli.common import parse
from goalsplice.io.errors import run
from goalsplice.io.files import replacing
from goalsplice.io.frames import read_frame


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--table", required=True, help="a Parquet file")
    parser.add_argument("--output", required=True)
    options = parse(parser)
    table = read_frame(options.table)
    with replacing(options.output) as aside:
        table.to_csv(aside, index=False, float_format="%.6g", lineterminator="\n")


if __name__ == "__main__":
    run(main)
