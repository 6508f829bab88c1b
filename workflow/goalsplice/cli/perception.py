"""Test whether edits that make a run's checkpoints fetch a new colour changed its goal, or what it sees."""

from goalsplice.cli import retargeting_arguments, runs
from goalsplice.experiments.perception import PerceptionTests
from goalsplice.io.errors import run
from goalsplice.settings.sections import Perception


def main() -> None:
    options = runs.parse(retargeting_arguments.arguments(__doc__, Perception))
    this, tuned = runs.load(options, options.checkpoints), retargeting_arguments.load_tuned(options)
    tests = PerceptionTests.of(this, tuned, options.late, options.perception, options.retargeting, options.levels_seed)
    rows = []
    for phase in options.late:
        rows += tests.rows(phase)
        runs.say(f"phase {phase}  {len(rows)} rows")
    runs.write(options.output, rows)


if __name__ == "__main__":
    run(main)
