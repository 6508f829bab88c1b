"""Which of the user's environment variables a stage does not obey.

A study's tables and figures depend on its configuration and its code. What a shell, a notebook or a cluster's login
script sets for other programs should not change them, nor end a job. What says where things are, which devices there
are, or which kernels a processor runs stays the user's: HOME, TMPDIR, XDG_CACHE_HOME, MPLCONFIGDIR,
CUDA_VISIBLE_DEVICES, OPENBLAS_CORETYPE, NPY_DISABLE_CPU_FEATURES, ATEN_CPU_CAPABILITY and their like.
"""

import os
from collections.abc import MutableMapping

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
