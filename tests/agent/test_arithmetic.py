"""What the study says of its arithmetic, and that it leaves a process as it found it."""

import threading

import numpy as np
import pytest
import torch

from goalsplice.agent.arithmetic import arithmetic, prepare_process
from goalsplice.compiled import njit

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


def test_a_prepared_process_stays_so():
    threads = torch.get_num_threads()

    def look():
        prepare_process()
        before = small_is_zero()
        with arithmetic("float32"):
            pass
        return before, small_is_zero(), torch.get_num_threads()

    try:
        before, after, count = in_a_thread(look)
    finally:
        torch.set_num_threads(threads)
    assert all(before.values())
    assert after == before
    assert count == 1


@pytest.mark.parametrize("precision", ["float32", "medium"])
def test_precision_is_given_back(precision):
    before = torch.get_float32_matmul_precision()
    with arithmetic(precision):
        assert (torch.get_float32_matmul_precision() == "highest") == (precision == "float32")
    assert torch.get_float32_matmul_precision() == before
