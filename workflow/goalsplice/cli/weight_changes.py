"""Take apart the differences between neighbouring phases' actors of one training run."""

from itertools import pairwise
from pathlib import Path

from goalsplice.agent.seeding import generator
from goalsplice.cli import runs
from goalsplice.edits.edit import Context
from goalsplice.experiments.colour_exchanges import colour_exchanges
from goalsplice.experiments.weight_changes import weight_changes
from goalsplice.io.errors import run


def main() -> None:
    parser = runs.arguments(__doc__)
    parser.add_argument("--checkpoints", type=Path, nargs="+", required=True, help="each phase's checkpoint, in order")
    parser.add_argument("--weight-changes-output", required=True, help="where the weight_changes table goes")
    parser.add_argument("--colour-exchanges-output", required=True, help="where the colour_exchanges table goes")
    options = runs.parse(parser)
    this = runs.load(options, options.checkpoints)

    parts, swaps = [], []
    for phase, following in pairwise(this.checkpoints):
        context = Context(this, phase, this.checkpoints[following])
        numbers = generator(this.arm, this.seed, "weight_changes", phase)
        parts += [{**context.identity, **row} for row in weight_changes(*context.actors, context.encoding, numbers)]
        swaps += [{**context.identity, **row} for row in colour_exchanges(*context.actors, context.encoding)]
    runs.write(options.weight_changes_output, parts)
    runs.write(options.colour_exchanges_output, swaps)


if __name__ == "__main__":
    run(main)
