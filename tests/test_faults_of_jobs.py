"""Jobs that are killed or diverge, a Snakemake that is stopped: nothing finished is lost, the rest is made later."""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import pytest
import yaml
from study import QUICK, ROOT, copy_project, planned, snakemake

pytestmark = pytest.mark.slow

CONFIG = "tiny.yaml"
PATIENCE = 120
"""Seconds after which a process that should have come or gone is given up."""


def run_of(seed: int, arm: str = "onehot") -> str:
    return f"results/runs/arm={arm}/seed={seed}"


TRAINED = [f"{run_of(seed)}/training.parquet" for seed in (99, 1)]
TARGETS = [TRAINED[0], f"{run_of(1)}/evaluation.parquet"]
DIVERGING = f"{run_of(1, 'diverging')}/training.parquet"


def start(folder: Path, *arguments: str) -> subprocess.Popen:
    """Start Snakemake on two cores, in a process group of its own as a terminal does; its output goes to `said.txt`."""
    command = [sys.executable, "-m", "snakemake", *arguments, "--cores", "2", "--configfile", CONFIG]
    with (folder / "said.txt").open("w") as said:
        return subprocess.Popen(command, cwd=folder, stdout=said, stderr=said, start_new_session=True)


def wait_for(found: Callable[[], Any]) -> Any:
    """Wait until `found` returns something true; what it returned."""
    end = time.monotonic() + PATIENCE
    while not (value := found()):
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.02)
    return value


def stage(snakemake: subprocess.Popen, folder: Path, seed: int) -> psutil.Process:
    """The process that trains a seed of the arm onehot, midway: it has done two rollouts."""
    words = ["--arm", "onehot", "--seed", str(seed), "--recipe"]

    def running() -> psutil.Process | None:
        assert snakemake.poll() is None, (folder / "said.txt").read_text()
        for process in psutil.Process(snakemake.pid).children(recursive=True):
            # It may have ended by now. Its shell has the words in one.
            with suppress(psutil.NoSuchProcess):
                line = process.cmdline()
                if line[2:3] == ["goalsplice.cli.training"] and line[5:10] == words:
                    return process
        return None

    process = wait_for(running)
    log = folder / f"results/logs/training/arm=onehot/seed={seed}.log"
    wait_for(lambda: "rollout 2/" in log.read_text())
    return process


def end(process: subprocess.Popen, folder: Path) -> str:
    """Wait until Snakemake has ended, with an exit code that is not 0; what it said."""
    assert process.wait(PATIENCE) != 0
    return (folder / "said.txt").read_text()


