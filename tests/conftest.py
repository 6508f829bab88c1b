"""What all tests share."""

import goalsplice  # noqa: F401 (before NumPy: it chooses the kernels)

# isort: split
import os
import shutil
import signal
from pathlib import Path

import pytest
import torch
from filelock import FileLock
from hypothesis import settings
from study import copy_finished, copy_project, snakemake
from threadpoolctl import threadpool_limits

os.environ.setdefault("SDL_VIDEODRIVER", "dummy")
# One thread, as in a job: more threads than cores wait for each other. And rounding depends on their number, which must
# not be what the test before this one has left.
threadpool_limits(1)
torch.set_num_threads(1)
for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(variable, "1")
# No deadlines: how long an example takes says how busy the machine is.
# `pytest --hypothesis-profile night` tries ten times as many examples, where a test does not say how many.
settings.register_profile("day", max_examples=30, deadline=None)
settings.register_profile("night", max_examples=500, deadline=None)
settings.load_profile("day")
# What a shell runs in the background ignores Ctrl-C, and what nohup runs ignores the end of the terminal. So would all
# that tests start and interrupt.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


@pytest.fixture(scope="session")
def finished(tmp_path_factory) -> Path:
    """A copy of the project in which the mini study has run on two cores; its path has spaces and other letters.

    The processes that share the tests share it too: the first one that needs it makes it. Leave it as it is.
    """
    folder = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        folder = folder.parent
    project, done = folder / "erste Studie – é", folder / "mini study.done"
    with FileLock(folder / "mini study.lock"):
        if not done.exists():
            shutil.rmtree(project, ignore_errors=True)
            copy_project(project)
            result = snakemake(project, "--cores", "2", "all")
            assert result.returncode == 0, result.stdout + result.stderr
            done.touch()
    return project


@pytest.fixture
def clone(finished, tmp_path) -> Path:
    """The finished study in a new clone: every source newer than every result, in another folder."""
    folder = copy_project(tmp_path / "clone")
    copy_finished(finished, folder, "results", ".snakemake")
    for path in folder.joinpath("workflow").rglob("*"):
        path.touch()
    return folder


@pytest.fixture(autouse=True)
def small_numbers_count():
    """Numbers below 1e-38 are not zero, whatever a stage that ran in this process has left behind."""
    torch.set_flush_denormal(False)
    yield
    torch.set_flush_denormal(False)


_LONG = (
    *("test_mini_study.py", "test_ablations.py", "test_faults_of_jobs.py", "test_configuration.py", "test_training.py"),
    *("test_benchmarks.py", "test_reruns.py", "test_slurm.py", "test_custom_edits.py", "test_readme.py"),
)
"""Files that take longest. They come first, or else one of several processes would end with them while others idle.

The first makes the mini study; those that need it come when it is about done.
"""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark tests that need the mini study, and order all."""
    for item in items:
        if "finished" in getattr(item, "fixturenames", ()) or item.get_closest_marker("nightly"):
            item.add_marker("slow")
    items.sort(key=lambda item: _LONG.index(item.path.name) if item.path.name in _LONG else len(_LONG))
