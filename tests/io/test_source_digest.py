"""What counts as a change of the code: what it does, and nothing else."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

from goalsplice.io import source_digest as subject
from goalsplice.io.source_digest import PACKAGE, closure, drop_stale_bytecode, files_of, source_digest

FILES = {
    "__init__.py": "",
    "stage.py": '"""A stage."""\nfrom pack.parts.first import half\n\n\ndef main():\n    return half(3)\n',
    "parts/__init__.py": "",
    "parts/first.py": "from pack.numbers import TWO\n\n\ndef half(x):\n    return x / TWO\n",
    "parts/second.py": "from pack.numbers import TWO\n\n\ndef half(x):\n    return x // TWO\n",
    "numbers.py": "TWO = 2\n",
    "other.py": "THREE = 3\n",
}


@pytest.fixture
def package(tmp_path) -> Path:
    """A package of which `stage` takes `parts.first`, and that `numbers`."""
    for name, content in FILES.items():
        path = tmp_path / "pack" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    return tmp_path / "pack"


def digest(package: Path, module: str = "pack.stage") -> str:
    """The digest of a package that may have been edited since it was read last."""
    for function in (subject.files_of, subject._read, subject._node):
        function.cache_clear()
    return source_digest(module, package=package)


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("stage.py", '"""A stage."""', '"""A stage: its docstring said better."""'),
        ("stage.py", "    return half(3)", '    """Half of three."""\n    return half(3)  # a comment'),
        ("numbers.py", "TWO = 2", 'TWO = 2\n"""The number of halves."""\n\n# a comment'),
        ("parts/first.py", "x / TWO", "(x / TWO)"),
        ("other.py", "3", "4"),
    ],
)
def test_words_and_modules_that_are_not_imported_do_not_count(package, name, old, new):
    before = digest(package)
    edit(package / name, old, new)
    assert digest(package) == before


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("stage.py", "half(3)", "half(4)"),
        ("numbers.py", "2", "2.0"),
        ("parts/first.py", "x / TWO", "x // TWO"),
        ("parts/first.py", "half", "halves"),
        ("parts/__init__.py", "", "import os\n"),
        ("stage.py", "pack.parts.first", "pack.parts.second"),
        ("stage.py", "from pack.parts.first import half", "from pack.parts.first import half\nimport pack.other"),
    ],
)
def test_code_of_a_module_or_of_what_it_imports_counts(package, name, old, new):
    before = digest(package)
    edit(package / name, old, new)
    assert digest(package) != before


@pytest.mark.parametrize(
    "statement",
    [
        "from .parts.first import half",
        "from .parts import first",
        "import pack.parts.first",
        "from . import parts, numbers",
    ],
)
def test_every_way_to_import_is_followed(package, statement):
    (package / "stage.py").write_text(f"{statement}\n")
    before = digest(package)
    edit(package / "numbers.py", "2", "4")
    assert digest(package) != before
    assert package / "numbers.py" in closure(("pack.stage",), package)


def test_a_relative_import_from_a_package_is_its_own_modules(package):
    (package / "parts/__init__.py").write_text("from .first import half\n")
    (package / "stage.py").write_text("from pack.parts import half\n")
    before = digest(package)
    edit(package / "parts/first.py", "/", "//")
    assert digest(package) != before


def test_a_module_that_is_moved_is_the_same_code(package):
    before = digest(package)
    (package / "parts/first.py").rename(package / "elsewhere.py")
    edit(package / "stage.py", "pack.parts.first", "pack.elsewhere")
    assert digest(package) == before


def test_two_functions_of_one_name_are_not_mistaken_when_both_modules_are_imported(package):
    both = "from pack.parts import first, second\nfrom pack.parts.first import half\n"
    (package / "stage.py").write_text(both)
    before = digest(package)
    edit(package / "stage.py", "pack.parts.first", "pack.parts.second")
    assert digest(package) != before


def test_two_modules_of_one_import_are_not_mistaken_when_their_content_is_exchanged(package):
    (package / "stage.py").write_text("from pack.parts import first, second\n")
    before = digest(package)
    one, two = package / "parts/first.py", package / "parts/second.py"
    content = one.read_text()
    one.write_text(two.read_text())
    two.write_text(content)
    assert digest(package) != before


def test_modules_that_import_each_other_have_a_digest(package):
    (package / "numbers.py").write_text("import pack.stage\nTWO = 2\n")
    before = digest(package)
    edit(package / "stage.py", "half(3)", "half(4)")
    assert digest(package) != before


def test_every_module_of_the_package_has_its_files():
    for path in PACKAGE.rglob("*.py"):
        parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        assert files_of(name)[-1] == path
        ast.parse(path.read_bytes())


def test_what_a_stage_runs_is_in_its_closure():
    names = {path.relative_to(PACKAGE).as_posix() for path in closure(("goalsplice.cli.evaluation",))}
    assert {"cli/evaluation.py", "agent/network.py", "world/simulator.py", "io/errors.py", "agent/__init__.py"} <= names
    assert not any(name.startswith(("figures/", "edits/")) for name in names)


def test_a_source_that_is_put_back_with_its_old_time_is_what_runs(package):
    """Python alone would run the compiled copy of the other one, which has the same time and size."""
    path = package / "numbers.py"
    time = path.stat()

    def two(drop: bool) -> str:
        line = "import pack.numbers; print(pack.numbers.TWO)"
        if drop:
            drop_stale_bytecode(package)
        result = subprocess.run(
            [sys.executable, "-c", line],
            cwd=package.parent,
            env={name: value for name, value in os.environ.items() if not name.startswith("PYTHON")},
            capture_output=True,
            text=True,
            check=True,
        )
        return result.stdout.strip()

    assert two(drop=True) == "2"
    path.write_text("TWO = 4\n")
    os.utime(path, ns=(time.st_atime_ns, time.st_mtime_ns))
    assert two(drop=False) == "2", "or else this test shows nothing"
    assert two(drop=True) == "4"
    copies = list(package.rglob("numbers.*.pyc"))
    drop_stale_bytecode(package)
    assert list(package.rglob("numbers.*.pyc")) == copies, "one that is not stale stays"
