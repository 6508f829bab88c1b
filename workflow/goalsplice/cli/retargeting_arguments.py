"""What the stages share that edit a run's checkpoints for a new colour."""

import argparse
from pathlib import Path

from goalsplice.agent.finetuning import load_actor
from goalsplice.agent.runs import Checkpoint
from goalsplice.cli import runs
from goalsplice.settings.sections import Retargeting, Section


def arguments(description: str | None, *sections: type[Section]) -> argparse.ArgumentParser:
    """The arguments that name the run, its checkpoints and those trained on the new colour, and the settings."""
    parser = runs.arguments(description, Retargeting, *sections, levels_seed=True)
    parser.add_argument("--late", type=int, nargs="+", required=True, help="phases with all edits and controls")
    parser.add_argument("--checkpoints", type=Path, nargs="+", required=True, help="each phase's, in order")
    parser.add_argument("--finetuned-phases", type=int, nargs="*", default=[], help="phases of --finetuned-actors")
    parser.add_argument("--finetuned-actors", type=Path, nargs="*", default=[], help="those trained on the target")
    parser.add_argument("--output", required=True, help="where the table goes")
    return parser


def load_tuned(options: argparse.Namespace) -> dict[int, Checkpoint]:
    """By phase, the checkpoints that were trained on the target.

    Raises:
        StudyError: a file is missing, damaged, or of another run, phase, recipe or colour.
    """
    target, tuned = options.retargeting.target, {}
    for phase, path in zip(options.finetuned_phases, options.finetuned_actors, strict=True):
        expected = {"arm": options.arm, "seed": options.seed, "phase": phase, "objective": target}
        tuned[phase] = Checkpoint(options.seed, phase, target, load_actor(path, options.recipe, **expected)[0])
    return tuned
