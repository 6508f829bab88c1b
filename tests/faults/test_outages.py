"""A disk that is full or closed in the midst of a write leaves whole files and one sentence."""

import re

import pytest
from faults.writers import NAMES, inputs, writers

from goalsplice.io.errors import run


@pytest.fixture(scope="module")
def writing(agent, header, tmp_path_factory):
    """By a file's name, what writes it."""
    return writers(agent, header, inputs(tmp_path_factory.mktemp("tables")))


def contents(folder):
    """Files of a folder, hidden ones too, with what is in them."""
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file() and path.name != "filler"}


@pytest.mark.parametrize("name", NAMES)
def test_no_room_for_a_file(scarce, writing, name):
    """Neither for a new one nor for one in place of another: half of it is written, then room is out."""
    folder = scarce.folder / "results"
    folder.mkdir()
    path, new = folder / name, folder / f"new {name}"
    writing[name](path)
    old = contents(folder)
    for target in (path, new):
        with scarce.befalls(len(old[name]) // 2), pytest.raises(SystemExit) as ended:
            run(lambda target=target: writing[name](target))
        assert re.fullmatch(re.escape(f"Error: {target}: {scarce.sentence}") + "[^\n]*", ended.value.code)
        assert contents(folder) == old
    writing[name](new)
    assert contents(folder)[new.name] == old[name]


@pytest.mark.parametrize("name", NAMES)
def test_a_folder_where_nothing_may_be_written(closed, writing, name):
    path, new = closed.folder / name, closed.folder / f"new {name}"
    writing[name](path)
    old = contents(closed.folder)
    for target in (path, new):
        with closed.befalls(), pytest.raises(SystemExit) as ended:
            run(lambda target=target: writing[name](target))
        assert re.fullmatch(re.escape(f"Error: {target}: {closed.sentence}") + "[^\n]*", ended.value.code)
        assert contents(closed.folder) == old
