"""Evaluate all checkpoints of one training run on fixed levels."""

from pathlib import Path

from goalsplice.cli import runs
from goalsplice.experiments.evaluation import evaluate_run
from goalsplice.io.errors import run
from goalsplice.settings.sections import Evaluation


def main() -> None:
    parser = runs.arguments(__doc__, Evaluation)
    parser.add_argument("--checkpoints", type=Path, nargs="+", required=True, help="each phase's checkpoint, in order")
    parser.add_argument("--output", required=True, help="where the evaluation table goes")
    options = runs.parse(parser)
    runs.write(options.output, evaluate_run(runs.load(options, options.checkpoints), options.evaluation))


if __name__ == "__main__":
    run(main)
