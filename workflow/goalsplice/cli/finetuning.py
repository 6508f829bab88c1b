"""Fine-tune a run's checkpoints, on a new colour and on the run's next objective: how they learn it."""

from pathlib import Path

from goalsplice.agent.device import DEVICES, resolve
from goalsplice.agent.finetuning import save_actor
from goalsplice.cli import runs
from goalsplice.experiments.evaluation import levels
from goalsplice.experiments.finetuning import Tuned, finetuned, objectives_of
from goalsplice.io.errors import run
from goalsplice.settings.sections import FineTuning


def line(tuned: Tuned, rollouts: int) -> str:
    """One line of progress for the log."""
    row = tuned.row
    return (
        f"phase {row['phase']}, {row['wanted']} to {row['objective']}  rollout {row['rollout']}/{rollouts}  "
        f"return {row['return_' + row['objective']]:.3f}  distance {row['distance']:.3f}  {tuned.seconds:.1f} s"
    )


def main() -> None:
    parser = runs.arguments(__doc__, FineTuning, levels_seed=True)
    parser.add_argument("--target", required=True, help="the new colour")
    parser.add_argument("--device", choices=DEVICES, required=True, help="where the networks are updated")
    parser.add_argument("--checkpoints", type=Path, nargs="+", required=True, help="of the settings' phases")
    parser.add_argument("--actors", type=Path, nargs="+", required=True, help="where those trained on the target go")
    parser.add_argument("--output", required=True, help="where the finetuning table goes")
    options = runs.parse(parser)
    settings, target, device = options.finetuning, options.target, resolve(options.device)
    this = runs.load(options, options.checkpoints, settings.phases)
    on = levels(settings.level_distribution, settings.levels, options.levels_seed, this.recipe.grid_size)
    rows = []
    for phase, path in zip(settings.phases, options.actors, strict=True):
        for objective in objectives_of(this, phase, target):
            for tuned in finetuned(this, phase, objective, settings, on, device):
                rows.append(tuned.row)
                runs.say(line(tuned, settings.rollouts))
            if objective == target:
                save_actor(path, tuned.agent, this.header(phase, target))
    runs.write(options.output, rows)


if __name__ == "__main__":
    run(main)
