"""Files that are read within a block, and which of them nobody knew of."""

import importlib
import os
import runpy
import sys

import pytest

from goalsplice.experiments.reading import files_read, first_unknown


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A project's folder in which Python finds modules."""
    monkeypatch.setattr(sys, "path", [str(tmp_path / "project"), *sys.path])
    (tmp_path / "project" / "data").mkdir(parents=True)
    (tmp_path / "project" / "data" / "x.txt").write_text("x")
    return tmp_path / "project"


def test_what_is_read_within_is_heard_however_it_is_opened(project):
    path = project / "data" / "x.txt"
    for read in (path.read_text, lambda: open(os.fsencode(path)).close(), lambda: os.close(os.open(path, os.O_RDONLY))):
        with files_read() as found:
            read()
        assert found == {str(path)}
    with files_read() as found:
        pass
    path.read_text()
    assert found == set()


def test_what_was_written_within_is_not(project):
    with files_read() as found:
        (project / "new.txt").write_text("x")
        (project / "new.txt").read_text()
    assert str(project / "new.txt") not in found


def test_a_module_is_its_source_though_it_comes_from_a_compiled_copy(project, monkeypatch):
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    (project / "a_module_of_this_test.py").write_text("X = 1\n")
    importlib.invalidate_caches()
    for _ in range(2):
        with files_read() as found:
            importlib.import_module("a_module_of_this_test")
        del sys.modules["a_module_of_this_test"]
        assert first_unknown(found, [], project) == "a_module_of_this_test.py"
    with files_read() as found:
        runpy.run_path(str(project / "a_module_of_this_test.py"))
    assert first_unknown(found, [], project) == "a_module_of_this_test.py"


def test_known_files_and_those_elsewhere_do_not_count(project):
    read = {str(project / "data" / "x.txt"), str(project.parent / "outside.txt"), str(project / "<string>")}
    (project.parent / "outside.txt").write_text("x")
    assert first_unknown(read, [], project) == "data/x.txt"
    assert first_unknown(read, [project / "data" / "x.txt"], project) is None


def test_links_hide_nothing(project):
    link, outside = project.parent / "link", project.parent / "outside"
    link.symlink_to(project)
    outside.mkdir()
    (outside / "y.txt").write_text("y")
    (project / "out").symlink_to(outside)
    by_link = {str(link / "data" / "x.txt")}
    for root in (project, link):
        assert first_unknown(by_link, [], root) == "data/x.txt"
        assert first_unknown(by_link, [root / "data" / "x.txt"], root) is None
        assert first_unknown({str(project / "out" / "y.txt")}, [], root) == "out/y.txt"
        assert first_unknown({str(project / "out" / "y.txt")}, [root / "out" / "y.txt"], root) is None


def test_an_environment_within_the_project_does_not_count(project, monkeypatch):
    path = project / ".venv" / "lib" / "package.py"
    path.parent.mkdir(parents=True)
    path.touch()
    assert first_unknown({str(path)}, [], project) == ".venv/lib/package.py"
    monkeypatch.setattr(sys, "prefix", str(project / ".venv"))
    assert first_unknown({str(path)}, [], project) is None
