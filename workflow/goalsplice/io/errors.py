"""The one exception that a user is meant to read, and how a stage ends when something fails that is not its fault."""

import errno
import gc
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType


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


class _Ended(SystemExit):
    """A signal said that the process is to end."""


_ENDING = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
_AGAIN = 0.1
"""Seconds after which an `_Ended` that was lost is raised once more."""


def _is_under_way() -> bool:
    """Whether an `_Ended` is being handled right now, so that what runs is the tidying up that it started."""
    error = sys.exception()
    while error is not None and not isinstance(error, _Ended):
        error = error.__context__
    return error is not None


@contextmanager
def _ended_by_signals() -> Iterator[None]:
    """Within, signals that end a process raise an exception, so that temporary files are removed (`files.replacing`).

    Where C calls back into Python (LLVM while Numba compiles, a finaliser) there is nobody to pass an exception to, and
    Python drops it. So it is raised again and again until it has come through, but never into the tidying up.

    Raises:
        SystemExit: at the end, if a signal came, whatever has become of the exception.
    """
    code, report = None, sys.unraisablehook

    def end(number: int, _frame: FrameType | None) -> None:
        nonlocal code
        code = code or 128 + number
        signal.setitimer(signal.ITIMER_REAL, _AGAIN)
        if not _is_under_way():
            raise _Ended(code)

    def report_others(unraisable: "sys.UnraisableHookArgs") -> None:
        if not issubclass(unraisable.exc_type, _Ended):
            report(unraisable)

    # A shell lets what it starts in the background ignore Ctrl-C, and nohup the terminal's end.
    numbers = [number for number in (signal.SIGALRM, *_ENDING) if signal.getsignal(number) is not signal.SIG_IGN]
    before = {number: signal.signal(number, end) for number in numbers}
    sys.unraisablehook = report_others
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        for number, handler in before.items():
            signal.signal(number, handler)
        sys.unraisablehook = report
        if code:
            raise SystemExit(code) from None


def run(main: Callable[[], None]) -> None:
    """Run a stage's `main`, and end the process as a job should.

    | what comes out of `main` | standard error | exit code |
    |---|---|---|
    | nothing | | 0 |
    | a `StudyError` | its sentence | 1 |
    | a full disk, refused permission, lack of memory and the like (`outage`) | one sentence | 1 |
    | any other exception, so a mistake in the code | its traceback | 1 |
    | SIGTERM meanwhile, by which schedulers end jobs | | 143 |
    | SIGINT meanwhile, which is Ctrl-C | | 130 |
    | SIGHUP meanwhile, when the terminal is gone | | 129 |

    What was imported is left out of garbage collections: it stays to the end, and looking through it takes long.
    """
    gc.freeze()
    try:
        with _ended_by_signals():
            main()
    except StudyError as error:
        sys.exit(f"Error: {error}")
    except Exception as error:
        sentence = outage(error)
        if sentence is None:
            raise
        sys.exit(f"Error: {sentence}")
    finally:
        # The interpreter collects twice more when it ends, which takes a third of a second beside PyTorch.
        gc.freeze()
