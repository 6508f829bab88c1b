"""Everything that writes a kind of file, on small content."""

import sys
from collections.abc import Callable
from pathlib import Path
from unittest import mock

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from study import ROOT

from figures.behaviour_tables import behaviour_table
from goalsplice.agent.checkpoint import save_checkpoint
from goalsplice.agent.finetuning import save_actor
from goalsplice.cli import animate
from goalsplice.cli.publish import write_csv
from goalsplice.figures.style import save, styled
from goalsplice.io.frames import write_frame
from goalsplice.io.tables import write_table

SCHEMAS = ROOT / "workflow/schemas/tables.yaml"


def run_frame() -> pd.DataFrame:
    """Rows with every type that runs' tables have, and missing values."""
    chance = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "phase": np.arange(40),
            "objective": ["blue", "purple"] * 20,
            "return": chance.normal(size=40),
            "rank": [None, 0.5] * 20,
            "control": ["none", None] * 20,
            "alike": [True, False] * 20,
            "always_missing": [None] * 40,
        }
    )


def timing() -> pd.DataFrame:
    """Rows of the timing table."""
    seconds = np.random.default_rng(0).random(200)
    return pd.DataFrame({"arm": "onehot", "seed": 99, "rollout": np.arange(1, 201), "seconds": seconds})


def draw(path: Path) -> None:
    """Draw a line, and save it as stages save figures."""
    with styled():
        figure = Figure(figsize=(2, 2))
        figure.subplots().plot(np.random.default_rng(0).normal(size=50))
        save(figure, path)


def call(stage, *arguments: object) -> None:
    """Run a stage's `main` with a command line."""
    with mock.patch.object(sys, "argv", ["stage", *map(str, arguments)]):
        stage.main()


def writers(agent, header, tables: Path) -> dict[str, Callable[[Path], None]]:
    """By a file's name, what writes it.

    Args:
        agent, header: of the checkpoint.
        tables: folder with behaviour.parquet.
    """
    return {
        "phase=03.safetensors": lambda path: save_checkpoint(path, agent, header),
        "actor.safetensors": lambda path: save_actor(path, agent, header),
        "run.parquet": lambda path: write_frame(path, run_frame()),
        "timing.parquet": lambda path: write_table(path, timing(), SCHEMAS, "timing"),
        "figure.svg": draw,
        "figure.png": draw,
        "figure.pdf": draw,
        "timing.csv": lambda path: write_csv(path, timing()),
        "behaviour.gif": lambda path: call(animate, "--behaviour", tables / "behaviour.parquet", "--output", path),
    }


NAMES = tuple(writers(None, None, Path()))


def inputs(folder: Path) -> Path:
    """Write the tables that stages read, and return their folder."""
    write_frame(folder / "behaviour.parquet", behaviour_table(lengths={"unedited": 1, "edited": 2}))
    return folder
