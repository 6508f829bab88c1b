"""Draw one figure from tables."""

import argparse
import importlib
import json
from pathlib import Path

import pandas as pd

from goalsplice.errors import run
from goalsplice.figures.style import save, styled
from goalsplice.measure.published import PUBLISHED, read_published
from goalsplice.measure.tables import read_frame


def read(path: str) -> tuple[str, pd.DataFrame]:
    """A table and its name: the file's, or `published` for the author's learning curve."""
    if path.endswith(".csv"):
        return PUBLISHED, read_published(path)
    return Path(path).stem, read_frame(path)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--figure", required=True, help="module of goalsplice.figures")
    parser.add_argument("--tables", nargs="*", default=[], help="what it reads")
    parser.add_argument("--config", type=json.loads, required=True, help="what it needs of config.yaml, as JSON")
    parser.add_argument("--outputs", nargs="+", required=True, help="files to draw, by whose suffix the format follows")
    options = parser.parse_args()
    module = importlib.import_module(f"goalsplice.figures.{options.figure}")
    with styled():
        figure = module.draw(dict(map(read, options.tables)), options.config)
        for path in options.outputs:
            save(figure, path)


if __name__ == "__main__":
    run(main)
