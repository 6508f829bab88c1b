"""Writing files so that a name never holds half a file, and reading files so that damage is told."""

import errno
import os
import shlex
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from goalsplice.io.errors import StudyError

_AHEAD = 60
"""Seconds by which a file system's clock may be ahead of this machine's."""


@contextmanager
def replacing(path: str | Path) -> Iterator[Path]:
    """Yield a temporary path beside `path`; rename it to `path` on success, remove it on failure.

    The temporary file is in the same folder, so that the rename is atomic. It keeps the suffix, by which
    Matplotlib and others choose a format.

    Raises:
        OSError: as it was raised within, but it names `path` instead of the temporary file or none.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f".{path.stem}.{os.getpid()}.part{path.suffix}")
    try:
        yield aside
        # A file system may store the rename before the content: after a power cut the name would hold an empty file.
        _sync(aside)
        os.replace(aside, path)
        _sync_folder(path.parent)
    except OSError as error:
        if error.errno is not None and error.filename in (None, str(aside)):
            error.filename, error.filename2 = str(path), None
        raise
    finally:
        # It is gone if all went well. If not, what failed first is told, not that it cannot be removed either.
        with suppress(OSError):
            aside.unlink()


def _sync(path: Path) -> None:
    """Wait until what was written is on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _sync_folder(path: Path) -> None:
    try:
        _sync(path)
    except OSError as error:
        # Some file systems sync no folders, and a folder that may be written need not be readable.
        if error.errno not in (errno.EINVAL, errno.ENOTSUP, errno.EACCES, errno.EPERM):
            raise


def damaged(path: str | Path, detail: object) -> StudyError:
    """The one sentence about a file whose content is not what was written."""
    first = (str(detail).strip() or type(detail).__name__).splitlines()[0][:200]
    # Decoders quote what they stumble over.
    shown = "".join(character if character.isprintable() else "?" for character in first)
    return StudyError(f"{path} is damaged ({shown}); delete it and run snakemake again")


@contextmanager
def decoding(path: str | Path) -> Iterator[None]:
    """Within, whatever a decoder raises means that the content of `path` is damaged.

    What decoders raise at arbitrary bytes is not documented: among others ValueError, KeyError, OverflowError,
    UnicodeDecodeError, OSError without a number, and MemoryError for absurd sizes. An OSError with a number is the
    operating system's and goes through.

    Raises:
        StudyError: the one about damage, or one that was raised within.
    """
    try:
        yield
    except StudyError:
        raise
    except MemoryError as error:
        raise StudyError(
            f"{path} is damaged, or there is not enough memory to read it; delete it and run snakemake again, or free "
            "some memory"
        ) from error
    except Exception as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise
        raise damaged(path, error) from error


def check_times(folder: str | Path, now: float) -> None:
    """Check that no file below a folder was changed in the future, as happens where clocks differ.

    What is made from such a file would count as older than it: Snakemake would delete it, and make it for ever.

    Args:
        folder: need not exist; links to folders below it are followed.
        now: seconds since 1970.

    Raises:
        StudyError: how many there are, one of them, and what to type.
    """
    ahead = []
    for place, _, names in os.walk(folder, followlinks=True):
        for name in names:
            # A job that still runs may remove it meanwhile.
            with suppress(FileNotFoundError):
                if os.stat(os.path.join(place, name)).st_mtime > now + _AHEAD:
                    ahead.append(os.path.join(place, name))
    if ahead:
        others = f" and {len(ahead) - 1} other files were" if len(ahead) > 1 else " was"
        raise StudyError(
            f"{min(ahead)}{others} changed in the future, by this machine's clock; set the clock right, or type: "
            f"find -L {shlex.quote(str(folder))} -type f -newermt now -exec touch {{}} +"
        )
