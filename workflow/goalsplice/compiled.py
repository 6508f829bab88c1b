"""Numba's `njit`, with a cache on disk that is never stale.

Numba's cache looks only at the file that holds a function, not at the compiled functions which that function
calls from other files: after an edit of `simulator.py` it would go on running the old world inside a rollout.
So the cache lives in a folder that is named after the content of every file that compiles anything.
"""

import hashlib
import os
import tempfile
from functools import partial
from pathlib import Path

import numba

_PACKAGE = Path(__file__).parent


def source_digest(package: Path = _PACKAGE) -> str:
    """Hexadecimal digest (16 digits) of all files of `package` that use this module, and of Numba's version."""
    digest = hashlib.sha256(numba.__version__.encode())
    for path in sorted(package.rglob("*.py")):
        content = path.read_bytes()
        if b"njit" in content:
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
