"""The arguments of stages that edit pairs of a run's checkpoints, and the runs that they name."""

import argparse
from pathlib import Path

from goalsplice.agent.recipe import Recipe
from goalsplice.agent.runs import Run, load_run
from goalsplice.settings.sections import Splices


def arguments(description: str | None) -> argparse.ArgumentParser:
    """The arguments that name the run, its checkpoints and another run's, and the settings."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--arm", required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--recipe", type=Recipe.from_json, required=True, help="as JSON")
    parser.add_argument("--splices", type=Splices.from_json, required=True, help="config.yaml's splices, as JSON")
    parser.add_argument("--levels-seed", type=int, required=True, help="where levels are drawn from")
    parser.add_argument("--phases", type=int, nargs="+", required=True, help="phases of --checkpoints")
    parser.add_argument("--checkpoints", type=Path, nargs="+", required=True, help="those phases' checkpoints")
    parser.add_argument("--other-seed", type=int, help="the run of --other-checkpoints")
    parser.add_argument("--other-checkpoints", type=Path, nargs="*", default=[], help="the same phases of another run")
    return parser


def runs(options: argparse.Namespace) -> tuple[Run, Run | None]:
    """The run, and the other one if it is named.

    Raises:
        StudyError: see `load_run`.
    """
    run, other = (
        load_run(options.arm, seed, options.recipe, options.phases, paths) if paths else None
        for seed, paths in ((options.seed, options.checkpoints), (options.other_seed, options.other_checkpoints))
    )
    return run, other
