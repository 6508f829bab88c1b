"""Where the update of the networks is computed: the CPU, or a GPU by CUDA; and how, so that it can be repeated.

Equal bytes from run to run are kept on one GPU with one PyTorch, as they are on one CPU. Between devices results agree
but for rounding, which training amplifies: see docs/notes/device.md.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import torch

from goalsplice.io.errors import StudyError

DEVICES = ("cpu", "cuda", "auto")
"""What the configuration's key `device` may say."""

MATMUL_PRECISION = {"float32": "highest", "medium": "medium"}
"""PyTorch's name for each `precision` of a recipe. On CUDA `highest` is float32 throughout, and `medium` lets products
round their factors to TensorFloat32 (10 bits of mantissa) and add up in float32."""

_WORKSPACE = "CUBLAS_WORKSPACE_CONFIG"


def resolve(name: str) -> torch.device:
    """The device that the configuration's `device` stands for; `auto` is CUDA where PyTorch sees a GPU.

    Raises:
        StudyError: the name is unknown, or is `cuda` where PyTorch sees no GPU.
    """
    if name not in DEVICES:
        raise StudyError(f"the configuration's device is {name!r}; set it to one of {', '.join(DEVICES)}")
    if name == "cpu" or (name == "auto" and not torch.cuda.is_available()):
        return torch.device("cpu")
    if not torch.cuda.is_available():
        why = "is built without CUDA" if torch.version.cuda is None else "sees no GPU here"
        raise StudyError(
            f"the configuration's device is cuda, but PyTorch {torch.__version__} {why}; "
            "set device to cpu or auto, or install PyTorch for CUDA on a machine with an NVIDIA GPU"
        )
    return torch.device("cuda", torch.cuda.current_device())


def model_of(device: torch.device) -> str:
    """`cpu`, or CUDA with the GPU's model, such as `cuda NVIDIA H100`: where an unfinished run may go on.

    GPUs of different models round differently, so half a run on each would be neither's.
    """
    return f"cuda {torch.cuda.get_device_name(device)}" if device.type == "cuda" else device.type


@contextmanager
def reproducible(precision: str) -> Iterator[None]:
    """Calculate such that the same work on the same device gives the same bytes.

    An operation that has no deterministic form is an error in here, not a silent difference. The setting of cuBLAS
    counts only if the process's first product on the GPU is in here too; one that the user made is left alone. PyTorch
    since 2.10 gives cuBLAS workspaces of its own and no longer asks for the setting, earlier ones refuse products
    without it.

    Args:
        precision: of matrix products, as in a recipe.

    Source: PyTorch's notes on reproducibility, and cuBLAS's on the reproducibility of results.
    """
    workspace = os.environ.get(_WORKSPACE)
    deterministic = torch.are_deterministic_algorithms_enabled()
    warn_only = torch.is_deterministic_algorithms_warn_only_enabled()
    filled = torch.utils.deterministic.fill_uninitialized_memory
    matmul = torch.get_float32_matmul_precision()
    os.environ.setdefault(_WORKSPACE, ":4096:8")
    torch.use_deterministic_algorithms(True)
    # No memory is read here before it is written, and filling it costs a kernel for each new tensor.
    torch.utils.deterministic.fill_uninitialized_memory = False
    torch.set_float32_matmul_precision(MATMUL_PRECISION[precision])
    try:
        yield
    finally:
        torch.set_float32_matmul_precision(matmul)
        torch.utils.deterministic.fill_uninitialized_memory = filled
        torch.use_deterministic_algorithms(deterministic, warn_only=warn_only)
        if workspace is None:
            del os.environ[_WORKSPACE]
