"""Measure one run's last switches: how far the weights travel, and how well the goal is spliced and retargeted."""

from pathlib import Path

from goalsplice.cli import runs
from goalsplice.experiments.switches import SWITCH_COLUMNS, Switches, aim_columns
from goalsplice.io.errors import run
from goalsplice.settings.sections import Ablations, Retargets


def main() -> None:
    parser = runs.arguments(__doc__, Ablations, Retargets, levels_seed=True)
    parser.add_argument("--checkpoints", type=Path, nargs="+", required=True, help="each phase's checkpoint, in order")
    parser.add_argument("--switches-output", required=True, help="where the switches table goes")
    parser.add_argument("--aims-output", required=True, help="where the aims table goes")
    options = runs.parse(parser)
    this, retargets = runs.load(options, options.checkpoints), options.retargets
    switches = Switches.of(this, options.ablations, retargets, options.levels_seed)
    runs.write(options.switches_output, switches.rows(), SWITCH_COLUMNS)
    runs.write(options.aims_output, switches.aim_rows(), aim_columns(retargets.target))


if __name__ == "__main__":
    run(main)
