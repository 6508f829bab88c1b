"""Edit a run's checkpoints such that they fetch a colour they were never rewarded for, and test the results."""

from pathlib import Path

from goalsplice.agent.runs import load_run
from goalsplice.cli import retargeting_arguments, runs
from goalsplice.experiments.retargeting import RetargetedRun
from goalsplice.io.errors import run


def main() -> None:
    parser = retargeting_arguments.arguments(__doc__)
    parser.add_argument("--other-seed", type=int, help="the run of --other-checkpoints")
    parser.add_argument("--other-checkpoints", type=Path, nargs="*", default=[], help="the late phases of another run")
    options = runs.parse(parser)
    this, late, other = runs.load(options, options.checkpoints), options.late, None
    if options.other_checkpoints:
        other = load_run(options.arm, options.other_seed, options.recipe, late, options.other_checkpoints)
    tuned = retargeting_arguments.load_tuned(options)
    retargeted = RetargetedRun.of(this, other, tuned, late, options.retargeting, options.levels_seed)
    rows = []
    for phase in this.checkpoints:
        rows += retargeted.rows(phase)
        runs.say(f"phase {phase} of {len(this.checkpoints)}  {len(rows)} agents tested")
    runs.write(options.output, rows)


if __name__ == "__main__":
    run(main)
