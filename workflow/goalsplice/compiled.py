"""Numba's `njit`, with a cache on disk that is never stale.

Numba's cache looks only at the file that holds a function, not at the compiled functions which that function
calls from other files, nor at constants that are compiled in: after an edit of `simulator.py` or `vocabulary.py` it
would go on running the old world inside a rollout. So the cache lives in a folder that is named after the content of
the package, and after the versions of what else is compiled in. (With a NUMBA_CACHE_DIR of one's own, that is off.)
"""

import hashlib
import os
import tempfile
from functools import partial
from pathlib import Path

import minigrid
import numba
import numpy

_PACKAGE = Path(__file__).parent


def source_digest(package: Path = _PACKAGE) -> str:
    """Hexadecimal digest (16 digits) of the folders of `package` that compile anything, and of versions."""
    versions = (numba.__version__, numpy.__version__, minigrid.__version__)
    digest = hashlib.sha256(" ".join(versions).encode())
    sources = {path: path.read_bytes() for path in sorted(package.rglob("*.py"))}
    folders = {path.parent for path, content in sources.items() if b"njit" in content}
    for path, content in sources.items():
        if path.parent in folders:
            digest.update(path.relative_to(package).as_posix().encode() + b"\0" + content)
    return digest.hexdigest()[:16]


def _cache_folder() -> str:
    """A writable folder for this version of the code: the user's cache, or else one for temporary files."""
    root = Path(os.environ.get("XDG_CACHE_HOME") or Path("~/.cache").expanduser())
    for parent in (root, Path(tempfile.gettempdir())):
        folder = parent / "goalsplice" / source_digest()
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError:
            continue
        if os.access(folder, os.W_OK):
            return str(folder)
    return tempfile.mkdtemp(prefix="goalsplice-")


if not os.environ.get("NUMBA_CACHE_DIR"):
    numba.config.CACHE_DIR = _cache_folder()

njit = partial(numba.njit, cache=True)

njit_unowned = partial(numba.njit, cache=True, _nrt=False)
"""`njit` without reference counts, for small functions that make no arrays; Numba refuses any that does.

Numba counts references to each array that is taken from a named tuple, with atomic instructions: in a step of the
world that took four times as long as the step. The option is private to Numba, whose version is pinned.
"""
