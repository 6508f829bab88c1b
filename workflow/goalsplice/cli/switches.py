"""Measure one run's last switches: how far the weights travel, and how well the goal is spliced and retargeted."""

from pathlib import Path

from goalsplice.cli import runs
from goalsplice.experiments.switches import RETARGETING_COLUMNS, SWITCH_COLUMNS, Switches
from goalsplice.io.errors import run
from goalsplice.settings.sections import Ablations, Retargeting


def main() -> None:
    parser = runs.arguments(__doc__, Ablations, Retargeting, levels_seed=True)
    parser.add_argument("--checkpoints", type=Path, nargs="+", required=True, help="each phase's checkpoint, in order")
    parser.add_argument("--switches-output", required=True, help="where the switches table goes")
    parser.add_argument("--switch-retargeting-output", required=True, help="where the switch_retargeting table goes")
    options = runs.parse(parser)
    this, retargeting = runs.load(options, options.checkpoints), options.retargeting
    switches = Switches.of(this, options.ablations, retargeting, options.levels_seed)
    runs.write(options.switches_output, switches.rows(), SWITCH_COLUMNS)
    runs.write(options.switch_retargeting_output, switches.retargeting_rows(), RETARGETING_COLUMNS)


if __name__ == "__main__":
    run(main)
