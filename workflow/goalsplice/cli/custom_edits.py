"""Score the configuration's own edits of one run, on the same pairs, levels and controls as the splices."""

import json
import time
from pathlib import Path

import pandas as pd

from goalsplice.cli import pairs, runs
from goalsplice.experiments.bench import Bench
from goalsplice.experiments.custom import score_custom, unscored
from goalsplice.io.errors import StudyError, run
from goalsplice.io.frames import write_frame
from goalsplice.settings.plugin import digest


def main() -> None:
    parser = pairs.arguments(__doc__)
    parser.add_argument("--edits", type=json.loads, required=True, help="config.yaml's custom_edits, as JSON")
    parser.add_argument("--files", required=True, help="the digest of the files that they are made of")
    parser.add_argument("--project", type=Path, required=True, help="the folder below which their modules are")
    parser.add_argument("--output", required=True, help="where the custom_edits table goes")
    options = runs.parse(parser)
    bench = Bench.of(options.recipe, options.splices, options.levels_seed)
    edited = list(pairs.load(options))
    rows = []
    for edit in options.edits:
        start = time.perf_counter()
        found = score_custom(edit, options.project, edited, bench, options.splices.draws)
        rows += found
        problems = [row["problem"] for row in found if row["problem"]]
        outcome = problems[0] if problems else f"{len(found)} networks tested in {time.perf_counter() - start:.0f} s"
        runs.say(f"{edit['name']}: {outcome}")
    if digest(options.edits, options.project) != options.files:
        raise StudyError("the files of the custom edits changed while they were scored; run snakemake again")
    # A study without custom edits has no rows, but columns of their types.
    blank = unscored("", edited[0], bench, "")
    write_frame(options.output, pd.DataFrame(rows or [blank]).head(len(rows)))


if __name__ == "__main__":
    run(main)
