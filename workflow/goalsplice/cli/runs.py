"""What the stages of one run share: how they take their arguments, read the run's checkpoints, and write its rows.

Apart from `common.py`, since these load networks: a stage that reads tables must not depend on them.
"""

import argparse
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

import pandas as pd

from goalsplice.agent.numerics import prepare_process
from goalsplice.agent.recipe import Recipe
from goalsplice.agent.runs import Run, load_run
from goalsplice.cli import common
from goalsplice.io.frames import write_frame
from goalsplice.settings.sections import Section


def arguments(description: str | None, *sections: type[Section], levels_seed: bool = False) -> argparse.ArgumentParser:
    """The run's arm and seed, its recipe, and what the stage depends on of config.yaml.

    Args:
        description: the stage's.
        sections: each is an argument by the name that config.yaml has for it.
        levels_seed: whether the stage plays levels of the evaluation.
    """
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--arm", required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--recipe", type=Recipe.from_json, required=True, help="as JSON")
    for section in sections:
        said = f"config.yaml's {section.named}, as JSON"
        parser.add_argument(f"--{section.named.replace('_', '-')}", type=section.from_json, required=True, help=said)
    if levels_seed:
        parser.add_argument("--levels-seed", type=int, required=True, help="where levels are drawn from")
    return parser


def parse(parser: argparse.ArgumentParser) -> argparse.Namespace:
    """A stage's arguments from the command line (`common.parse`); the process is made ready for networks."""
    options = common.parse(parser)
    prepare_process()
    return options


def load(options: argparse.Namespace, paths: Sequence[Path], phases: Iterable[int] | None = None) -> Run:
    """The run that `arguments` names, from its checkpoints.

    Args:
        phases: those of the checkpoints; by default all from 0 on.

    Raises:
        StudyError: a file is missing, damaged, or of another run, phase or recipe.
    """
    return load_run(options.arm, options.seed, options.recipe, range(len(paths)) if phases is None else phases, paths)


def say(text: str) -> None:
    """Write a line to the log."""
    print(text, file=sys.stderr, flush=True)


def write(path: str | Path, rows: Iterable[dict], columns: Sequence[str] | None = None) -> None:
    """Write the run's rows of a table.

    Args:
        columns: named where there may be no rows.
    """
    write_frame(path, pd.DataFrame(rows, columns=columns))
