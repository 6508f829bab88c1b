"""What all tests share."""

import os
from pathlib import Path

import pytest
from study import copy_project, snakemake

os.environ.setdefault("SDL_VIDEODRIVER", "dummy")


def pytest_collection_modifyitems(items) -> None:
    """Tests of one file run in one process, and so do all that need a mini study, which takes minutes to make."""
    for item in items:
        studies = {"finished", "again"} & set(item.fixturenames)
        item.add_marker(pytest.mark.xdist_group("mini study" if studies else item.nodeid.partition("::")[0]))


@pytest.fixture(scope="session")
def finished(tmp_path_factory) -> Path:
    """A copy of the project in which the mini study has run on two cores; its path has spaces and other letters."""
    folder = copy_project(tmp_path_factory.mktemp("mini") / "erste Studie – é")
    result = snakemake(folder, "--cores", "2", "all")
    assert result.returncode == 0, result.stdout + result.stderr
    return folder
