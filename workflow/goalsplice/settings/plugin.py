"""Which of the user's own code a configuration names. Light to import: Snakemake does so at each start.

A function is named `module:function`. The module is a Python file below the project's folder, where the Snakefile is:
`my_edits:halfway` is in `my_edits.py`, `mine.edits:halfway` in `mine/edits.py`. Names are Python's, so none leads out
of the folder, and nothing else in a configuration names code.
"""

import ast
import hashlib
import re
import sys
from importlib.machinery import PathFinder
from pathlib import Path

from goalsplice.io.errors import StudyError

_MODULE = re.compile(r"\w+(\.(\w+|\*))*")
_NAMED = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*")


def module_file(function: str, root: str | Path) -> Path:
    """The file of a function's module, for example `my_edits.py` below `root` for `my_edits:halfway`.

    Raises:
        StudyError: it is not named `module:function`, or there is no such file within the folder `root`, or its name is
            that of a module that is installed.
    """
    if not _NAMED.fullmatch(function):
        raise StudyError(
            f"in the configuration, custom_edits names the function {function!r}; write it as module:function, such as "
            "my_edits:halfway for the function halfway in my_edits.py"
        )
    place = Path(*function.partition(":")[0].split(".")).with_suffix(".py")
    path = Path(root, place)
    if not path.is_file():
        raise StudyError(
            f"in the configuration, custom_edits names {function}, but there is no file {place.as_posix()} in the "
            "project's folder, where the Snakefile is; put it there, or mend the name"
        )
    if not path.resolve().is_relative_to(Path(root).resolve()):
        raise StudyError(
            f"in the configuration, custom_edits names {function}, but {place.as_posix()} is a link that leads out of "
            "the project's folder; put the file itself there"
        )
    if len(place.parts) == 1 and _is_installed(place.stem, root):
        raise StudyError(
            f"in the configuration, custom_edits names {function}, but {place.stem} is an installed module too, which "
            f"{place} would hide; give the file another name"
        )
    return path


def _is_installed(module: str, root: str | Path) -> bool:
    """Whether others import a module of this name. Stages run with the project's folder first on Python's path."""
    elsewhere = [path for path in sys.path if path and Path(path).resolve() != Path(root).resolve()]
    return module in sys.stdlib_module_names or PathFinder.find_spec(module, elsewhere) is not None


def check(edits: list[dict], root: str | Path) -> None:
    """Check what the schema cannot: that all files are there and can be read, and that no two edits have one name.

    Args:
        edits: config.yaml's `custom_edits`.
        root: the project's folder.

    Raises:
        StudyError: the first fault.
    """
    names = set()
    for edit in edits:
        if edit["name"] in names:
            raise StudyError(
                f"in the configuration, custom_edits has the name {edit['name']!r} twice; give each edit its own"
            )
        names.add(edit["name"])
        module_file(edit["function"], root)
        for read in edit.get("reads", []):
            if ".." in Path(read).parts or Path(read).is_absolute() or not Path(root, read).is_file():
                raise StudyError(
                    f"in the configuration, custom_edits says that {edit['name']!r} reads {read}, but there is no such "
                    "file in the project's folder, where the Snakefile is; put it there, or mend the name"
                )


def _absolute(name: str, level: int, package: tuple[str, ...]) -> str:
    """The full name of what a module of `package` imports as `name` with `level` leading dots; empty beyond the top."""
    if not level:
        return name
    above = package[: max(0, len(package) - level + 1)]
    return ".".join([*above, *filter(None, [name])]) if above else ""


def _by_function(call: ast.Call) -> str:
    """What `import_module` or `__import__` is called with, if that is written out; dots lead a relative name."""
    called = getattr(call.func, "attr", getattr(call.func, "id", ""))
    if called in ("import_module", "__import__") and call.args and isinstance(call.args[0], ast.Constant):
        return str(call.args[0].value)
    return ""


def _imports(path: Path, root: Path) -> list[str]:
    """Full names that a file below `root` imports; none if it is no Python, which the stage that loads it tells.

    Names that are computed cannot be followed: what is imported by them is found when the edit runs (`reading.py`).
    """
    try:
        tree = ast.parse(path.read_bytes())
    except (SyntaxError, ValueError):
        return []
    package = path.relative_to(root).parent.parts
    names = []
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            module = _absolute(node.module or "", node.level, package)
            names += [f"{module}.{name.name}" for name in node.names if module]
        elif isinstance(node, ast.Import):
            names += [name.name for name in node.names]
        elif isinstance(node, ast.Call):
            name = _by_function(node)
            names.append(_absolute(name.lstrip("."), len(name) - len(name.lstrip(".")), package))
    return [name for name in names if _MODULE.fullmatch(name)]


def _files_of(module: str, root: Path) -> list[Path]:
    """Files below `root` that an import of `module`, or of a name in it, runs."""
    parts = module.split(".")
    places = [root.joinpath(*parts[:length]) for length in range(1, len(parts) + 1)]
    return [path for place in places for path in (place.with_suffix(".py"), place / "__init__.py") if path.is_file()]


def sources(edits: list[dict], root: str | Path) -> tuple[list[Path], list[str]]:
    """What the edits' code is made of, by which a rule knows when to score them again.

    Returns:
        The modules' files with the files of the project's folder that they import, and those that the configuration
        says they read; and the modules of `goalsplice` that those import.
    """
    root = Path(root)
    files, package = set(), set()
    waiting = [module_file(edit["function"], root) for edit in edits]
    waiting += [Path(root, read) for edit in edits for read in edit.get("reads", [])]
    while waiting:
        path = waiting.pop()
        if path in files:
            continue
        files.add(path)
        for name in _imports(path, root) if path.suffix == ".py" else []:
            if name.partition(".")[0] == "goalsplice":
                package.add(name)
            else:
                waiting += _files_of(name, root)
    return sorted(files), sorted(package)


def digest(edits: list[dict], root: str | Path) -> str:
    """SHA-256 of what is in the files that `sources` finds, and of their names below `root`."""
    found = hashlib.sha256()
    for path in sources(edits, root)[0]:
        content = hashlib.sha256(path.read_bytes()).hexdigest()
        found.update(f"{path.relative_to(root).as_posix()}\0{content}\n".encode())
    return found.hexdigest()
