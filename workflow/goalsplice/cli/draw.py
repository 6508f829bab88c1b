"""Draw one figure from tables."""

import argparse
import importlib
import json
from pathlib import Path

import pandas as pd

from goalsplice.analysis.published import read_published
from goalsplice.cli.common import parse
from goalsplice.figures.style import save, styled
from goalsplice.io.errors import StudyError, run
from goalsplice.io.frames import read_frame
from goalsplice.settings.labels import PUBLISHED


def read(paths: list[str], tables: dict[str, list[str]]) -> dict[str, pd.DataFrame]:
    """The tables that a figure takes, by their files' names; a .csv is the author's learning curve, `published`.

    Args:
        paths: the files.
        tables: which tables the figure takes, and the columns that it reads of them.

    Raises:
        StudyError: a table is not among the paths, or a column is not in its table.
    """
    found = {PUBLISHED if path.endswith(".csv") else Path(path).stem: path for path in paths}
    for table in tables:
        if table not in found:
            raise StudyError(f"the figure needs the table {table}; name its file after --tables")
    return {
        table: read_published(found[table]) if table == PUBLISHED else read_frame(found[table], columns)
        for table, columns in tables.items()
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--figure", required=True, help="module of goalsplice.figures")
    parser.add_argument("--tables", nargs="*", default=[], help="what it reads")
    parser.add_argument("--published", required=True, help="the author's learning curve, for figures that have it")
    parser.add_argument("--config", type=json.loads, required=True, help="what it needs of config.yaml, as JSON")
    parser.add_argument("--outputs", nargs="+", required=True, help="files to draw, by whose suffix the format follows")
    options = parse(parser)
    module = importlib.import_module(f"goalsplice.figures.{options.figure}")
    with styled(options.config.get("arms", {})):
        figure = module.draw(read([*options.tables, options.published], module.TABLES), options.config)
        for path in options.outputs:
            save(figure, path)


if __name__ == "__main__":
    run(main)
