"""Take apart the differences between neighbouring phases' actors of one training run."""

from itertools import pairwise
from pathlib import Path

from goalsplice.agent.seeding import generator
from goalsplice.cli import runs
from goalsplice.edits.edit import Context
from goalsplice.experiments.anatomy import anatomy
from goalsplice.experiments.exchange import exchanges
from goalsplice.io.errors import run


def main() -> None:
    parser = runs.arguments(__doc__)
    parser.add_argument("--checkpoints", type=Path, nargs="+", required=True, help="each phase's checkpoint, in order")
    parser.add_argument("--anatomy-output", required=True, help="where the anatomy table goes")
    parser.add_argument("--exchanges-output", required=True, help="where the exchanges table goes")
    options = runs.parse(parser)
    this = runs.load(options, options.checkpoints)

    parts, swaps = [], []
    for phase, following in pairwise(this.checkpoints):
        context = Context(this, phase, this.checkpoints[following])
        numbers = generator(this.arm, this.seed, "anatomy", phase)
        parts += [{**context.identity, **row} for row in anatomy(*context.actors, context.encoding, numbers)]
        swaps += [{**context.identity, **row} for row in exchanges(*context.actors, context.encoding)]
    runs.write(options.anatomy_output, parts)
    runs.write(options.exchanges_output, swaps)


if __name__ == "__main__":
    run(main)
