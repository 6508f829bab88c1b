"""Which of the user's environment variables a stage does not obey, and which kernels libraries compute with.

A study's tables and figures depend on its configuration and its code. What a shell, a notebook or a cluster's login
script sets for other programs should not change them, nor end a job. What says where things are, or which devices there
are, stays the user's: HOME, TMPDIR, XDG_CACHE_HOME, MPLCONFIGDIR, CUDA_VISIBLE_DEVICES and their like.

Left alone, NumPy and PyTorch choose kernels that fit the processor, and each rounds sums in its own way. With portable
arithmetic all x86-64 processors that have AVX2 and FMA run the same kernels.
"""

import os
import platform
from collections.abc import MutableMapping
from pathlib import Path

ARITHMETIC = "GOALSPLICE_ARITHMETIC"
"""The variable that holds config.yaml's `arithmetic`: it counts before a process can read any configuration."""

PORTABLE, NATIVE = "portable", "native"

KERNELS = {
    "OPENBLAS_CORETYPE": "Haswell",
    "NPY_DISABLE_CPU_FEATURES": "X86_V4 AVX512_ICL AVX512_SPR",
    "ATEN_CPU_CAPABILITY": "avx2",
}
"""For AVX2 and FMA, whatever else a processor has. NumPy, which takes all that it has, goes without AVX-512."""

_OTHER_KERNELS = ("NPY_ENABLE_CPU_FEATURES", "OPENBLAS_BLOCK_FACTOR", "OPENBLAS_L2_SIZE")
"""What else decides how OpenBLAS cuts products, and the variable that NumPy refuses beside the one above."""

PYTHON_VARIABLES = (
    "PYTHONBREAKPOINT",
    "PYTHONCOERCECLOCALE",
    "PYTHONDEBUG",
    "PYTHONDEVMODE",
    "PYTHONHASHSEED",
    "PYTHONINSPECT",
    "PYTHONINTMAXSTRDIGITS",
    "PYTHONIOENCODING",
    "PYTHONMALLOC",
    "PYTHONOPTIMIZE",
    "PYTHONPROFILEIMPORTTIME",
    "PYTHONPYCACHEPREFIX",
    "PYTHONSTARTUP",
    "PYTHONTRACEMALLOC",
    "PYTHONVERBOSE",
    "PYTHONWARNDEFAULTENCODING",
    "PYTHONWARNINGS",
    "PYTHON_COLORS",
)
"""What Python reads as it starts, so whoever starts a stage takes it out: `prepare` would be too late."""

PYTHON_SETTINGS = {"PYTHONSAFEPATH": "1", "PYTHONUTF8": "1"}
"""What whoever starts a stage sets: no module comes from the working folder, and text is UTF-8 in any locale."""

THREADS = (
    "BLIS_NUM_THREADS",
    "GOTO_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMBA_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
)
"""How many threads libraries take. A job has one core, and how threads divide sums changes how these are rounded."""

_SET = {**dict.fromkeys(THREADS, "1"), "MPLBACKEND": "agg"}

_REMOVED = (
    # Threads: to which core each is bound, for one, which would be the same core in all jobs.
    *("GOMP_", "KMP_", "MKL_DOMAIN_NUM_THREADS", "MKL_DYNAMIC", "OMP_", "OPENBLAS_DEFAULT_NUM_THREADS"),
    # How precise products are.
    *("DNNL_DEFAULT_FPMATH_MODE", "NVIDIA_TF32_OVERRIDE", "ONEDNN_DEFAULT_FPMATH_MODE", "TORCH_"),
    # What libraries compile, check and mean.
    *("MATPLOTLIBRC", "NPY_PROMOTION_STATE", "NUMBA_", "PANDAS_", "PYTORCH_JIT", "SCIPY_", "SKLEARN_"),
    # Colours in tracebacks, which end in logs.
    *("CLICOLOR_FORCE", "FORCE_COLOR"),
    # Dates in files.
    "SOURCE_DATE_EPOCH",
)
"""Names, and beginnings of names."""

# Where compiled code is kept, and what lets two OpenMP libraries be in one process, as some installations need.
_KEPT = ("NUMBA_CACHE_DIR", "KMP_DUPLICATE_LIB_OK")


def prepare(variables: MutableMapping[str, str] = os.environ) -> None:
    """Set and remove what libraries read when they are imported. It comes before NumPy, PyTorch and Matplotlib."""
    for name in [name for name in variables if name.startswith(_REMOVED) and name not in _KEPT]:
        del variables[name]
    variables.update(_SET)


def is_native(variables: MutableMapping[str, str] = os.environ) -> bool:
    """Whether libraries may choose kernels for the processor."""
    return variables.get(ARITHMETIC) == NATIVE


_CPUINFO = Path("/proc/cpuinfo")


def _said(field: str, cpuinfo: Path) -> str:
    """What the system says of the first processor; nothing where it says nothing."""
    try:
        with cpuinfo.open() as lines:
            return next((line.partition(":")[2].strip() for line in lines if line.startswith(field)), "")
    except OSError:
        return ""


def has_avx2(cpuinfo: Path = _CPUINFO) -> bool:
    """Whether this processor is an x86-64 one with AVX2 and FMA; False where the system does not say so."""
    return {"lm", "avx2", "fma"} <= set(_said("flags", cpuinfo).split())


def processor(cpuinfo: Path = _CPUINFO) -> str:
    """What the processor is called, and which vectors it has."""
    flags = set(_said("flags", cpuinfo).split())
    vectors = (
        "with AVX-512" if "avx512f" in flags else "with AVX2, without AVX-512" if "avx2" in flags else "without AVX2"
    )
    return f"{_said('model name', cpuinfo) or platform.machine()} {vectors}"


def choose_kernels(variables: MutableMapping[str, str] = os.environ) -> None:
    """Set which kernels libraries load. It comes before NumPy and PyTorch: `numerics.check_kernels` says if it did.

    The user's own choice counts for neither arithmetic: a Snakemake that chose passes its variables to all its jobs.
    """
    for name in (*KERNELS, *_OTHER_KERNELS):
        variables.pop(name, None)
    if not is_native(variables) and has_avx2():
        variables.update(KERNELS)
