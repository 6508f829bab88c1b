"""Write what the report says first: this study's main numbers beside the published ones, and main figures."""

import argparse
import json
from pathlib import Path

from goalsplice.analysis.first_page import page, table
from goalsplice.analysis.numbers import Published
from goalsplice.cli.common import parse
from goalsplice.cli.fill_pages import described, published
from goalsplice.cli.publish import as_published
from goalsplice.io.errors import run
from goalsplice.io.files import replacing
from goalsplice.io.records import mark


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tables", type=Path, nargs="+", required=True, help="tables that are published as CSV files")
    parser.add_argument("--figures", type=Path, nargs="+", required=True, help="SVG files")
    parser.add_argument("--titles", type=json.loads, required=True, help="the figures' titles by name, as JSON")
    parser.add_argument("--config", type=json.loads, required=True, help="the study's configuration, as JSON")
    parser.add_argument("--intro", type=Path, required=True, help="how the page begins")
    parser.add_argument("--project", type=Path, required=True, help="where docs/numbers.yaml and docs/results are")
    parser.add_argument("--output", type=Path, required=True)
    options = parse(parser)
    content, known = described(options.project), published(options.project)
    own = Published(content["numbers"], as_published(options.tables), options.config)
    figures = [(options.titles[path.stem], path.read_bytes()) for path in options.figures]
    text = page(options.intro.read_text(encoding="utf-8"), table(content["tables"]["main"], own, known), figures)
    with replacing(options.output) as aside:
        aside.write_text(f"{text}\n.. {mark(options.output)}\n", encoding="utf-8")


if __name__ == "__main__":
    run(main)
