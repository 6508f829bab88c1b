"""Add the goal vectors of one run, and of others, to the checkpoints of one run, and test what comes out."""

import argparse
import sys
import time
from pathlib import Path

import pandas as pd

from goalsplice.agent.arithmetic import prepare_process
from goalsplice.agent.recipe import Recipe
from goalsplice.agent.runs import load_runs
from goalsplice.cli.common import parse
from goalsplice.experiments.bench import Bench
from goalsplice.experiments.transport import Transport
from goalsplice.io.errors import StudyError, run
from goalsplice.io.frames import write_frame
from goalsplice.settings.sections import Splices


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--arm", required=True)
    parser.add_argument("--seed", type=int, required=True, help="the run that is edited")
    parser.add_argument("--recipe", type=Recipe.from_json, required=True, help="as JSON")
    parser.add_argument("--splices", type=Splices.from_json, required=True, help="config.yaml's splices, as JSON")
    parser.add_argument(
        "--phases", type=int, nargs="*", default=[], help="more phases that are edited, beside the pairs'"
    )
    parser.add_argument("--levels-seed", type=int, required=True, help="where levels are drawn from")
    parser.add_argument(
        "--checkpoints", type=Path, nargs="+", required=True, help="of that run and of the others whose vectors it gets"
    )
    parser.add_argument("--output", required=True, help="where the transports table goes")
    options = parse(parser)
    settings = options.splices
    prepare_process()

    runs = load_runs(options.arm, options.recipe, options.checkpoints)
    if options.seed not in runs:
        raise StudyError(f"--checkpoints has none of seed {options.seed}; name that run's files too")
    bench = Bench.of(options.recipe, settings, options.levels_seed)
    transport, start = Transport(runs[options.seed], bench, settings.draws), time.perf_counter()
    rows = list(transport.within(settings, options.phases))
    print(f"within the run: {len(rows)} networks, {time.perf_counter() - start:.0f} s", file=sys.stderr, flush=True)
    rows += transport.between(runs.values(), settings)
    print(f"and between runs: {len(rows)} networks, {time.perf_counter() - start:.0f} s", file=sys.stderr, flush=True)
    write_frame(options.output, pd.DataFrame(rows))


if __name__ == "__main__":
    run(main)
