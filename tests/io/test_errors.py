"""How a stage ends when something fails."""

import errno
import re
import resource
import signal
import subprocess
import sys

import numpy as np
import pyarrow as pa
import pytest
import torch

from goalsplice.io.errors import StudyError, outage, run

WRITING = """
import sys, time
from goalsplice.io.errors import run
from goalsplice.io.files import replacing

def main():
    with replacing(sys.argv[1]) as aside:
        aside.write_text("half")
        print("begun", flush=True)
        time.sleep(60)

run(main)
"""
LOSING = """
import ctypes, os, sys, time, weakref
from goalsplice.io.errors import run
from goalsplice.io.files import replacing

where, path, number, *end = sys.argv[1:]

def tell(*_):
    os.kill(os.getpid(), int(number))

class Thing:
    pass

class Last:
    __del__ = tell

def lose():
    if where == "callback":
        ctypes.CFUNCTYPE(None)(tell)()
    elif where == "finaliser":
        Last()
    elif where == "weak reference":
        thing = Thing()
        reference = weakref.ref(thing, tell)
        del thing
    else:
        try:
            tell()
        except BaseException as error:
            if where == "other exception":
                raise ValueError from error

def main():
    with replacing(path) as aside:
        aside.write_text("half")
        print("begun", flush=True)
        lose()
        if end:
            return
        while True:
            time.sleep(0.01)

run(main)
"""
TIDYING = """
import os, signal, time
from goalsplice.io.errors import run

def main():
    try:
        os.kill(os.getpid(), signal.SIGTERM)
    finally:
        end = time.monotonic() + 0.5
        while time.monotonic() < end:
            os.kill(os.getpid(), signal.SIGTERM)
            try:
                raise OSError
            except OSError:
                time.sleep(0.01)
        print("tidy", flush=True)

run(main)
"""
IGNORING = """
import os, signal
from goalsplice.io.errors import run

def main():
    for number in (signal.SIGINT, signal.SIGHUP):
        os.kill(os.getpid(), number)

signal.signal(signal.SIGINT, signal.SIG_IGN)
signal.signal(signal.SIGHUP, signal.SIG_IGN)
run(main)
"""
FAILING = """
import sys
from goalsplice.io.errors import StudyError, run

def main():
    if sys.argv[1] == "say":
        print("a line of the log", file=sys.stderr, flush=True)
    raise {"say": StudyError, "sentence": StudyError("no"), "mistake": ZeroDivisionError}[sys.argv[1]]

run(main)
"""


def raised(error):
    """A stage's `main` that fails."""

    def main():
        raise error

    return main


def test_a_study_error_is_one_line():
    with pytest.raises(SystemExit, match=r"^Error: the key a is bad; mend it$"):
        run(raised(StudyError("the key a is bad; mend it")))


@pytest.mark.parametrize("name", ["ENOSPC", "EDQUOT", "EFBIG", "EROFS", "EACCES", "EPERM", "EMFILE", "ENFILE", "EIO"])
def test_what_the_system_refuses_is_one_sentence_with_file_and_mend(name):
    number = getattr(errno, name)
    for file, start in (("results/x.parquet", "Error: results/x.parquet: "), (None, "Error: ")):
        with pytest.raises(SystemExit) as ended:
            run(raised(OSError(number, "said", file) if file else OSError(number, "said")))
        assert re.fullmatch(re.escape(start) + r"[^;:\n]+; [^;\n]+", ended.value.code)


@pytest.mark.parametrize(
    "error", [ZeroDivisionError("a mistake"), RuntimeError("one too"), OSError(errno.EPIPE, "said")]
)
def test_other_exceptions_keep_their_traceback(error):
    with pytest.raises(type(error)) as ended:
        run(raised(error))
    assert ended.value is error


@pytest.mark.parametrize(
    "allocate",
    [
        lambda: np.empty(1 << 60, np.uint8),
        lambda: torch.empty(1 << 60, dtype=torch.uint8),
        lambda: bytearray(1 << 60),
        lambda: pa.allocate_buffer(1 << 60),
    ],
    ids=["numpy", "torch", "python", "arrow"],
)
def test_too_little_memory_is_one_sentence_for_every_library(allocate):
    with pytest.raises(SystemExit, match=r"^Error: there is not enough memory; run fewer jobs"):
        run(allocate)


