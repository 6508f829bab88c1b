"""What the study says of its arithmetic, and that it leaves a process as it found it."""

import os
import re
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
import torch
from threadpoolctl import threadpool_info, threadpool_limits

from goalsplice.agent.numerics import arithmetic, check_kernels, kernels, prepare_process
from goalsplice.io.compiled import njit
from goalsplice.io.errors import StudyError
from goalsplice.settings import environment

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


def test_more_threads_are_refused_until_the_process_is_prepared(two_threads):
    with pytest.raises(StudyError, match=r"on 2 thread.*prepare_process"):
        check_kernels()
    prepare_process()
    check_kernels()


def test_a_processor_without_the_instructions_is_refused_but_for_native_arithmetic(monkeypatch):
    monkeypatch.setattr(environment, "has_avx2", lambda: False)
    with pytest.raises(StudyError, match=r"AVX2.*arithmetic: native"):
        check_kernels()
    monkeypatch.setenv(environment.ARITHMETIC, environment.NATIVE)
    check_kernels()


NATIVE = {environment.ARITHMETIC: environment.NATIVE}
NUMPY_FIRST = "import numpy; from goalsplice.agent.numerics import prepare_process; prepare_process()"


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({"OPENBLAS_CORETYPE": "Sandybridge"}, "Sandybridge"),
        pytest.param({}, None, marks=pytest.mark.nightly),
        pytest.param({"NPY_DISABLE_CPU_FEATURES": "X86_V3"}, "baseline", marks=pytest.mark.nightly),
        pytest.param({"OPENBLAS_CORETYPE": "Sandybridge", **NATIVE}, None, marks=pytest.mark.nightly),
    ],
)
def test_other_kernels_that_numpy_has_loaded_before_are_refused(variables, said):
    """As in a notebook. What is expected with none of the variables is so on processors without AVX-512."""
    if not variables and "avx512f" in Path("/proc/cpuinfo").read_text():
        said = "SkylakeX|Cooperlake|SapphireRapids|Zen|X86_V4"
    kept = {name: value for name, value in os.environ.items() if name not in environment.KERNELS}
    command = [sys.executable, "-c", NUMPY_FIRST]
    result = subprocess.run(command, env=kept | variables, capture_output=True, text=True, check=False)
    if said is None:
        assert (result.returncode, result.stderr) == (0, "")
    else:
        last = result.stderr.splitlines()[-1]
        assert re.search(rf"StudyError: .*({said}).*import goalsplice before NumPy", last)


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
