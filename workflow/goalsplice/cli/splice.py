"""Edit pairs of phases' actors towards each other in every way of `edits/`, with controls, and test the results."""

import sys
import time

import pandas as pd

from goalsplice.agent.arithmetic import prepare_process
from goalsplice.cli.common import parse
from goalsplice.cli.pairs import arguments, runs
from goalsplice.experiments.bench import Bench
from goalsplice.experiments.splices import pair_rows, pairs_of
from goalsplice.io.errors import run
from goalsplice.io.frames import write_frame


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("--output", required=True, help="where the splices table goes")
    options = parse(parser)
    settings = options.splices
    prepare_process()

    bench = Bench.of(options.recipe, settings, options.levels_seed)
    rows, start, ways = [], time.perf_counter(), 2 * len(settings.pairs)
    for number, pair in enumerate(pairs_of(*runs(options), settings), start=1):
        rows += pair_rows(pair, bench, settings.draws)
        left = (time.perf_counter() - start) / number * (ways - number)
        way = f"phase {pair.context.donor.phase} into {pair.context.phase}"
        print(f"{way}  {len(rows)} networks tested  {left:.0f} s left", file=sys.stderr, flush=True)
    write_frame(options.output, pd.DataFrame(rows))


if __name__ == "__main__":
    run(main)
