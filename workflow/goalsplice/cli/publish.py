"""Put the study's figures and main numbers where README.md shows them."""

import argparse
import shutil
from pathlib import Path

from goalsplice.analysis.publishing import results_text, rows_over_seeds, with_results
from goalsplice.cli.common import parse
from goalsplice.io.errors import run
from goalsplice.io.files import replacing
from goalsplice.io.frames import read_frame


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tables", type=Path, nargs="+", required=True, help="tables to be copied as CSV files")
    parser.add_argument("--over-seeds", type=Path, nargs="+", required=True, help="tables, for their rows over seeds")
    parser.add_argument("--figures", type=Path, nargs="+", required=True, help="PNG files")
    parser.add_argument("--readme", type=Path, required=True)
    parser.add_argument("--folder", type=Path, required=True, help="where copies of figures and tables go")
    options = parse(parser)
    tables = {path.stem: read_frame(path) for path in options.tables}
    over = {path.stem.removesuffix("_over_seeds"): rows_over_seeds(read_frame(path)) for path in options.over_seeds}
    for name, frame in {**tables, **over}.items():
        with replacing(options.folder / f"{name}.csv") as aside:
            frame.to_csv(aside, index=False, float_format="%.6g", lineterminator="\n")
    for figure in options.figures:
        with replacing(options.folder / figure.name) as aside:
            shutil.copyfile(figure, aside)
    text = results_text(tables["summary"], tables["edit_effects"], tables["retargeting_effects"])
    page = with_results(options.readme.read_text(encoding="utf-8"), text)
    with replacing(options.readme) as aside:
        aside.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    run(main)
