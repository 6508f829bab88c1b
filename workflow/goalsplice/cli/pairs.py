"""What the stages share that edit pairs of a run's checkpoints."""

import argparse
from collections.abc import Iterator
from pathlib import Path

from goalsplice.agent.runs import load_run
from goalsplice.cli import runs
from goalsplice.experiments.splices import Pair, pairs_of
from goalsplice.settings.sections import Splices


def arguments(description: str | None) -> argparse.ArgumentParser:
    """The arguments that name the run, its checkpoints and another run's, and the settings."""
    parser = runs.arguments(description, Splices, levels_seed=True)
    parser.add_argument("--phases", type=int, nargs="+", required=True, help="phases of --checkpoints")
    parser.add_argument("--checkpoints", type=Path, nargs="+", required=True, help="those phases' checkpoints")
    parser.add_argument("--other-seed", type=int, help="the run of --other-checkpoints")
    parser.add_argument("--other-checkpoints", type=Path, nargs="*", default=[], help="the same phases of another run")
    return parser


def load(options: argparse.Namespace) -> Iterator[Pair]:
    """The pairs of the settings, from the checkpoints that `arguments` names.

    Raises:
        StudyError: see `load_run`.
    """
    this, other = runs.load(options, options.checkpoints, options.phases), None
    if options.other_checkpoints:
        other = load_run(options.arm, options.other_seed, options.recipe, options.phases, options.other_checkpoints)
    return pairs_of(this, other, options.splices)
