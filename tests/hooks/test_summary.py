"""What is said at the end of a study that is not complete."""

import shlex
import signal
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from study import ROOT

from goalsplice.hooks.summary import Failed, again, describe, exit_code, locked, missing, reason, refused

LINE = "python -m goalsplice.cli.training --recipe '{\"a\": [1.5]}' 2> log"
ROOM = 10**9


def job(seed=1, log=None, arm="onehot"):
    return Failed(f"training_{arm}", [f"results/runs/arm={arm}/seed={seed}/training.parquet"], log, LINE)


def said(failed=(), unmade=(), stopped=False, logs=(), free=ROOM, arguments=("--cores", "2")):
    return describe(failed, unmade, stopped, logs, free, arguments).splitlines()


def test_jobs_are_named_by_rule_arm_and_seed():
    assert str(job(seed=99)) == "training_onehot (arm onehot, seed 99)"
    assert str(Failed("draw_world", ["results/figures/world.svg"], None, "")) == "draw_world"


TRACE = "Traceback (most recent call last):\n  File\n"


@pytest.mark.parametrize(
    ("log", "why"),
    [
        ("rollout 3/9\nError: x.parquet is damaged; delete it\n", "x.parquet is damaged; delete it"),
        ("Error: first\nError: last\nbye\n", "last"),
        ("  Error: indented\n", "indented"),
        ("[rank 0]: Error: x\nbye\n", "x"),
        (f"{TRACE}ValueError: odd\n\n", "a mistake in the code, ValueError: odd"),
        (f"{TRACE}np.linalg.LinAlgError\nbye\n", "a mistake in the code, np.linalg.LinAlgError"),
        (f"{TRACE}KeyError: 1\n\nDuring ...:\n{TRACE}StudyError: odd\n", "a mistake in the code, StudyError: odd"),
        (f"{TRACE}StopIteration\n", "a mistake in the code, StopIteration"),
        (
            "".join(f"0: {line}\n" for line in f"{TRACE}OSError: odd".splitlines()),
            "a mistake in the code, 0: OSError: odd",
        ),
        (f"python: Error while finding x (ModuleNotFoundError: y){' ' * 9}\n\n", "(ModuleNotFoundError: y)"),
        ("rollout 3/9\nno Error: here\n", "no Error: here"),
        ("Segmentation fault", "Segmentation fault"),
    ],
)
def test_the_reason_is_what_the_log_says_last(log, why):
    assert reason(log, None).endswith(why)
    assert reason(log, 1).endswith(why)


@pytest.mark.parametrize("code", [1, 127])
def test_a_log_without_a_word_of_an_error_is_told_with_the_exit_code(code):
    assert f"exit code {code}," in reason("rollout 3/9\n", code)
    for log in ("", " \n\n"):
        assert reason(log, code).startswith(f"exit code {code},")
        assert "empty" in reason(log, code)
    assert "exit code" not in reason("", None)


@given(st.text())
def test_there_is_always_a_reason_of_a_few_words(log):
    assert 0 < len(reason(log + "\n", None)) < 500 or "Error: " in log


def test_a_long_line_is_cut():
    assert len(reason("x" * 10_000, 1)) < 400


def test_a_signal_is_the_reason_whatever_the_log_says():
    assert reason("Error: x\n", -signal.SIGTERM) == "killed by SIGTERM"
    assert reason("", -signal.SIGKILL) == "killed by SIGKILL, perhaps for lack of memory"


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGSEGV])
@pytest.mark.parametrize("shell", [True, False], ids=["within a shell", "itself"])
def test_the_signal_is_read_from_what_python_says_of_a_shell_line(number, shell):
    """Snakemake's log quotes Python's own sentence about a process that failed."""
    code = -number if not shell else 128 + number
    log = f"RuleException:\n{subprocess.CalledProcessError(code, 'set -euo pipefail;  ' + LINE)}\n[Tue Nov 24]\n"
    assert exit_code(LINE, log) == -number
    assert exit_code(LINE.replace("1.5", "105"), log) is None, "another job's line"


