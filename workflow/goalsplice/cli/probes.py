"""Fit linear probes to the activations of one training run's checkpoints, and score them on other levels and phases."""

from pathlib import Path

from goalsplice.cli import runs
from goalsplice.experiments.probes import probe_run
from goalsplice.io.errors import run
from goalsplice.settings.sections import Probes


def main() -> None:
    parser = runs.arguments(__doc__, Probes)
    parser.add_argument("--checkpoints", type=Path, nargs="+", required=True, help="of probed phases, in their order")
    parser.add_argument("--output", required=True, help="where the probes table goes")
    options = runs.parse(parser)
    this = runs.load(options, options.checkpoints, options.probes.phases)
    runs.write(options.output, probe_run(this, options.probes))


if __name__ == "__main__":
    run(main)
