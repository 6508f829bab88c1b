"""profiles/slurm, on a SLURM cluster of this one machine. Skipped where there is none to be had."""

import re
import shutil
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import slurm_node
from study import copy_finished, copy_project, planned, snakemake

PROFILE = ("--workflow-profile", "profiles/slurm")
# There is no accounting to ask, and no other node whose files take time to appear.
HERE = ("--slurm-status-command", "squeue", "--slurm-init-seconds-before-status-checks", "2", "--latency-wait", "5")
ARM = "onehot"
# Times and memory differ between any two calls.
MEASURED = ("timing", "benchmarks", "costs")

needs_plugin = pytest.mark.skipif(not slurm_node.has_plugin(), reason=slurm_node.NO_PLUGIN)
needs_slurm = pytest.mark.skipif(slurm_node.missing() is not None, reason=str(slurm_node.missing()))


@pytest.fixture(scope="session")
def cluster():
    """A cluster while tests need it."""
    with slurm_node.running():
        yield


def submit(folder: Path, *arguments: str) -> subprocess.CompletedProcess:
    """Run snakemake with the profile, on the cluster of this machine."""
    return snakemake(folder, *PROFILE, *HERE, *arguments)


@pytest.fixture(scope="session")
def repeated(finished, cluster, tmp_path_factory) -> tuple[Path, str]:
    """The mini study after one arm's runs got lost and were made again on SLURM, and what Snakemake said."""
    folder = copy_finished(finished, tmp_path_factory.mktemp("slurm") / "auf dem Cluster – é")
    for path in [folder / f"results/runs/arm={ARM}", *folder.glob(f"results/benchmarks/*/arm={ARM}")]:
        shutil.rmtree(path)
    result = submit(folder, "tables")
    assert result.returncode == 0, result.stdout + result.stderr
    return folder, result.stdout + result.stderr


@pytest.mark.slow
@needs_plugin
def test_a_run_is_two_jobs_and_all_tables_are_one(tmp_path):
    """Two arms of two seeds: four trainings, the tests of four runs, the tables."""
    folder = copy_project(tmp_path / "project")
    result = snakemake(folder, *PROFILE, "--dry-run", "tables")
    said = result.stdout + result.stderr
    assert result.returncode == 0, said
    assert len(re.findall(r"Group job tests \(", said)) == 4
    assert len(re.findall(r"Group job tables \(", said)) == 1
    assert len(re.findall(r"^Job \d+: Training", said, re.M)) == 4


@pytest.mark.nightly
@needs_slurm
def test_slurm_makes_the_same_bytes(finished, repeated):
    folder, _ = repeated
    paths = [path.relative_to(finished) for path in finished.glob("results/tables/*.parquet")]
    paths += [path.relative_to(finished) for path in finished.glob(f"results/runs/arm={ARM}/**/*.*")]
    compared = [path for path in paths if path.stem not in MEASURED]
    assert len(compared) > 50
    assert [path for path in compared if (folder / path).read_bytes() != (finished / path).read_bytes()] == []


@pytest.mark.nightly
@needs_slurm
def test_all_of_it_ran_on_slurm(repeated):
    """Two trainings, the tests of two runs, and the tables. A call without the profile has nothing left to make."""
    folder, said = repeated
    assert len(re.findall(r"has been submitted with SLURM jobid \d+", said)) == 5
    assert planned(folder, "tables") == {}


@pytest.mark.nightly
@needs_slurm
def test_a_cancelled_job_is_told_and_only_it_is_made_again(finished, repeated, tmp_path):
    folder = shutil.copytree(repeated[0], tmp_path / "cancelled")
    run = f"results/runs/arm={ARM}/seed=1"
    targets = [f"{run}/evaluation.parquet", f"{run}/similarity.parquet"]
    for target in targets:
        (folder / target).unlink()
    with ThreadPoolExecutor() as pool:
        call = pool.submit(submit, folder, *targets)
        subprocess.run(["scancel", first_running()], check=True)
        result = call.result()
    assert result.returncode != 0
    assert "Error in group tests" in result.stdout + result.stderr
    assert planned(folder, *targets) == {"evaluation": 1, "similarity": 1}
    result = submit(folder, *targets)
    assert result.returncode == 0, result.stdout + result.stderr
    for target in targets:
        assert (folder / target).read_bytes() == (finished / target).read_bytes()


def first_running(seconds: int = 90) -> str:
    """The number of a SLURM job, as soon as one runs."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        command = ["squeue", "--noheader", "--states=running", "--format=%i"]
        numbers = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
        if numbers:
            return numbers[0]
        time.sleep(0.2)
    raise AssertionError(f"no SLURM job ran within {seconds} s")
