"""Put the runs' tables of one kind together, and check the result against the schema."""

import argparse
import re
from pathlib import Path

import pandas as pd

from goalsplice.cli.common import parse
from goalsplice.io.errors import StudyError, run
from goalsplice.io.frames import read_frame
from goalsplice.io.tables import check_columns, table_schema, write_table

_RUN = re.compile(r"arm=(?P<arm>[^/]+)/seed=(?P<seed>\d+)/")


def read_run(path: str) -> pd.DataFrame:
    """One run's table, with arm and seed from the names of its folders.

    Raises:
        StudyError: the path does not name arm and seed, or the file is of another run, or cannot be read.
    """
    match = _RUN.search(Path(path).as_posix())
    if match is None:
        raise StudyError(f"{path} is not in folders arm=<arm>/seed=<seed>; put it there")
    frame = read_frame(path, arm=match["arm"], seed=int(match["seed"]))
    frame.insert(0, "arm", match["arm"])
    frame.insert(1, "seed", int(match["seed"]))
    return frame


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--table", required=True, help="name of the table in the schema")
    parser.add_argument("--schemas", required=True, help="workflow/schemas/tables.yaml")
    parser.add_argument("--runs", nargs="+", required=True, help="the runs' tables, in order")
    parser.add_argument("--output", required=True)
    options = parse(parser)
    frames = []
    for path in options.runs:
        frames.append(read_run(path))
        columns = table_schema(options.schemas, options.table, frames[0]).names
        # Here, where the file has a name: put together, a column that one run lacks would only look empty.
        check_columns(frames[-1], columns, path, options.schemas)
    frame = pd.concat(frames, ignore_index=True)
    frames.clear()  # As large as the table: with hundreds of runs that is hundreds of MB.
    write_table(options.output, frame, options.schemas, options.table)


if __name__ == "__main__":
    run(main)
