"""Edit pairs of phases' actors towards each other in every way of `edits/`, with controls, and test the results."""

import time

from goalsplice.cli import pairs, runs
from goalsplice.experiments.bench import Bench
from goalsplice.experiments.splices import pair_rows
from goalsplice.io.errors import run


def main() -> None:
    parser = pairs.arguments(__doc__)
    parser.add_argument("--output", required=True, help="where the splices table goes")
    options = runs.parse(parser)
    settings = options.splices
    bench = Bench.of(options.recipe, settings, options.levels_seed)
    rows, start, ways = [], time.perf_counter(), 2 * len(settings.pairs)
    for number, pair in enumerate(pairs.load(options), start=1):
        rows += pair_rows(pair, bench, settings.draws)
        left = (time.perf_counter() - start) / number * (ways - number)
        way = f"phase {pair.context.donor.phase} into {pair.context.phase}"
        runs.say(f"{way}  {len(rows)} networks tested  {left:.0f} s left")
    runs.write(options.output, rows)


if __name__ == "__main__":
    run(main)
