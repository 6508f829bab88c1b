"""What is said at the end of a study that is not complete."""

import shlex
import signal
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from study import ROOT

from goalsplice.summary import Failed, again, describe, end_of, missing, reason

LINE = "python -m goalsplice.stages.train --recipe '{\"a\": [1.5]}' 2> log"
ROOM = 10**9


def job(seed=1, log=None, arm="onehot"):
    return Failed(f"train_{arm}", [f"results/runs/arm={arm}/seed={seed}/training.parquet"], log, LINE)


def said(failed=(), unmade=(), stopped=False, logs=(), free=ROOM, arguments=("--cores", "2")):
    return describe(failed, unmade, stopped, logs, free, arguments).splitlines()


def test_jobs_are_named_by_rule_arm_and_seed():
    assert str(job(seed=99)) == "train_onehot (arm onehot, seed 99)"
    assert str(Failed("draw_world", ["results/figures/world.svg"], None, "")) == "draw_world"


@pytest.mark.parametrize(
    ("log", "why"),
    [
        ("", "no reason in its log"),
        ("rollout 3/9\n", "no reason in its log"),
        ("rollout 3/9\nError: x.parquet is damaged; delete it\n", "x.parquet is damaged; delete it"),
        ("Error: first\nError: last\nbye\n", "last"),
        ("no Error: here\n", "no reason in its log"),
        ("Traceback (most recent call last):\n  File\nValueError: odd\n\n", "a mistake in the code, ValueError: odd"),
    ],
)
def test_the_reason_is_what_the_log_says_last(log, why):
    assert reason(log, None) == why


def test_a_signal_is_the_reason_whatever_the_log_says():
    assert reason("Error: x\n", "SIGTERM") == "killed by SIGTERM"
    assert reason("", "SIGKILL") == "killed by SIGKILL, perhaps for lack of memory"


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGSEGV])
@pytest.mark.parametrize("shell", [True, False], ids=["within a shell", "itself"])
def test_the_signal_is_read_from_what_python_says_of_a_shell_line(number, shell):
    """Snakemake's log quotes Python's own sentence about a process that failed."""
    code = -number if not shell else 128 + number
    log = f"RuleException:\n{subprocess.CalledProcessError(code, 'set -euo pipefail;  ' + LINE)}\n[Tue Nov 24]\n"
    assert end_of(LINE, log) == number.name
    assert end_of(LINE.replace("1.5", "105"), log) is None, "another job's line"


@pytest.mark.parametrize("code", [1, 2, 120, 128, 250])
def test_other_exit_codes_are_no_signal(code):
    assert end_of(LINE, str(subprocess.CalledProcessError(code, LINE))) is None
    assert end_of(LINE, "") is None
    assert end_of("", f"{LINE}' returned non-zero exit status 137.") is None, "a job without a shell line"


def test_missing_is_counted_by_runs_tables_and_figures():
    run = "results/runs/arm=a/seed=1"
    assert missing([f"{run}/training.parquet", f"{run}/splices.parquet"]) == "1 run"
    figures = ["results/figures/world.svg", "results/figures/world.png", "results/figures/behaviour.gif"]
    assert missing(figures) == "2 figures"
    paths = [
        f"{run}/a",
        run.replace("=1", "=2") + "/a",
        run.replace("arm=a", "arm=b") + "/a",
        "results/tables/x.parquet",
    ]
    assert missing([*paths, *figures]) == "3 runs, 1 table and 2 figures"
    assert missing(paths) == "3 runs and 1 table"
    assert missing(["results/report.html"]) == "nothing but what ties them together"


@given(st.lists(st.text(min_size=1).filter(lambda text: not text.startswith("-"))))
def test_the_next_command_is_the_same_one(arguments):
    assert shlex.split(again(["--cores", "2", *arguments])) == ["snakemake", "--cores", "2", *arguments]


@pytest.mark.parametrize("force", ["--forceall", "-F", "--force", "-f", "--forcerun", "-R"])
def test_a_command_that_forces_is_not_repeated(force):
    assert "without what forces" in again(["--cores", "2", force])


def test_a_few_lines_however_much_fails(tmp_path):
    log = tmp_path / "log"
    log.write_text("Error: the disk is full\n")
    lines = said([job(seed, str(log)) for seed in range(200)], [f"results/runs/arm=a/seed={n}/x" for n in range(500)])
    assert len(lines) < 12
    assert lines[0] == "The study is not complete."
    assert lines[1] == "200 jobs failed:"
    assert lines[2] == f"  train_onehot (arm onehot, seed 0): the disk is full [{log}]"
    assert "  ... and 195 more" in lines
    assert lines[-2] == "Missing, or not up to date: 500 runs. What is made is kept."
    assert lines[-1] == "To make what is missing, and nothing else: snakemake --cores 2"


def test_a_study_that_was_stopped_has_no_failures():
    assert said([], ["results/tables/x.parquet"], stopped=True) == [
        "The study was stopped before it was complete.",
        "Missing, or not up to date: 1 table. What is made is kept.",
        "To make what is missing, and nothing else: snakemake --cores 2",
    ]


def test_a_full_disk_is_told_first():
    assert said([job()], free=4096)[1] == "The disk that holds results is full; free some space first."
    assert not any("disk" in line for line in said([job()]))


def test_logs_that_cannot_be_read_are_no_reason(tmp_path):
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")
    for log in (None, str(tmp_path), str(tmp_path / "absent"), str(tmp_path / "binary")):
        assert "no reason in its log" in said([job(log=log)], logs=[tmp_path / "absent"])[2]


def test_it_is_light_to_import():
    heavy = {"torch", "pandas", "numba", "numpy"}
    code = f"import sys, goalsplice.summary, goalsplice.study; print({heavy} & {{*sys.modules}})"
    result = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT / "workflow", capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == "set()"
