"""Put the study's figures and main numbers where README.md shows them."""

import argparse
import shutil
from pathlib import Path

from goalsplice.errors import run
from goalsplice.files import replacing
from goalsplice.frames import read_frame
from goalsplice.publishing import results_text, shares_by_seed, shares_over_seeds, with_results


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--summary", required=True, help="the summary table")
    parser.add_argument("--measures", required=True, help="the measures table")
    parser.add_argument("--splices", required=True, help="the splices table")
    parser.add_argument("--figures", nargs="+", required=True, help="PNG files")
    parser.add_argument("--readme", type=Path, required=True)
    parser.add_argument("--folder", type=Path, required=True, help="where copies of figures and numbers go")
    options = parser.parse_args()
    summary, by_seed = read_frame(options.summary), shares_by_seed(read_frame(options.splices))
    shares = shares_over_seeds(by_seed)
    numbers = {
        "summary": summary,
        "measures": read_frame(options.measures),
        "layer_splices": shares,
        "layer_splices_by_seed": by_seed,
    }
    for name, frame in numbers.items():
        with replacing(options.folder / f"{name}.csv") as aside:
            frame.to_csv(aside, index=False, float_format="%.6g", lineterminator="\n")
    for figure in options.figures:
        with replacing(options.folder / Path(figure).name) as aside:
            shutil.copyfile(figure, aside)
    page = with_results(options.readme.read_text(encoding="utf-8"), results_text(summary, shares))
    with replacing(options.readme) as aside:
        aside.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    run(main)
