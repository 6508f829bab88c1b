"""Compare the directions in which neighbouring phases' actors differ: all pairs of switches of one training run."""

from pathlib import Path

from goalsplice.cli import runs
from goalsplice.experiments.similarity import COSINE_COLUMNS, WITHIN_COLUMNS, within_run
from goalsplice.io.errors import run


def main() -> None:
    parser = runs.arguments(__doc__)
    parser.add_argument("--checkpoints", type=Path, nargs="+", required=True, help="each phase's checkpoint, in order")
    parser.add_argument("--output", required=True, help="where the similarity table goes")
    options = runs.parse(parser)
    # Columns are named, since a run of two phases has but one difference and so no rows.
    rows = within_run(runs.load(options, options.checkpoints))
    runs.write(options.output, rows, [*WITHIN_COLUMNS, *COSINE_COLUMNS])


if __name__ == "__main__":
    run(main)
