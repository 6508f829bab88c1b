"""Which files foreign code reads or runs, by Python's audit events: whatever way it imports them, from then on.

What compiled libraries open by themselves (Arrow, HDF5, safetensors) raises no such event.
"""

import os
import sys
import sysconfig
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

_PACKAGE = Path(__file__).parent.parent
_listening: list[tuple[set[str], set[str]]] = []
"""Files read and files written, for each `files_read` that is open."""


def _hear(event: str, arguments: tuple) -> None:
    if not _listening or event not in ("open", "exec", "import"):
        return
    read, written = _listening[-1]
    # A module's code names its source, though it may come from a compiled copy; "import" names compiled modules.
    name = {"open": 0, "exec": 0, "import": 1}[event]
    name = getattr(arguments[name], "co_filename", arguments[name])
    if not isinstance(name, str | bytes | os.PathLike):
        return
    path = os.path.abspath(os.fsdecode(name))
    if event == "open" and arguments[2] & (os.O_WRONLY | os.O_CREAT):
        written.add(path)
    elif path not in written:
        read.add(path)


@cache
def _listen() -> None:
    sys.addaudithook(_hear)


@contextmanager
def files_read() -> Iterator[set[str]]:
    """Absolute paths of files that are read or run within it, but for those that were written within it before."""
    _listen()
    _listening.append((set(), set()))
    try:
        yield _listening[-1][0]
    finally:
        _listening.pop()


def first_unknown(read: Collection[str], known: Collection[Path], root: str | Path) -> str | None:
    """The first file below `root` that was read though it is not among the `known` ones, relative to `root`.

    Installed packages, Python's own and the study's do not count, nor compiled copies of sources.
    """
    root = Path(root).resolve()
    known = {path.resolve() for path in known}
    installed = {_PACKAGE, *map(Path, (sys.prefix, sys.base_prefix, *sysconfig.get_paths().values()))}
    installed |= {place.resolve() for place in installed}
    installed = [place for place in installed if place != root and place.is_relative_to(root)]
    for path in map(Path, sorted(read)):
        # The project's folder may be reached by a link, and links in it may lead out.
        ways = (path, path.parent.resolve() / path.name)
        inside = [way for way in ways if way.is_relative_to(root)]
        if (
            inside
            and path.is_file()
            and path.resolve() not in known
            and path.parent.name != "__pycache__"
            and not any(way.is_relative_to(place) for way in ways for place in installed)
        ):
            return inside[0].relative_to(root).as_posix()
    return None
