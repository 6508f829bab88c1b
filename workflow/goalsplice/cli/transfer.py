"""Add the task vectors of one run, and of others, to the checkpoints of one run, and test what comes out."""

import time
from pathlib import Path

from goalsplice.agent.runs import load_runs
from goalsplice.cli import runs
from goalsplice.experiments.bench import Bench
from goalsplice.experiments.transfer import Transfer
from goalsplice.io.errors import StudyError, run
from goalsplice.settings.sections import Splices


def main() -> None:
    parser = runs.arguments(__doc__, Splices, levels_seed=True)
    parser.add_argument(
        "--phases", type=int, nargs="*", default=[], help="more phases that are edited, beside the pairs'"
    )
    parser.add_argument(
        "--checkpoints", type=Path, nargs="+", required=True, help="of that run and of the others whose vectors it gets"
    )
    parser.add_argument("--output", required=True, help="where the transfer table goes")
    options = runs.parse(parser)
    settings = options.splices

    loaded = load_runs(options.arm, options.recipe, options.checkpoints)
    if options.seed not in loaded:
        raise StudyError(f"--checkpoints has none of seed {options.seed}; name that run's files too")
    bench = Bench.of(options.recipe, settings, options.levels_seed)
    transfer, start = Transfer(loaded[options.seed], bench, settings.draws), time.perf_counter()
    rows = list(transfer.within(settings, options.phases))
    runs.say(f"within the run: {len(rows)} networks, {time.perf_counter() - start:.0f} s")
    rows += transfer.between(loaded.values(), settings)
    runs.say(f"and between runs: {len(rows)} networks, {time.perf_counter() - start:.0f} s")
    runs.write(options.output, rows)


if __name__ == "__main__":
    run(main)
