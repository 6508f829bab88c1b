"""What the user's shell, notebook or home folder sets for other programs changes no output of a stage and ends none."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import matplotlib as mpl
import pytest
from matplotlib.figure import Figure
from study import ROOT

from goalsplice.figures.style import save, styled
from goalsplice.settings import environment

HOSTILE_SETTINGS = """\
backend: module://matplotlib_inline.backend_inline
font.family: serif
font.size: 20
axes.facecolor: red
savefig.facecolor: yellow
savefig.bbox: tight
image.cmap: gray
svg.fonttype: path
"""

HOSTILE = {
    "MPLBACKEND": "module://matplotlib_inline.backend_inline",
    "SOURCE_DATE_EPOCH": "today",
    "NUMBA_DISABLE_JIT": "1",
    "PANDAS_FUTURE": "legacy",
    "SCIPY_ARRAY_API": "1",
    "TORCH_ALLOW_TF32_CUBLAS_OVERRIDE": "1",
    "OMP_NUM_THREADS": "4",
    "OPENBLAS_NUM_THREADS": "4",
    "OMP_PROC_BIND": "true",
    "LC_ALL": "C",
    "TZ": "Asia/Tokyo",
    "FORCE_COLOR": "1",
    "COLUMNS": "1",
    "DISPLAY": ":99",
    "SDL_VIDEODRIVER": "x11",
    "TMPDIR": "/nowhere/temporary",
}


@pytest.fixture
def hostile(tmp_path) -> tuple[Path, dict[str, str]]:
    """A folder with a matplotlibrc of its own, and the environment of a user who has one at home too."""
    folder, home = tmp_path / "folder", tmp_path / "home"
    for place in (folder, home / ".config/matplotlib"):
        place.mkdir(parents=True)
        (place / "matplotlibrc").write_text(HOSTILE_SETTINGS)
    settings = {"HOME": str(home), "XDG_CONFIG_HOME": "", "MATPLOTLIBRC": str(home / ".config/matplotlib/matplotlibrc")}
    return folder, {**HOSTILE, **settings}


def stage(name: str, folder: Path, variables: dict[str, str], *arguments: str) -> subprocess.CompletedProcess:
    """Run a stage in `folder` as rules do, of the package that lies here."""
    package = {"PYTHONPATH": str(ROOT / "workflow"), **environment.PYTHON_SETTINGS}
    return subprocess.run(
        [sys.executable, "-m", f"goalsplice.cli.{name}", *arguments],
        cwd=folder,
        env={**os.environ, **variables, **package},
        capture_output=True,
        text=True,
        check=False,
    )


def drawn(folder: Path, variables: dict[str, str]) -> list[bytes]:
    """The figure of the world as SVG and PNG."""
    arms = {"onehot": {"encoding": "onehot", "view_size": 5, "grid_size": 6}}
    outputs = [folder / "world.svg", folder / "world.png"]
    published = str(ROOT / "workflow/resources/published_seed99.csv")
    arguments = ["--figure", "world", "--config", json.dumps({"arms": arms}), "--published", published]
    result = stage("draw", folder, variables, *arguments, "--outputs", *map(str, outputs))
    assert result.returncode == 0, result.stderr
    return [output.read_bytes() for output in outputs]


@pytest.mark.slow
def test_a_figure_is_the_same_whatever_the_user_has_set(tmp_path, hostile):
    (tmp_path / "plain").mkdir()
    assert drawn(*hostile) == drawn(tmp_path / "plain", {})


def test_settings_that_were_made_count_for_no_figure_and_are_back_after_it(tmp_path):
    made = {"axes.facecolor": "red", "font.size": 20, "lines.linewidth": 9}
    for name, settings in (("plain", {}), ("changed", made)):
        with mpl.rc_context(settings):
            with styled():
                figure = Figure()
                figure.subplots().plot([1, 2])
                save(figure, tmp_path / f"{name}.png")
            assert {key: mpl.rcParams[key] for key in settings} == settings
    assert (tmp_path / "changed.png").read_bytes() == (tmp_path / "plain.png").read_bytes()


@pytest.mark.parametrize("suffix", ["svg", "png", "pdf"])
def test_no_date_is_in_a_figure(tmp_path, suffix):
    with styled():
        save(Figure(), tmp_path / f"figure.{suffix}")
    assert not re.search(rb"CreationDate|dc:date|tIME", (tmp_path / f"figure.{suffix}").read_bytes())


def test_prepare_removes_what_changes_results_and_keeps_what_says_where_things_are():
    kept = {
        "HOME": "/home/me",
        "TMPDIR": "/scratch",
        "CUDA_VISIBLE_DEVICES": "1",
        "NUMBA_CACHE_DIR": "/cache",
        "OPENBLAS_CORETYPE": "Haswell",
        "KMP_DUPLICATE_LIB_OK": "TRUE",
    }
    removed = ("NUMBA_DISABLE_JIT", "KMP_AFFINITY", "OMP_PROC_BIND", "MATPLOTLIBRC", "NVIDIA_TF32_OVERRIDE")
    variables = {**kept, **dict.fromkeys(removed, "1"), "MPLBACKEND": "gtk3agg", "OMP_NUM_THREADS": "8"}
    environment.prepare(variables)
    threads = dict.fromkeys(environment.THREADS, "1")
    assert variables == {**kept, **threads, "MPLBACKEND": "agg"}


CPUS = {
    "x86-64 with both": ("flags\t\t: fpu lm avx avx2 fma avx512f", True),
    "without FMA": ("flags\t\t: fpu lm avx avx2", False),
    "of 32 bits": ("flags\t\t: fpu avx2 fma", False),
    "arm64": ("Features\t: fp asimd aes", False),
}


@pytest.mark.parametrize("cpu", CPUS)
def test_a_processor_has_what_portable_arithmetic_needs_only_if_the_system_says_so(tmp_path, cpu):
    said, expected = CPUS[cpu]
    (tmp_path / "cpuinfo").write_text(f"processor\t: 0\nmodel name\t: avx2 fma\n{said}\nbugs\t\t: lm\n")
    assert environment.has_avx2(tmp_path / "cpuinfo") == expected
    assert not environment.has_avx2(tmp_path / "absent")


CHOSEN = {"OPENBLAS_CORETYPE": "Sandybridge", "NPY_ENABLE_CPU_FEATURES": "X86_V4", "OPENBLAS_BLOCK_FACTOR": "20"}


@pytest.mark.parametrize(("arithmetic", "able"), [("portable", True), ("portable", False), ("native", True)])
def test_the_users_choice_of_kernels_does_not_count(monkeypatch, arithmetic, able):
    monkeypatch.setattr(environment, "has_avx2", lambda: able)
    variables = {**CHOSEN, "HOME": "/home/me", environment.ARITHMETIC: arithmetic}
    environment.choose_kernels(variables)
    pinned = environment.KERNELS if (arithmetic, able) == ("portable", True) else {}
    assert variables == {"HOME": "/home/me", environment.ARITHMETIC: arithmetic, **pinned}


WHERE_PYTHON_IS = {
    "PYTHONHOME",
    "PYTHONNOUSERSITE",
    "PYTHONPATH",
    "PYTHONPLATLIBDIR",
    "PYTHONPYCACHEPREFIX",
    "PYTHON_FROZEN_MODULES",
}
NO_OUTPUT_DEPENDS_ON = {
    "PYTHONCASEOK",
    "PYTHONDONTWRITEBYTECODE",
    "PYTHONFAULTHANDLER",
    "PYTHONNODEBUGRANGES",
    "PYTHONPERFSUPPORT",
    "PYTHONUNBUFFERED",
    "PYTHON_CPU_COUNT",
    "PYTHON_HISTORY",
}


def test_every_variable_of_pythons_is_decided():
    """A new Python's `--help-env` may name one that nobody has looked at."""
    told = subprocess.run([sys.executable, "--help-env"], capture_output=True, text=True, check=True).stdout
    decided = {*environment.PYTHON_VARIABLES, *environment.PYTHON_SETTINGS, *WHERE_PYTHON_IS, *NO_OUTPUT_DEPENDS_ON}
    assert set(re.findall(r"^ *(PYTHON[A-Z0-9_]+)", told, re.M)) <= decided


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="user namespaces are Linux's")
def test_a_user_without_a_name_and_a_home_can_compile(tmp_path):
    """As in a container that is started with --user."""
    nameless = ["unshare", "--user", "--map-user=54321", "--map-group=54321"]
    try:
        subprocess.run([*nameless, "true"], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("this system makes no user namespaces")
    known = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT / "workflow"), "TMPDIR": str(tmp_path)}
    command = [sys.executable, "-c", "from goalsplice.io import compiled; print(compiled.numba.config.CACHE_DIR)"]
    result = subprocess.run([*nameless, *command], env=known, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    assert Path(result.stdout.strip()).is_relative_to(tmp_path)
    assert not (tmp_path / "~").exists()


def test_a_cache_folder_of_the_users_own_is_named_after_the_code_too(tmp_path):
    """Numba would take what another state of the code has left there."""
    known = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path), "PYTHONPATH": str(ROOT / "workflow")}
    command = "from goalsplice.io import compiled; print(compiled.numba.config.CACHE_DIR, compiled.cache_digest())"
    told = subprocess.run([sys.executable, "-c", command], env=known, capture_output=True, text=True, check=True).stdout
    folder, digest = told.split()
    assert Path(folder) == tmp_path / "goalsplice" / digest


@pytest.mark.slow
def test_jobs_of_snakemake_do_not_obey_either(hostile):
    """Nor do they take a module of the user's that is called like a library, from the folder that they run in."""
    folder, variables = hostile
    (folder / "numpy.py").write_text("raise RuntimeError('this is not NumPy')\n")
    program = Path(sys.executable).with_name("snakemake")
    result = subprocess.run(
        [program, "--cores", "1", "--snakefile", ROOT / "Snakefile", "--", "results/figures/world.svg"],
        cwd=folder,
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stdout + result.stderr
    assert (folder / "results/figures/world.svg").exists()
