"""Edit pairs of phases' actors towards each other in every way of `edits/`, with controls, and test the results."""

import sys
import time
from itertools import chain

import pandas as pd

from goalsplice.agent.numerics import prepare_process
from goalsplice.cli.common import parse
from goalsplice.cli.pairs import arguments, levels_of, pairs_of_run
from goalsplice.edits.families import all_edits
from goalsplice.experiments.scoring import bounds, score
from goalsplice.io.errors import run
from goalsplice.io.frames import write_frame


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("--output", required=True, help="where the splices table goes")
    options = parse(parser)
    recipe, settings, on = options.recipe, options.splices, levels_of(options)
    prepare_process()

    rows, start, ways = [], time.perf_counter(), 2 * len(settings["pairs"])
    for number, (identity, pair) in enumerate(pairs_of_run(options), start=1):
        edits = all_edits(pair.recipient, pair.donor, pair.met, recipe)
        scored = (score(pair, edit, on, settings["draws"], recipe) for edit in edits)
        rows += [{**identity, **row} for row in chain(bounds(pair, on, recipe), *scored)]
        left = (time.perf_counter() - start) / number * (ways - number)
        print(
            f"phase {identity['donor_phase']} into {identity['recipient_phase']}  {len(rows)} networks tested  "
            f"{left:.0f} s left",
            file=sys.stderr,
            flush=True,
        )
    write_frame(options.output, pd.DataFrame(rows))


if __name__ == "__main__":
    run(main)
