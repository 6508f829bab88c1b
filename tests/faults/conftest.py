"""Real faults: damaged files, a full disk, a read-only one, too little room for a file."""

import os
import resource
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from goalsplice.agent.checkpoint import Header
from goalsplice.agent.network import Agent, torch
from goalsplice.agent.recipe import Recipe

ARM, SEED, PHASE = "onehot", 99, 3


@pytest.fixture(scope="session")
def recipe(pytestconfig) -> Recipe:
    """An arm's recipe as config.yaml has it, but for a short run and a network of few weights."""
    config = yaml.safe_load((pytestconfig.rootpath / "config.yaml").read_text(encoding="utf-8"))
    small = {"num_envs": 16, "num_steps": 64, "rollouts": 4, "phase_rollouts": 2, "hidden_size": 8}
    return Recipe(**{**config["recipe"], **config["arms"][ARM], **small})


@pytest.fixture(scope="session")
def agent(recipe) -> Agent:
    """A network with initial weights."""
    return Agent(recipe.world.inputs, recipe.hidden_size, torch.Generator().manual_seed(1))


@pytest.fixture(scope="session")
def header(recipe) -> Header:
    """Of the agent's checkpoint."""
    return Header(ARM, SEED, PHASE, "purple", recipe.encoding, recipe.digest())


@pytest.fixture
def disk(tmp_path) -> Iterator[Path]:
    """A small file system of its own, which others do not fill."""
    folder = tmp_path / "disk"
    folder.mkdir()
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(folder)], capture_output=True, text=True, check=False
    )
    if made.returncode:
        pytest.skip(f"no file system can be mounted here: {made.stderr.strip()}")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


@dataclass(frozen=True)
class Fault:
    """A folder that a fault can befall, and what is then said."""

    folder: Path
    befalls: Callable
    sentence: str


@contextmanager
def _full(disk: Path, left: int) -> Iterator[None]:
    """`left` bytes, in whole pages, are free on `disk`."""
    state = os.statvfs(disk)
    filler = disk / "filler"
    filler.write_bytes(bytes(state.f_bavail * state.f_frsize - left // state.f_frsize * state.f_frsize))
    try:
        yield
    finally:
        filler.unlink()


@contextmanager
def _limited(left: int) -> Iterator[None]:
    """No file may grow beyond `left` bytes."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (left, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.fixture(params=["full disk", "file size limit"])
def scarce(request, tmp_path) -> Fault:
    """A place where `befalls(bytes)` leaves so much room for a file."""
    if request.param == "full disk":
        disk = request.getfixturevalue("disk")
        return Fault(disk, lambda left: _full(disk, left), "the disk is full; free some space and run snakemake again")
    return Fault(tmp_path, _limited, "the file grew larger than may be written here; raise the limit")


@contextmanager
def _read_only(disk: Path) -> Iterator[None]:
    subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
    try:
        yield
    finally:
        subprocess.run(["mount", "-o", "remount,rw", str(disk)], check=True)


@contextmanager
def _forbidden(folder: Path) -> Iterator[None]:
    folder.chmod(0o500)
    try:
        yield
    finally:
        folder.chmod(0o700)


@pytest.fixture(params=["read-only file system", "folder without permission"])
def closed(request, tmp_path) -> Fault:
    """A place where `befalls()` forbids to write."""
    if request.param == "read-only file system":
        disk = request.getfixturevalue("disk")
        return Fault(disk, lambda: _read_only(disk), "the file system is read-only; make it writable")
    if os.geteuid() == 0:
        pytest.skip("root may write everywhere")
    return Fault(tmp_path, lambda: _forbidden(tmp_path), "permission is refused; change the permissions")
