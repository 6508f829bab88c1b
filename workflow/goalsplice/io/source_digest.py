"""A digest of what modules of this package do: it changes with their code, and not with comments, docstrings or places.

Light to import: Snakemake does so at each start.
"""

import ast
import hashlib
from contextlib import suppress
from functools import cache
from importlib.util import cache_from_source
from pathlib import Path

PACKAGE = Path(__file__).parents[1]
"""The package that this process runs, which a user's checkout may hold."""


@cache
def files_of(name: str, package: Path = PACKAGE) -> tuple[Path, ...]:
    """Files below `package` that an import of `name` runs; a name that a module defines has those of the module.

    Args:
        name: full name of a module, or of what one defines, such as `goalsplice.agent.ppo.update`.
        package: the package's folder, whose name is the first part.
    """
    parts = name.split(".")
    if parts[0] != package.name:
        return ()
    places = [package.parent.joinpath(*parts[:length]) for length in range(1, len(parts) + 1)]
    paths = [place / "__init__.py" if place.is_dir() else place.with_suffix(".py") for place in places]
    return tuple(path for path in paths if path.is_file())


def _absolute(node: ast.ImportFrom, path: Path, package: Path) -> str:
    """The module that an import names, in full, relative imports included."""
    if not node.level:
        return node.module or ""
    folders = path.relative_to(package.parent).parent.parts
    above = folders[: len(folders) - node.level + 1]
    return ".".join([*above, *filter(None, [node.module])])


def _imported(node: ast.AST, path: Path, package: Path) -> list[str]:
    """Full names that an import statement imports from the package."""
    if isinstance(node, ast.ImportFrom):
        names = [f"{_absolute(node, path, package)}.{name.name}" for name in node.names]
    else:
        names = [name.name for name in node.names] if isinstance(node, ast.Import) else []
    return [name for name in names if name.split(".")[0] == package.name]


def _is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


@cache
def _read(path: Path, package: Path) -> tuple[str, tuple[str, ...]]:
    """A file's code without docstrings and without the places of what it imports; and the names of these, in order."""
    tree = ast.parse(path.read_bytes(), filename=str(path))
    imports = []
    for node in ast.walk(tree):
        for field in ("body", "orelse", "finalbody"):
            statements = getattr(node, field, None)
            if isinstance(statements, list):
                setattr(node, field, [statement for statement in statements if not _is_text(statement)])
        if found := _imported(node, path, package):
            imports += found
            if isinstance(node, ast.ImportFrom):
                node.module, node.level = None, 0
            elif isinstance(node, ast.Import):
                for name in node.names:
                    name.name = package.name
    return ast.dump(tree), tuple(imports)


_EMPTY = ast.dump(ast.parse(""))


def _own(path: Path, package: Path) -> str:
    """Digest of a file by itself; empty for one without code, such as most `__init__.py`: they may come and go."""
    code, _ = _read(path, package)
    return "" if code == _EMPTY else hashlib.sha256(code.encode()).hexdigest()


@cache
def _node(path: Path, package: Path) -> tuple[str, frozenset[Path]]:
    """A file's own digest, with those of the files that each of its imports runs; and all these files."""
    imports = [files_of(name, package) for name in _read(path, package)[1]]
    targets = [",".join(filter(None, (_own(file, package) for file in files))) for files in imports]
    return " ".join([_own(path, package), *targets]).strip(), frozenset().union(*imports)


def closure(modules: tuple[str, ...], package: Path = PACKAGE) -> list[Path]:
    """Files of modules and of all that they import from the package, sorted by path."""
    found, waiting = set(), {path for module in modules for path in files_of(module, package)}
    while waiting:
        found |= waiting
        waiting = set().union(*(_node(path, package)[1] for path in waiting)) - found
    return sorted(found)


def source_digest(*modules: str, package: Path = PACKAGE) -> str:
    """SHA-256, hexadecimal, of what modules of the package do, with all that they import from it.

    A comment, a docstring, a module that is moved or renamed leave it as it is; any other change of the code does not.
    An import counts by the content of the file that it names, so that two functions of one name are not mistaken.

    Args:
        modules: full names, such as `goalsplice.cli.training`, or of what a module defines.
        package: the folder of the package.

    Raises:
        SyntaxError: a file is no Python.
    """
    lines = sorted(filter(None, (_node(path, package)[0] for path in closure(modules, package))))
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def drop_stale_bytecode(package: Path = PACKAGE) -> None:
    """Delete compiled copies of the package's modules that are older than the modules' last change.

    Python runs a copy if time and size of the source are those that it notes. A source that is put back with its old
    time has both; but a file system notes the change itself too (ctime), which nobody can put back.
    """
    for path in package.rglob("*.py"):
        copy = Path(cache_from_source(path))
        # There is none, or it is somebody else's: Python sees to it.
        with suppress(OSError):
            if copy.stat().st_mtime_ns < path.stat().st_ctime_ns:
                copy.unlink()
