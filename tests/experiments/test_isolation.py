"""Work in a process of its own: its items and errors arrive, its end is told, and nothing of it is left."""

import os
import signal
import subprocess
import sys
import threading
import time

import pytest

from goalsplice.experiments.isolation import Ended, apart
from goalsplice.io.errors import StudyError


def test_items_arrive_and_the_process_is_another():
    received = []
    apart(lambda: (os.getpid() for _ in range(2)), received)
    assert len(set(received)) == 1
    assert received[0] != os.getpid()


def test_errors_arrive_with_their_traceback_and_what_came_before():
    def work():
        yield 1
        raise StudyError("no such file")

    received = []
    with pytest.raises(StudyError, match="no such file") as caught:
        apart(work, received)
    assert received == [1]
    assert 'raise StudyError("no such file")' in caught.value.__notes__[0]


class Stop(BaseException):
    """Something that no `except Exception` catches."""


def stop():
    raise Stop


def leave_a_child():
    """End, though a process that holds the pipe open goes on."""
    if os.fork():
        os._exit(3)
    time.sleep(5)
    os._exit(0)


@pytest.mark.parametrize(
    ("end", "words"),
    [
        (lambda: os._exit(0), "exit code 0"),
        (lambda: os._exit(3), "exit code 3"),
        (lambda: os.kill(os.getpid(), signal.SIGKILL), "SIGKILL, perhaps for lack of memory"),
        (lambda: os.kill(os.getpid(), signal.SIGUSR1), "SIGUSR1"),
        (lambda: os.closerange(0, 256), "exit code"),
        (stop, "exit code 1"),
        (leave_a_child, "exit code 3"),
    ],
)
def test_an_end_without_a_result_is_told(end, words):
    def work():
        yield 1
        end()
        yield 2

    received, start = [], time.monotonic()
    with pytest.raises(Ended, match=words):
        apart(work, received)
    assert received == [1]
    assert time.monotonic() - start < 4


def test_what_it_leaves_running_ends_with_it():
    def work():
        threading.Thread(target=time.sleep, args=(60,)).start()
        yield os.getpid()

    received, start = [], time.monotonic()
    apart(work, received)
    assert time.monotonic() - start < 10
    with pytest.raises(ProcessLookupError):
        os.kill(received[0], 0)


ENDLESS = """
import os, signal, sys, time
from goalsplice.experiments.isolation import apart
from goalsplice.io.errors import run

def work():
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    print(os.getpid(), flush=True)
    while True:
        time.sleep(0.01)
    yield

run(lambda: apart(work, []))
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_it_ends_with_the_process_that_waits_for_it(number):
    with subprocess.Popen([sys.executable, "-c", ENDLESS], stdout=subprocess.PIPE, text=True) as waiting:
        assert int(waiting.stdout.readline()) != waiting.pid
        waiting.send_signal(number)
        assert waiting.wait(30) == {signal.SIGTERM: 143, signal.SIGINT: 130}.get(number, -number)
        # Its output ends when nobody can write there any more.
        assert waiting.communicate(timeout=30)[0] == ""
