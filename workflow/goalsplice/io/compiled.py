"""Numba's `njit`, with a cache on disk that is never stale.

Numba's cache looks only at the file that holds a function, not at the compiled functions which that function
calls from other files, nor at constants that are compiled in: after an edit of `simulator.py` or `vocabulary.py` it
would go on running the old world inside a rollout. So the cache lives in a folder that is named after the content of
the package, and after the versions of what else is compiled in. $NUMBA_CACHE_DIR says where that folder is, not more.
Copies of the package share it: with Numba's own names, which hold a file's path, each would compile for itself.
"""

import hashlib
import os
import stat
import tempfile
from functools import partial
from pathlib import Path

import numba
import numpy
from numba.core.caching import UserProvidedCacheLocator

_PACKAGE = Path(__file__).parents[1]


def cache_digest(package: Path = _PACKAGE) -> str:
    """Hexadecimal digest (16 digits) of this file, the rooms of `package` that compile anything, and versions.

    A room is one of the folders directly in `package`, with all that lies in it: what it compiles takes constants from
    its other files.
    """
    versions = (numba.__version__, numpy.__version__)
    digest = hashlib.sha256(" ".join(versions).encode())
    sources = {path: path.read_bytes() for path in sorted(package.rglob("*.py"))}
    rooms = {path.relative_to(package).parts[0] for path, content in sources.items() if b"@njit" in content}
    for path, content in sources.items():
        if path.relative_to(package).parts[0] in rooms or path == Path(__file__):
            digest.update(path.relative_to(package).as_posix().encode() + b"\0" + content)
    return digest.hexdigest()[:16]


def is_private(folder: Path) -> bool:
    """Whether `folder`, and the link if it is one, belong to this user, and nobody else may write to it."""
    here, there = folder.lstat(), folder.stat()
    return here.st_uid == there.st_uid == os.getuid() and not there.st_mode & (stat.S_IWGRP | stat.S_IWOTH)


def private_folder(parent: Path, name: str) -> Path | None:
    """The folder `name` below `parent`, made if need be, to which this user alone may write; None if there is none.

    Numba keeps compiled functions as pickles: who can write to their folder decides what a study runs.
    """
    folder = parent / name
    try:
        parent.mkdir(parents=True, exist_ok=True)
        # 0700 whatever the umask is. One of another user's that is there already does not become ours by that.
        folder.mkdir(mode=0o700, exist_ok=True)
        return folder if is_private(folder) and os.access(folder, os.W_OK) else None
    except OSError:
        return None


def user_cache() -> Path | None:
    """Where this user's programs keep what they can make again; None for a user without a home, as in a container."""
    named = os.environ.get("NUMBA_CACHE_DIR") or os.environ.get("XDG_CACHE_HOME")
    try:
        return Path(named).absolute() if named else Path.home() / ".cache"
    except RuntimeError:
        return None


def cache_folder(cache: Path | None, temporary: Path) -> Path:
    """A private folder for this version of the code: in the user's cache, or else one for temporary files."""
    # The temporary folder is everybody's, so each user has a name there, and who took it first is checked.
    for parent, name in ((cache, "goalsplice"), (temporary, f"goalsplice-{os.getuid()}")):
        ours = parent and private_folder(parent, name)
        folder = ours and private_folder(ours, cache_digest())
        if folder:
            return folder
    return Path(tempfile.mkdtemp(prefix="goalsplice-", dir=temporary))


class ByContent(UserProvidedCacheLocator):
    """Where Numba keeps the compiled functions of a module: by its place in the package, wherever that lies."""

    @classmethod
    def get_suitable_cache_subpath(cls, py_file: str) -> str:
        """The folder, below the cache's, for the functions of a file."""
        folder = Path(py_file).absolute().parent
        if folder.is_relative_to(_PACKAGE):
            return folder.relative_to(_PACKAGE.parent).as_posix()
        return str(super().get_suitable_cache_subpath(py_file))


numba.config.CACHE_LOCATOR_CLASSES = f"{__name__}.{ByContent.__name__}"
numba.config.CACHE_DIR = str(cache_folder(user_cache(), Path(tempfile.gettempdir())))

njit = partial(numba.njit, cache=True)

njit_unowned = partial(numba.njit, cache=True, _nrt=False)
"""`njit` without reference counts, for small functions that make no arrays; Numba refuses any that does.

Numba counts references to each array that is taken from a named tuple, with atomic instructions: in a step of the
world that took four times as long as the step. The option is private to Numba, whose version is pinned.
"""
