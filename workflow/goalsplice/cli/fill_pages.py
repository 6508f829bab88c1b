"""Put the numbers of the published CSV files and of config.yaml between the marks of README.md and the result pages."""

import argparse
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from goalsplice.analysis.numbers import Published
from goalsplice.analysis.pages import filled
from goalsplice.io.errors import StudyError, run
from goalsplice.io.files import replacing

NUMBERS, RESULTS = "docs/numbers.yaml", "docs/results"


def described(project: Path) -> dict[str, Any]:
    """Content of docs/numbers.yaml.

    Raises:
        StudyError: it is not there, or lacks a section.
    """
    path = project / NUMBERS
    if not path.exists():
        raise StudyError(f"{path} is not there; restore it from the repository")
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    for section in ("pages", "allowed", "numbers", "tables"):
        if section not in content:
            raise StudyError(f"{path} lacks the section '{section}'; restore it from the repository")
    return content


def published(project: Path) -> Published:
    """What numbers are looked up in, as it lies in a project's folder."""
    tables = {
        path.stem: pd.read_csv(path, dtype=str, keep_default_na=False)
        for path in sorted((project / RESULTS).glob("*.csv"))
    }
    config = yaml.safe_load((project / "config.yaml").read_text(encoding="utf-8"))
    return Published(described(project)["numbers"], tables, config)


def filled_pages(project: Path) -> dict[str, str]:
    """Each page that has marks, filled anew, by its place in the project.

    Raises:
        StudyError: a mark is broken, or names no number.
    """
    content, found = described(project), published(project)
    return {
        place: filled((project / place).read_text(encoding="utf-8"), place, content["tables"], found)
        for place in content["pages"]
    }


def fill_pages(project: Path) -> None:
    """Write these pages."""
    for place, text in filled_pages(project).items():
        with replacing(project / place) as aside:
            aside.write_text(text, encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--project", type=Path, default=Path(), help="where the Snakefile is; by default, here")
    fill_pages(parser.parse_args().project)


if __name__ == "__main__":
    run(main)