def test_the_memory_of_a_gpu_is_told_apart():
    assert "GPU" in outage(torch.OutOfMemoryError("CUDA out of memory"))


def test_too_many_open_files(tmp_path):
    def main():
        files = []
        try:
            while True:
                files.append((tmp_path / str(len(files))).open("w"))
        finally:
            for file in files:
                file.close()

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (100, hard))
    try:
        with pytest.raises(SystemExit, match=rf"^Error: {re.escape(str(tmp_path))}/\d+: too many files are open"):
            run(main)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


SIGNALS = [(signal.SIGTERM, 143), (signal.SIGINT, 130), (signal.SIGHUP, 129)]


@pytest.fixture(autouse=True)
def hangups_reach_jobs():
    """Also where nohup lets the tests, and all that they start, ignore the terminal's end."""
    before = signal.getsignal(signal.SIGHUP)
    if before is signal.SIG_IGN:
        signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGHUP, before)


@pytest.mark.parametrize(("number", "code"), SIGNALS)
def test_a_signal_ends_a_job_quietly_and_leaves_no_half_file(tmp_path, number, code):
    (tmp_path / "old.txt").write_text("old")
    command = [sys.executable, "-c", WRITING, str(tmp_path / "old.txt")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as job:
        assert job.stdout.readline() == "begun\n"
        assert len(list(tmp_path.iterdir())) == 2
        job.send_signal(number)
        _, said = job.communicate(timeout=60)
    assert (job.returncode, said) == (code, "")
    assert [path.name for path in tmp_path.iterdir()] == ["old.txt"]
    assert (tmp_path / "old.txt").read_text() == "old"


@pytest.mark.parametrize(("number", "code"), SIGNALS)
@pytest.mark.parametrize("where", ["callback", "finaliser", "weak reference", "other exception", "ignored"])
def test_a_signal_whose_exception_is_lost_still_ends_a_job(tmp_path, where, number, code):
    """As where LLVM calls back into Python. It ends quietly, and without its temporary file."""
    command = [sys.executable, "-c", LOSING, where, str(tmp_path / "new.txt"), str(int(number))]
    job = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (job.returncode, job.stdout, job.stderr) == (code, "begun\n", "")
    assert not list(tmp_path.iterdir())


def test_a_job_that_was_told_to_end_does_not_count_as_done(tmp_path):
    """The exception is lost, and then `main` returns: what the callback was to do is not done."""
    command = [sys.executable, "-c", LOSING, "callback", str(tmp_path / "new.txt"), str(int(signal.SIGTERM)), "return"]
    assert subprocess.run(command, capture_output=True, timeout=60, check=False).returncode == 143


def test_further_signals_do_not_interrupt_the_tidying_up():
    job = subprocess.run([sys.executable, "-c", TIDYING], capture_output=True, text=True, timeout=60, check=False)
    assert (job.returncode, job.stdout, job.stderr) == (143, "tidy\n", "")


def test_a_signal_that_is_ignored_stays_so():
    """As by nohup, and by a shell that starts something in the background."""
    job = subprocess.run([sys.executable, "-c", IGNORING], timeout=60, check=False)
    assert job.returncode == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGALRM])
def test_the_handler_of_others_is_put_back(number):
    before, hook = signal.getsignal(number), sys.unraisablehook
    run(lambda: None)
    assert signal.getsignal(number) is before
    assert sys.unraisablehook is hook


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="/dev/full is Linux's")
@pytest.mark.parametrize("what", ["say", "sentence", "mistake"])
def test_a_log_on_a_full_disk_still_fails(what):
    with open("/dev/full", "w") as full:
        job = subprocess.run([sys.executable, "-c", FAILING, what], stderr=full, timeout=60, check=False)
    assert job.returncode > 0


def test_importing_it_is_light():
    """Snakemake does so at each start."""
    listed = "import sys, goalsplice.io.errors; print({'numpy', 'torch', 'pandas', 'pyarrow'} & set(sys.modules))"
    assert (
        subprocess.run([sys.executable, "-c", listed], capture_output=True, text=True, check=True).stdout == "set()\n"
    )
