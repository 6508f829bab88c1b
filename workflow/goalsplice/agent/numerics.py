"""How a process calculates: with which kernels, on one thread, small numbers as zero, and with which precision.

Weight decay drives the weights of inputs that never occur, Adam's moments of them, and their products towards zero.
Processors take many times longer for numbers below 1e-38, so these count as zero, in compiled code too: without that,
rollout 100 takes 14 times as long as rollout 10, and a late network's gradient up to four times as long.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch
from numpy.lib.introspect import opt_func_info
from scipy.linalg import cython_blas  # noqa: F401 (loads the library that Numba's products use)
from threadpoolctl import threadpool_info, threadpool_limits

from goalsplice.agent.device import MATMUL_PRECISION
from goalsplice.io.errors import StudyError
from goalsplice.settings import environment

_PORTABLE = [f"openblas for {environment.KERNELS['OPENBLAS_CORETYPE']} on 1 thread(s)", "NumPy for X86_V3"]
"""Libraries, and NumPy's name for loops with AVX2 and FMA."""

_GO_NATIVE = (
    f"set arithmetic: {environment.NATIVE} in the configuration (for a program of your own, "
    f"{environment.ARITHMETIC}={environment.NATIVE} in its environment) for bytes that are this machine's own"
)


def prepare_process() -> None:
    """What every stage that runs networks calls first: one thread, and numbers below 1e-38 are zero.

    One core a job: other runs' jobs fill the rest, and sums do not depend on how threads divide them.

    Raises:
        StudyError: as `check_kernels`.
    """
    # It sees what is loaded: NumPy's OpenBLAS, and SciPy's, which Numba's products load otherwise with the first one.
    threadpool_limits(1)
    # It does not see the MKL that is part of PyTorch.
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    check_kernels()


def _libraries(said: str) -> list[str]:
    """What NumPy's and SciPy's linear algebra is, in words: `said` with threadpoolctl's fields of each library."""
    loaded = [{"architecture": None, **library} for library in threadpool_info() if library["user_api"] == "blas"]
    return sorted({said.format_map(library) for library in loaded})


def kernels() -> str:
    """What decides how sums are rounded in this process: libraries, for which processor, on how many threads.

    Where it is the same, equal work gives equal bytes.
    """
    loaded = _libraries("{internal_api} {version} for {architecture} on {num_threads} thread(s)")
    ours = f"PyTorch for {torch.backends.cpu.get_cpu_capability()} on {torch.get_num_threads()} thread(s)"
    return ", ".join([*loaded, ours])


def check_kernels() -> None:
    """See that this process computes with `environment.KERNELS`, on one thread, unless arithmetic is native.

    Raises:
        StudyError: it does not. The processor has no such instructions; or NumPy was loaded before this package; or
            `prepare_process` was not called.
    """
    if environment.is_native():
        return
    if not environment.has_avx2():
        raise StudyError(
            f"this processor is not known to have AVX2 and FMA, by which portable arithmetic computes; {_GO_NATIVE}"
        )
    loops = opt_func_info(func_name="^exp$", signature="float64")["exp"]["dd"]["current"]
    found = [*_libraries("{internal_api} for {architecture} on {num_threads} thread(s)"), f"NumPy for {loops}"]
    if found != _PORTABLE:
        raise StudyError(
            f"this process computes by {', '.join(found)}, and not by {', '.join(_PORTABLE)}; import goalsplice before "
            f"NumPy and PyTorch and call goalsplice.agent.numerics.prepare_process(), or {_GO_NATIVE}"
        )


def _small_is_zero() -> bool:
    """Whether this thread takes numbers below 1e-38 for zero; PyTorch can set that, but not tell it."""
    return bool(np.float32(1e-39) * np.float32(1) == 0)


@contextmanager
def arithmetic(precision: str) -> Iterator[None]:
    """Within it, numbers below 1e-38 are zero in this thread, and PyTorch's matrix products have a precision.

    Args:
        precision: `float32`, or `medium`: factors may be rounded to bfloat16 (8 bits of mantissa), sums are float32.
    """
    before, small_was_zero = torch.get_float32_matmul_precision(), _small_is_zero()
    torch.set_float32_matmul_precision(MATMUL_PRECISION[precision])
    torch.set_flush_denormal(True)
    try:
        yield
    finally:
        torch.set_flush_denormal(small_was_zero)
        torch.set_float32_matmul_precision(before)
