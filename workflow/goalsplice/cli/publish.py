"""Copy the study's tables and figures to docs/results, and fill the pages that quote them."""

import argparse
import io
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pandas as pd

from goalsplice.analysis.publishing import rows_over_seeds
from goalsplice.cli.common import parse
from goalsplice.cli.fill_pages import RESULTS, fill_pages
from goalsplice.io.errors import run
from goalsplice.io.files import replacing
from goalsplice.io.frames import read_frame

_FORMAT: dict[str, Any] = {"index": False, "float_format": "%.6g", "lineterminator": "\n"}
_OVER_SEEDS = "_over_seeds"


def write_csv(path: Path, frame: pd.DataFrame) -> None:
    """Write a table as pages and readers have it: six digits, nothing for what is missing."""
    with replacing(path) as aside:
        frame.to_csv(aside, **_FORMAT)


def as_published(paths: Iterable[Path]) -> dict[str, pd.DataFrame]:
    """Tables by the name that they are published under, each cell as the text that is then in the CSV file."""
    found = {}
    for path in paths:
        frame = read_frame(path)
        over_seeds = path.stem.endswith(_OVER_SEEDS)
        text = io.StringIO((rows_over_seeds(frame) if over_seeds else frame).to_csv(**_FORMAT))
        found[path.stem.removesuffix(_OVER_SEEDS)] = pd.read_csv(text, dtype=str, keep_default_na=False)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tables", type=Path, nargs="*", default=[], help="tables to be copied as CSV files")
    parser.add_argument("--over-seeds", type=Path, nargs="*", default=[], help="tables, for their rows over seeds")
    parser.add_argument("--renamed", metavar="NAME", help="what the one table is called there, if not as its file")
    parser.add_argument("--figures", type=Path, nargs="*", default=[], help="PNG files")
    parser.add_argument("--project", type=Path, required=True, help="where the pages and docs/results are")
    options = parse(parser)
    tables = {options.renamed or path.stem: read_frame(path) for path in options.tables}
    over = {path.stem.removesuffix(_OVER_SEEDS): rows_over_seeds(read_frame(path)) for path in options.over_seeds}
    folder = options.project / RESULTS
    for name, frame in {**tables, **over}.items():
        write_csv(folder / f"{name}.csv", frame)
    for figure in options.figures:
        with replacing(folder / figure.name) as aside:
            shutil.copyfile(figure, aside)
    fill_pages(options.project)


if __name__ == "__main__":
    run(main)