def files(folder: Path) -> dict[str, tuple[bytes, int]]:
    """Content and modification time of all files in `folder`."""
    return {
        path.relative_to(folder).as_posix(): (path.read_bytes(), path.stat().st_mtime_ns)
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def made(folder: Path) -> set[str]:
    """Names of the files that a run left in `folder`, but for what it would resume from and for Snakemake's own."""
    found = {path for path in files(folder) if not path.startswith("unfinished/")}
    return {path for path in found if ".snakemake_timestamp" not in path}


@pytest.fixture(scope="module")
def configuration() -> dict:
    """The mini study with a shorter run of smaller networks, and an arm that learns far too fast."""
    config = yaml.safe_load((ROOT / QUICK).read_text())
    config["recipe"] |= {"num_envs": 8, "hidden_size": 16, "phase_rollouts": 8, "rollouts": 32}
    config["evaluation"] |= {"levels": 16}
    config["arms"] = {"diverging": {"encoding": "onehot", "view_size": 3, "learning_rate": 1.0e30}}
    return config


@pytest.fixture(scope="module")
def failed(tmp_path_factory, configuration) -> tuple[Path, str]:
    """A study of three runs of which one was killed and one diverged, without the profile; and what was said."""
    folder = copy_project(tmp_path_factory.mktemp("faults") / "study")
    (folder / CONFIG).write_text(yaml.safe_dump(configuration))
    options = ["--workflow-profile", "none", "--keep-going", "--rerun-incomplete"]
    process = start(folder, *TARGETS, DIVERGING, *options)
    stage(process, folder, 1).kill()
    return folder, end(process, folder)


@pytest.fixture
def study(failed, tmp_path) -> Iterator[Path]:
    """A copy of it, with all that Snakemake knows of it; whatever still runs in it ends with the test."""
    folder = tmp_path / "study"
    shutil.copytree(failed[0], folder)
    yield folder
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if process.cwd() == str(folder):
                process.kill()


def test_a_run_that_fails_stops_no_other(failed):
    folder, said = failed
    whole = {
        "training.parquet",
        "timing.parquet",
        *(f"checkpoints/phase={phase:02d}.safetensors" for phase in range(4)),
    }
    assert made(folder / run_of(99)) == whole
    assert made(folder / run_of(1)) == made(folder / run_of(1, "diverging")) == set(), "no half file has a final name"
    assert "1 of 4 steps (25%) done" in said


def test_the_end_says_what_failed_and_why_and_what_to_type(failed):
    _, said = failed
    summary = said[said.index("The study is not complete.") :]
    assert "2 jobs failed:" in summary
    assert re.search(
        r"training_onehot \(arm onehot, seed 1\): killed by SIGKILL, .* \[results/logs/training/arm=", summary
    )
    assert re.search(r"training_diverging \(arm diverging, seed 1\): (?!killed|no reason|a mistake)\w+", summary), (
        summary
    )
    assert "Missing, or not up to date: 2 runs. What is made is kept." in summary
    assert f"\nTo make what is missing, and nothing else: snakemake {TARGETS[0]} " in summary
    assert len(summary.splitlines()) < 14


def test_ctrl_c_loses_nothing(study):
    before = files(study / run_of(99))
    process = start(study, *TARGETS)
    stage(process, study, 1)
    os.killpg(process.pid, signal.SIGINT)
    said = end(process, study)
    assert "The study was stopped before it was complete." in said
    assert "Missing, or not up to date: 1 run." in said
    assert "Traceback" not in said
    assert files(study / run_of(99)) == before
    assert made(study / run_of(1)) == set()
    dry = snakemake(study, "--dry-run", "--cores", "1", *TARGETS, config=CONFIG)
    plan = dry.stdout + dry.stderr
    assert {*re.findall(r"^(\w+ +\d+)$", re.sub(" +", " ", plan), re.M)} == {
        "evaluation 1",
        "training_onehot 1",
        "total 2",
    }
    assert "To make what is missing" not in plan, "a dry run says nothing of it"


@pytest.mark.nightly
def test_sigterm_lets_running_jobs_end(study):
    before = files(study / run_of(99))
    process = start(study, *TARGETS)
    stage(process, study, 1)
    process.terminate()
    said = end(process, study)
    assert "The study was stopped before it was complete." in said
    assert files(study / run_of(99)) == before
    assert {"training.parquet", "timing.parquet"} <= made(study / run_of(1))
    assert planned(study, *TARGETS, config=CONFIG) == {"evaluation": 1}


@pytest.mark.nightly
def test_a_snakemake_that_is_killed_leaves_its_job_and_a_lock(study):
    """And what docs/operating.md says to do then makes what is missing, and nothing else."""
    before = files(study / run_of(99))
    process = start(study, *TRAINED)
    left = stage(process, study, 1)
    process.kill()
    process.wait()
    assert left.is_running(), "its job goes on"
    left.suspend()
    locked = snakemake(study, *TRAINED, "--cores", "2", config=CONFIG)
    assert locked.returncode != 0
    assert "--unlock" in locked.stdout + locked.stderr
    left.terminate()
    left.resume()
    psutil.wait_procs([left], PATIENCE)
    assert made(study / run_of(1)) == set()
    assert snakemake(study, "--unlock", config=CONFIG).returncode == 0
    again = snakemake(study, *TRAINED, "--cores", "2", config=CONFIG)
    assert again.returncode == 0, again.stdout + again.stderr
    assert "1 of 1 steps (100%) done" in again.stdout + again.stderr
    assert files(study / run_of(99)) == before
    assert made(study / run_of(1)) == made(study / run_of(99))
