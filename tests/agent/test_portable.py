"""Training makes the same bytes whatever the user has set that chooses how libraries compute."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from agent.training_digests import digests
from goalsplice.settings import environment

pytestmark = pytest.mark.skipif(not environment.has_avx2(), reason="this processor computes bytes of its own")

EXPECTED = json.loads(Path(__file__).with_name("training_digests.json").read_text())
"""Digests of training on an AMD EPYC processor without AVX-512. They change with the recipe, and with what trains."""

THREADS = dict.fromkeys(environment.THREADS, "2")
VARIANTS = {
    "OpenBLAS for Sandybridge": {"OPENBLAS_CORETYPE": "Sandybridge"},
    "OpenBLAS for Zen": {"OPENBLAS_CORETYPE": "Zen"},
    "OpenBLAS's blocks": {"OPENBLAS_BLOCK_FACTOR": "20", "OPENBLAS_L2_SIZE": "1"},
    "NumPy without AVX2": {"NPY_DISABLE_CPU_FEATURES": "X86_V3"},
    "NumPy with nothing but AVX2": {"NPY_ENABLE_CPU_FEATURES": "X86_V3"},
    "MKL for any processor": {"MKL_CBWR": "COMPATIBLE"},
    "PyTorch for any processor": {"ATEN_CPU_CAPABILITY": "default", "ONEDNN_MAX_CPU_ISA": "SSE41"},
    "the C library's functions for any processor": {"GLIBC_TUNABLES": "glibc.cpu.hwcaps=-AVX,-AVX2,-FMA,-FMA4"},
    "one thread": dict.fromkeys(environment.THREADS, "1"),
    "two threads": THREADS,
    "another place": {"LC_ALL": "de_DE.UTF-8", "LANG": "C", "TZ": "Asia/Tokyo"},
}
COMPILED = {
    "compiled for x86-64-v2": {"NUMBA_CPU_NAME": "x86-64-v2", "NUMBA_CPU_FEATURES": ""},
    "compiled for x86-64": {"NUMBA_CPU_NAME": "x86-64", "NUMBA_CPU_FEATURES": ""},
    "compiled for x86-64-v3": {"NUMBA_CPU_NAME": "x86-64-v3", "NUMBA_CPU_FEATURES": ""},
}
AT_ONCE = {name: value for part in VARIANTS.values() for name, value in part.items()} | VARIANTS["two threads"]
del AT_ONCE["NPY_ENABLE_CPU_FEATURES"]


def trained(variables: dict[str, str], **options: str) -> dict[str, list[str]]:
    """The digests from a process of its own, in which the user has set `variables`."""
    kept = {name: value for name, value in os.environ.items() if name not in environment.KERNELS}
    script = Path(__file__).with_name("training_digests.py")
    result = subprocess.run(
        [sys.executable, str(script)], env=kept | variables | options, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)


def test_training_makes_the_bytes_that_it_made_elsewhere():
    assert digests() == EXPECTED


def test_no_variable_of_the_users_changes_a_byte_of_training():
    """All of them at once; each by itself is tried at night."""
    assert trained(AT_ONCE) == EXPECTED


@pytest.mark.nightly
@pytest.mark.parametrize("name", VARIANTS)
def test_no_variable_by_itself_does(name):
    assert trained(VARIANTS[name]) == EXPECTED


@pytest.mark.nightly
@pytest.mark.parametrize("name", COMPILED)
def test_nor_does_what_loops_are_compiled_for(name, tmp_path):
    assert trained(COMPILED[name], NUMBA_CACHE_DIR=str(tmp_path)) == EXPECTED


@pytest.mark.nightly
def test_another_kernel_of_openblas_does_where_it_is_let():
    """Or else the digests would show nothing: with native arithmetic, NumPy loaded first keeps the user's kernel."""
    script = Path(__file__).with_name("training_digests.py")
    program = f"import numpy, runpy; runpy.run_path({str(script)!r}, run_name='__main__')"
    variables = {"OPENBLAS_CORETYPE": "Sandybridge", environment.ARITHMETIC: environment.NATIVE}
    result = subprocess.run(
        [sys.executable, "-c", program], env=os.environ | variables, capture_output=True, text=True, check=True
    )
    found = json.loads(result.stdout)
    assert found.keys() == EXPECTED.keys()
    assert all(found[arm] != EXPECTED[arm] for arm in found)
