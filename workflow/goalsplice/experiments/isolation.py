"""Foreign code in a process of its own, which it may end or spoil without harm to what comes next."""

import multiprocessing
import os
import signal
import threading
import traceback
from collections.abc import Callable, Iterable
from contextlib import suppress
from multiprocessing.connection import Connection
from typing import TypeVar

Item = TypeVar("Item")


class Ended(Exception):  # noqa: N818 (told as what the process did)
    """How a process ended that did not come to its end, for example `ended its process with exit code 3`."""


def _outlive_nobody() -> None:
    multiprocessing.parent_process().join()
    os._exit(1)


def _work(work: Callable[[], Iterable], writer: Connection) -> None:
    """The other process: send what `work` yields, then what it raised, or None."""
    # Who ends a job ends the process that waits for this one, which ends this one: nothing to tidy up is here.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    threading.Thread(target=_outlive_nobody, daemon=True).start()
    raised = None
    try:
        for item in work():
            writer.send((True, item))
    except Exception as error:
        error.add_note(traceback.format_exc())
        raised = error
    writer.send((False, raised))


def apart(work: Callable[[], Iterable[Item]], received: list[Item]) -> None:
    """Run `work` in a fork of this process, and put what it yields into `received`, one after the other.

    Whatever `work` does to its process is gone with it, and so are its threads. A fork has what this process loaded,
    but none of its threads: PyTorch must have run on one thread only, without gradients.

    Raises:
        Ended: the process ended before `work` did.
        Exception: what `work` raised, with its traceback as a note.
    """
    context = multiprocessing.get_context("fork")
    reader, writer = context.Pipe(duplex=False)
    process = context.Process(target=_work, args=(work, writer))
    try:
        process.start()
        writer.close()
        while True:
            # Not a wait for the pipe's end: processes that the other one has left behind may hold it open.
            while not reader.poll(0.5):
                if not process.is_alive() and not reader.poll():
                    raise Ended(_end(process.exitcode))
            try:
                more, item = reader.recv()
            except EOFError:
                process.join()
                raise Ended(_end(process.exitcode)) from None
            if not more:
                break
            received.append(item)
    finally:
        if process.pid is not None:
            process.kill()
            process.join()
        reader.close()
    if item is not None:
        raise item


def _end(code: int | None) -> str:
    if code is not None and code < 0:
        with suppress(ValueError):
            name = signal.Signals(-code).name
            memory = ", perhaps for lack of memory" if name == "SIGKILL" else ""
            return f"ended its process by the signal {name}{memory}"
    return f"ended its process with exit code {code}"
