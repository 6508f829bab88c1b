"""Which code a configuration may name, and which files that is made of."""

import os
import shutil

import pytest

from goalsplice.io.errors import StudyError
from goalsplice.settings.plugin import check, digest, module_file, sources

GOOD = "def edit(recipient, donor, context):\n    return recipient\n"


def write(folder, text, name="mine"):
    """A file of the project, in a folder that is there or is made."""
    path = folder / f"{name}.py"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


@pytest.mark.parametrize(
    ("function", "sentence"),
    [
        ("mine", r"the function 'mine'; write it as module:function, such as my_edits:halfway"),
        ("../mine:edit", r"write it as module:function"),
        ("/etc/mine:edit", r"write it as module:function"),
        ("a..mine:edit", r"write it as module:function"),
        ("mine:edit()", r"write it as module:function"),
        ("other.mine:edit", r"there is no file other/mine\.py in the project's folder, where the Snakefile is"),
        ("linked:edit", r"linked\.py is a link that leads out of the project's folder"),
        ("copy:edit", r"copy is an installed module too, which copy\.py would hide"),
        ("numpy:edit", r"numpy is an installed module too"),
    ],
)
def test_code_outside_of_the_project_cannot_be_named(tmp_path, function, sentence):
    project = tmp_path / "project"
    project.mkdir()
    for name in ("mine.py", "copy.py", "numpy.py"):
        (project / name).write_text(GOOD)
    (tmp_path / "outside.py").write_text(GOOD)
    (project / "linked.py").symlink_to(tmp_path / "outside.py")
    with pytest.raises(StudyError, match=sentence):
        module_file(function, project)
    with pytest.raises(StudyError, match=sentence):
        check([{"name": "x", "function": function}], project)
    assert module_file("mine:edit", project) == project / "mine.py"


def test_two_edits_have_two_names(tmp_path):
    write(tmp_path, GOOD)
    edit = {"name": "x", "function": "mine:edit"}
    check([edit, {**edit, "name": "y"}], tmp_path)
    with pytest.raises(StudyError, match="custom_edits has the name 'x' twice"):
        check([edit, edit], tmp_path)


def test_sources_are_what_is_imported(tmp_path):
    """The rule's inputs: a change of any of them scores again."""
    write(
        tmp_path,
        "import helper\nfrom parts.deep import thing\nfrom goalsplice.edits.inputs import input_groups\n" + GOOD,
    )
    (tmp_path / "parts").mkdir()
    for name in ("helper", "parts/__init__", "parts/deep", "unused"):
        (tmp_path / f"{name}.py").write_text("import mine\n" if name == "helper" else "")
    files, modules = sources([{"function": "mine:edit"}], tmp_path)
    assert [path.relative_to(tmp_path).as_posix() for path in files] == [
        "helper.py",
        "mine.py",
        "parts/__init__.py",
        "parts/deep.py",
    ]
    assert modules == ["goalsplice.edits.inputs.input_groups"]
    write(tmp_path, "def edit(:\n")
    assert sources([{"function": "mine:edit"}], tmp_path) == ([tmp_path / "mine.py"], [])
    assert sources([], tmp_path) == ([], [])


IMPORTS = {
    "from .core import half": ["helpers/core"],
    "from . import core": ["helpers/core"],
    "from .core import *": ["helpers/core"],
    "from .deep import within": ["helpers/deep/__init__", "helpers/deep/within"],
    "from helpers.deep.within import thing": ["helpers/deep/__init__", "helpers/deep/within", "helpers/side"],
    "import importlib; importlib.import_module('helpers.core')": ["helpers/core"],
    "from importlib import import_module; import_module('.core', __package__)": ["helpers/core"],
    "__import__('helpers.core')": ["helpers/core"],
    "def late():\n    from .core import half": ["helpers/core"],
    "from ..helpers import core": [],
    "from .... import core": [],
    "import importlib; importlib.import_module(name); importlib.import_module('../x'); __import__(7)": [],
}
"""What `helpers/__init__.py` may say, and which files beside it that runs."""


@pytest.mark.parametrize("statement", IMPORTS)
def test_imports_are_followed_however_they_are_written(tmp_path, statement):
    write(tmp_path, "import helpers\n" + GOOD)
    write(tmp_path, statement + "\n", "helpers/__init__")
    write(tmp_path, "from ..side import thing\n", "helpers/deep/within")
    for name in ("helpers/core", "helpers/deep/__init__", "helpers/side", "helpers/unused", "core", "side"):
        write(tmp_path, "", name)
    found = [path.relative_to(tmp_path).with_suffix("").as_posix() for path in sources([EDIT], tmp_path)[0]]
    beside = set(IMPORTS[statement]) | ({"helpers/side"} if "within" in statement else set())
    assert found == sorted({"helpers/__init__", "mine", *beside})


EDIT = {"name": "x", "function": "mine:edit"}


def test_the_digest_is_of_content_and_names_whatever_the_times(tmp_path):
    write(tmp_path, "import helpers\n" + GOOD)
    write(tmp_path, "from .core import half\n", "helpers/__init__")
    write(tmp_path, "half = 0.5\n", "helpers/core")
    (tmp_path / "table.csv").write_text("1\n")
    edit = {**EDIT, "reads": ["table.csv"]}
    old = digest([edit], tmp_path)
    (tmp_path / "helpers" / "core.py").touch()
    assert digest([edit], tmp_path) == old
    assert digest([EDIT], tmp_path) != old
    for path in (tmp_path / "helpers" / "core.py", tmp_path / "mine.py", tmp_path / "table.csv"):
        kept, times = path.read_bytes(), path.stat()
        path.write_bytes(kept.replace(b"5", b"6") + b"\n")
        changed = digest([edit], tmp_path)
        assert changed != old
        path.write_bytes(kept)
        os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
        assert digest([edit], tmp_path) == old
    copy = tmp_path / "copy of all"
    shutil.copytree(tmp_path, copy)
    assert digest([edit], copy) == old, "the place does not count"
    assert digest([], tmp_path) != old


@pytest.mark.parametrize("read", ["nowhere.csv", "../outside.csv", "/etc/passwd", "folder"])
def test_what_is_read_is_a_file_of_the_project(tmp_path, read):
    project = tmp_path / "project"
    write(project, GOOD)
    (project / "folder").mkdir()
    (tmp_path / "outside.csv").write_text("1")
    with pytest.raises(StudyError, match=r"'x' reads .*no such file in the project's folder"):
        check([{**EDIT, "reads": [read]}], project)
