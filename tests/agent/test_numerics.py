"""What the study says of its arithmetic, and that it leaves a process as it found it."""

import os
import subprocess
import sys
import threading

import numpy as np
import pytest
import torch
from threadpoolctl import threadpool_info, threadpool_limits

from goalsplice.agent.numerics import arithmetic, kernels, prepare_process
from goalsplice.io.compiled import njit

SMALL = np.full(64, 1e-39, dtype=np.float32)


@njit
def _doubled(values):
    return values * np.float32(2)


def small_is_zero() -> dict[str, bool]:
    return {
        "NumPy": not (SMALL * np.float32(2)).any(),
        "PyTorch": not (torch.from_numpy(SMALL) * 2).any(),
        "compiled": not _doubled(SMALL).any(),
    }


def in_a_thread(function):
    """Its result in a thread of its own: how small numbers count is a thread's setting, and ends with it."""
    found = []
    thread = threading.Thread(target=lambda: found.append(function()))
    thread.start()
    thread.join()
    return found[0]


def test_small_numbers_are_zero_within_and_as_they_were_after():
    def look():
        before = small_is_zero()
        with arithmetic("float32"):
            within = small_is_zero()
        return before, within, small_is_zero()

    before, within, after = in_a_thread(look)
    assert not any(before.values())
    assert all(within.values())
    assert after == before


@pytest.fixture
def two_threads():
    """Libraries that take two threads each, as where nobody has told them to take one."""
    with threadpool_limits(2):
        torch.set_num_threads(2)
        yield
        torch.set_num_threads(1)


def threads() -> set[int]:
    """How many threads libraries take."""
    return {torch.get_num_threads(), *(library["num_threads"] for library in threadpool_info())}


def test_a_prepared_process_stays_so():
    def look():
        prepare_process()
        before = small_is_zero()
        with arithmetic("float32"):
            pass
        return before, small_is_zero()

    before, after = in_a_thread(look)
    assert all(before.values())
    assert after == before


def test_a_prepared_process_has_one_thread_and_says_so(two_threads):
    before, said = threads(), kernels()
    prepare_process()
    assert (before, threads()) == ({2}, {1})
    assert "openblas" in said
    assert kernels() != said


PRODUCT = """
import sys
{start}
import goalsplice.cli
import numpy as np

{prepare}
one, other = np.random.default_rng(0).standard_normal((2, 700, 700), dtype=np.float32)
sys.stdout.buffer.write((one @ other).tobytes() + (one[:, :7].T @ other[:, :300]).tobytes())
"""
PREPARE = "from goalsplice.agent.numerics import prepare_process; prepare_process()"


def test_the_shells_number_of_threads_changes_no_product():
    """Neither where `python -m` starts a stage, nor where a process that has loaded its libraries prepares itself."""

    def product(threads: int, start: str = "", prepare: str = "") -> bytes:
        variables = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
        return subprocess.run(
            [sys.executable, "-c", PRODUCT.format(start=start, prepare=prepare)],
            env=os.environ | dict.fromkeys(variables, str(threads)),
            stdout=subprocess.PIPE,
            check=True,
        ).stdout

    one = product(1)
    assert product(2, start="sys.argv[0] = '-m'") == one
    assert product(2, prepare=PREPARE) == one


@pytest.mark.parametrize("precision", ["float32", "medium"])
def test_precision_is_given_back(precision):
    before = torch.get_float32_matmul_precision()
    with arithmetic(precision):
        assert (torch.get_float32_matmul_precision() == "highest") == (precision == "float32")
    assert torch.get_float32_matmul_precision() == before
