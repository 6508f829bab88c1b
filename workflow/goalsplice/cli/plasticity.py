"""Measure how able to learn one run's networks still are at the end of each phase."""

from pathlib import Path

from goalsplice.cli import runs
from goalsplice.experiments.plasticity import plasticity_of_run
from goalsplice.io.errors import run


def main() -> None:
    parser = runs.arguments(__doc__)
    parser.add_argument("--checkpoints", type=Path, nargs="+", required=True, help="each phase's checkpoint, in order")
    parser.add_argument("--output", required=True, help="where the plasticity table goes")
    options = runs.parse(parser)
    runs.write(options.output, plasticity_of_run(runs.load(options, options.checkpoints)))


if __name__ == "__main__":
    run(main)