@pytest.mark.parametrize("code", [1, 2, 120, 128, 250])
def test_other_exit_codes_are_no_signal(code):
    assert exit_code(LINE, str(subprocess.CalledProcessError(code, LINE))) == code
    assert exit_code(LINE, "") is None
    assert exit_code("", f"{LINE}' returned non-zero exit status 137.") is None, "a job without a shell line"


def test_a_file_made_before_its_input_is_told_with_the_mend():
    """As Snakemake 9.27 puts it, when it deletes what a job has made."""
    output = job().outputs[0]
    quoted = (
        'WorkflowError in rule train in file "Snakefile", line 1:\n'
        f"Output {output} has older modification time (2026-11-27 21:49:44.431437) than input a (b).py "
        "(2026-11-27 22:49:40.951146). This could indicate a clock skew problem in your network\n"
    )
    told = refused([output], quoted)
    assert "future" in told
    assert shlex.split(told.partition("or: ")[2]) == ["touch", "a (b).py"]
    assert refused(["other.parquet"], quoted) is None


def test_a_job_that_did_not_make_its_output_is_told_so():
    quoted = "Job 0 completed successfully, but some output files are missing. ...\nx.svg (missing locally)\n"
    assert "x.svg" in refused(["y.svg", "x.svg"], quoted)
    assert refused(["y.svg", "svg"], quoted) is None


@pytest.fixture(scope="module")
def lock(tmp_path_factory):
    """A folder that Snakemake finds locked, and what it says."""
    folder = tmp_path_factory.mktemp("locked folder")
    (folder / "Snakefile").write_text("rule:\n    output: 'x'\n    shell: 'touch {output}'\n")
    (folder / ".snakemake" / "locks").mkdir(parents=True)
    (folder / ".snakemake" / "locks" / "0.output.lock").write_text("x\n")
    command = [sys.executable, "-m", "snakemake", "--cores", "1", "--directory", str(folder)]
    command += ["--snakefile", str(folder / "Snakefile")]
    result = subprocess.run(command, cwd=folder.parent, capture_output=True, text=True, check=False)
    assert result.returncode != 0
    return folder, result.stderr


def test_a_lock_that_a_snakemake_within_found_is_told_with_the_folder_to_unlock(lock, tmp_path):
    folder, log = lock
    (tmp_path / "quick.log").write_text(log)
    quick = Failed("quick", [], str(tmp_path / "quick.log"), "")
    snakefile = str(folder / "Snakefile")
    for arguments, given_on in (
        (["quick", "--cores", "2"], []),
        (["-s", snakefile, "quick", "--directory", "elsewhere"], ["--snakefile", snakefile]),
        ([f"--snakefile={snakefile}", "--cores", "2", "quick"], ["--snakefile", snakefile]),
    ):
        line = said([quick], arguments=arguments)[2]
        command = shlex.split(line[line.index("snakemake --unlock") : line.rindex(" [")])
        assert command == ["snakemake", "--unlock", *given_on, "--directory", str(folder)]
    subprocess.run([sys.executable, "-m", *command], cwd=tmp_path, capture_output=True, check=True)
    assert not (folder / ".snakemake" / "locks").exists()
    assert locked("Error: x\n", []) is None


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
    assert lines[2] == f"  training_onehot (arm onehot, seed 0): the disk is full [{log}]"
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


def test_logs_that_cannot_be_read_are_told_as_such(tmp_path):
    for log in (None, str(tmp_path), str(tmp_path / "absent")):
        told = said([job(log=log)], logs=[tmp_path / "absent"])[2]
        assert "empty or missing" in told
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")
    assert "ends with" in said([job(log=str(tmp_path / "binary"))])[2]


def test_it_is_light_to_import():
    heavy = {"torch", "pandas", "numba", "numpy"}
    code = f"import sys, goalsplice.hooks.summary, goalsplice.settings.study; print({heavy} & {{*sys.modules}})"
    result = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT / "workflow", capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == "set()"
