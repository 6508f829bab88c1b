"""How a process calculates: on one thread, numbers too small to matter as zero, and with which precision.

Weight decay drives the weights of inputs that never occur, Adam's moments of them, and their products towards zero.
Processors take many times longer for numbers below 1e-38, so these count as zero, in compiled code too: without that,
rollout 100 takes 14 times as long as rollout 10, and a late network's gradient up to four times as long.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch
from threadpoolctl import threadpool_info, threadpool_limits

from goalsplice.agent.device import MATMUL_PRECISION


def prepare_process() -> None:
    """What every stage that runs networks calls first: one thread, and numbers below 1e-38 are zero.

    One core a job: other runs' jobs fill the rest, and sums do not depend on how threads divide them.
    """
    threadpool_limits(1)
    # It does not see the MKL that is part of PyTorch.
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)


def kernels() -> str:
    """What decides how sums are rounded in this process: libraries, for which processor, on how many threads.

    Where it is the same, equal work gives equal bytes.
    """
    loaded = {
        f"{library['internal_api']} {library['version']} for {library.get('architecture')} "
        f"on {library['num_threads']} thread(s)"
        for library in threadpool_info()
        if library["user_api"] == "blas"
    }
    ours = f"PyTorch for {torch.backends.cpu.get_cpu_capability()} on {torch.get_num_threads()} thread(s)"
    return ", ".join([*sorted(loaded), ours])


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
