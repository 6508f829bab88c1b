"""What all tests share."""

import os
import signal
from pathlib import Path

import pytest
from study import copy_project, snakemake

os.environ.setdefault("SDL_VIDEODRIVER", "dummy")
# One thread in each of the processes that share the tests, as in a job: more threads than cores wait for each other.
for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(variable, "1")
# What a shell runs in the background ignores Ctrl-C, and so would all that tests start and interrupt.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def finished(tmp_path_factory) -> Path:
    """A copy of the project in which the mini study has run on two cores; its path has spaces and other letters."""
    folder = copy_project(tmp_path_factory.mktemp("mini") / "erste Studie – é")
    result = snakemake(folder, "--cores", "2", "all")
    assert result.returncode == 0, result.stdout + result.stderr
    return folder
