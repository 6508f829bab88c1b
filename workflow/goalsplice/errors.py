"""The one exception that a user is meant to read, and how a stage ends when something fails that is not its fault."""

import errno
import gc
import signal
import sys
from collections.abc import Callable


class StudyError(Exception):
    """Bad input. The message is one sentence that names the file or key and the mend."""


_MENDS = {
    errno.ENOSPC: "the disk is full; free some space and run snakemake again",
    errno.EDQUOT: "your disk quota is used up; free some space and run snakemake again",
    errno.EFBIG: "the file grew larger than may be written here; raise the limit (ulimit -f) and run snakemake again",
    errno.EROFS: "the file system is read-only; make it writable, or run snakemake with another --directory",
    errno.EACCES: "permission is refused; change the permissions, or run snakemake with another --directory",
    errno.EPERM: "permission is refused; change the permissions, or run snakemake with another --directory",
    errno.EMFILE: "too many files are open; raise the limit (ulimit -n) and run snakemake again",
    errno.ENFILE: "too many files are open on this machine; close some and run snakemake again",
    errno.EIO: "the disk reports an error; look after the disk, then run snakemake again",
}
_MEMORY = "there is not enough memory; run fewer jobs at once (snakemake --cores), or free some"
_GPU_MEMORY = "the GPU has not enough memory; leave it to fewer jobs at once"


def outage(error: Exception) -> str | None:
    """One sentence on what the machine refused: room, permission, memory. None if `error` is of another kind."""
    if isinstance(error, MemoryError) or (isinstance(error, OSError) and error.errno == errno.ENOMEM):
        return _MEMORY
    if isinstance(error, RuntimeError):
        # PyTorch has no MemoryError of its own, and importing it to compare types takes seconds.
        if type(error).__name__ == "OutOfMemoryError":
            return _GPU_MEMORY
        return _MEMORY if "DefaultCPUAllocator" in str(error) else None
    if isinstance(error, OSError) and error.errno in _MENDS:
        return f"{error.filename}: {_MENDS[error.errno]}" if error.filename else _MENDS[error.errno]
    return None


def _terminate(number: int, _frame) -> None:
    # Once only: a second signal must not interrupt the tidying up that this one starts.
    signal.signal(number, signal.SIG_IGN)
    sys.exit(128 + number)


def run(main: Callable[[], None]) -> None:
    """Run a stage's `main`, and end the process as a job should.

    | what comes out of `main` | standard error | exit code |
    |---|---|---|
    | nothing | | 0 |
    | a `StudyError` | its sentence | 1 |
    | a full disk, refused permission, lack of memory and the like (`outage`) | one sentence | 1 |
    | any other exception, so a mistake in the code | its traceback | 1 |
    | KeyboardInterrupt | | 130 |
    | SIGTERM, by which schedulers end jobs | | 143 |

    SIGTERM becomes an exception, so that temporary files are removed (`files.replacing`).

    What was imported is left out of garbage collections: it stays to the end, and looking through it takes long.
    """
    gc.freeze()
    before = signal.signal(signal.SIGTERM, _terminate)
    try:
        main()
    except StudyError as error:
        sys.exit(f"Error: {error}")
    except KeyboardInterrupt:
        sys.exit(128 + signal.SIGINT)
    except Exception as error:
        sentence = outage(error)
        if sentence is None:
            raise
        sys.exit(f"Error: {sentence}")
    finally:
        signal.signal(signal.SIGTERM, before)
        # The interpreter collects twice more when it ends, which takes a third of a second beside PyTorch.
        gc.freeze()
