"""What is said while Snakemake runs the study's jobs."""

import logging
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml
from study import ROOT

from goalsplice.cli.training import line
from goalsplice.hooks import progress
from goalsplice.hooks.progress import Job, Progress, State

NOW = 1_000_000.0


@pytest.fixture
def log(tmp_path):
    """A training job's log that was begun at `NOW`, after rollout 30 of 366, of which a former job did 20."""
    path = tmp_path / "seed=1.log"
    training(path, 30, since=20)
    return path


def training(log, done, total=366, since=0, at=NOW):
    """Write what a training job's log says after so many rollouts, with a time of `at`."""
    rows = [
        {"rollout": n, "phase": 0, "objective": "blue", "mean_return": 0.5, "environment_steps": n * 100}
        for n in range(since + 1, done + 1)
    ]
    log.write_text("a warning\n" + "".join(line(row, total, since, 60.0) + "\n" for row in rows))
    os.utime(log, (at, at))


def state(unfinished, running=(), failed=()):
    return State(frozenset(unfinished), frozenset(running), frozenset(failed))


def test_rollouts_are_read_from_the_log(log, tmp_path):
    assert progress.rollouts_done(log, since=NOW) == (20, 30)
    assert progress.rollouts_done(log, since=NOW + 60) == (0, 0), "the log is of an earlier run"
    assert progress.rollouts_done(tmp_path / "not there.log", since=0) == (0, 0)


def test_time_left_of_jobs_is_what_the_first_ones_took():
    jobs = {n: Job("splices", f"splices {n}") for n in range(10)}
    study = Progress(jobs, 2, {"splices": 1000.0})
    study.look(state(jobs, [0, 1]), NOW)
    assert study.seconds_left(state(jobs, [0, 1]), NOW) == 5000, "ten jobs on two cores, by past costs"
    left = state(range(2, 10), [2, 3])
    study.look(left, NOW + 60)
    assert study.seconds_left(left, NOW + 60) == 240, "eight jobs of 60 s"
    assert study.seconds_left(left, NOW + 90) == 210, "two of which are half done"


def test_time_left_of_trainings_follows_from_their_rollouts(log):
    jobs = {n: Job("training", f"training {n}", log, 366) for n in range(2)}
    study = Progress(jobs, 1, {})
    study.look(state(jobs, [0]), NOW)
    # Ten rollouts by this job in 20 s; 336 are missing of it, 366 of the other.
    assert study.seconds_left(state(jobs, [0]), NOW + 20) == pytest.approx(2 * (336 + 366))


def test_what_a_training_took_is_known_when_it_is_done(log):
    jobs = {n: Job("training", f"training {n}", log, 40) for n in range(2)}
    study = Progress(jobs, 1, {})
    study.look(state(jobs, [0]), NOW)
    training(log, 40, 40)
    study.look(state([1]), NOW + 80)
    assert study.seconds_left(state([1]), NOW + 80) == 80


def test_a_job_that_failed_measures_nothing_and_is_not_waited_for():
    jobs = {n: Job("splices", f"splices {n}") for n in range(2)}
    study = Progress(jobs, 1, {"splices": 50.0})
    study.look(state(jobs, [0]), NOW)
    study.look(state(jobs, [], [0]), NOW + 1)
    assert study.seconds_left(state(jobs, [], [0]), NOW + 1) == 50


def test_the_longest_job_is_waited_for_however_many_cores_there_are():
    jobs = {"long": Job("splices", "splices 1"), "short": Job("probes", "probes 1")}
    study = Progress(jobs, 64, {"splices": 100.0, "probes": 10.0})
    study.look(state(jobs, jobs), NOW)
    assert study.seconds_left(state(jobs, jobs), NOW + 10) == 90


def test_targets_take_no_time():
    jobs = {"a": Job("splices", "splices 1"), "all": Job("all", "all", idle=True)}
    assert Progress(jobs, 1, {"splices": 100.0}).seconds_left(state(jobs), NOW) == 100


def test_a_line_says_what_runs_what_is_done_and_what_failed(log):
    jobs = {"a": Job("training", "training onehot 5", log, 366), "b": Job("splices", "splices integers 3")}
    jobs |= {n: Job("probes", f"probes onehot {n}") for n in range(8)}
    study = Progress(jobs, 2, {"splices": 1.0, "probes": 60.0})
    now = state(["a", "b", *range(3)], ["a", "b"], [0])
    study.look(now, NOW)
    said = study.line(now, NOW + 20)
    assert "5 of 10 jobs (50 %), about 12 min left" in said
    assert "training onehot 5 (rollout 30/366)" in said
    assert "splices integers 3" in said.partition("now:")[2]
    assert said.endswith("failed: probes onehot 0")


def test_a_line_is_short_however_many_jobs_run():
    jobs = {n: Job("splices", f"splices {n}") for n in range(300)}
    study = Progress(jobs, 300, {})
    everything = state(jobs, range(150), range(150, 300))
    study.look(everything, NOW)
    said = study.line(everything, NOW)
    assert len(said) < 250
    assert said.count("and 146 more") == 2


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(5, "less than 1 min"), (61, "about 2 min"), (3600, "about 1 h 0 min"), (9000, "about 2 h 30 min")],
)
def test_times_are_rounded(seconds, said):
    assert progress.duration(seconds) == said


def test_a_line_comes_when_it_is_due_and_something_runs():
    jobs = {0: Job("splices", "splices 0"), 1: Job("splices", "splices 1")}
    states = [state(jobs, [0])] * 5 + [state(jobs)] * 3 + [state([1], [1])] * 4
    said = []
    progress.report(Progress(jobs, 1, {}), iter(states).__next__, said.append, range(12), every=2)
    assert ["now: splices 0" in text for text in said] == [True, True, False, False]
    assert all("now: splices 1" in text for text in said[2:])


def records(tmp_path):
    """A folder with benchmarks of an earlier call, and the published table."""
    published = tmp_path / "benchmarks.csv"
    published.write_text("stage,arm,seed,seconds\ntraining,a,1,100\ntraining,a,2,200\nsplices,a,1,40\nrecoveries,,,1\n")
    folder = tmp_path / "benchmarks"
    (folder / "probes" / "arm=a").mkdir(parents=True)
    (folder / "probes" / "arm=a" / "seed=1.tsv").write_text("s\th:m:s\n12.5\t0:00:12\n")
    (folder / "recoveries.tsv").write_text("s\th:m:s\n7\t0:00:07\n")
    return folder, published


def test_costs_are_those_of_an_earlier_call_or_else_published_ones(tmp_path):
    costs = progress.past_costs(*records(tmp_path), progress.PUBLISHED_ROLLOUTS)
    assert costs == pytest.approx({"training": 150 / 366, "splices": 40, "probes": 12.5, "recoveries": 7})


def test_published_costs_fit_a_smaller_study(tmp_path):
    costs = progress.past_costs(*records(tmp_path), 61)
    assert costs["training"] == pytest.approx(150 / 366)
    assert costs["splices"] == pytest.approx(40 / 6)
    assert progress.past_costs(tmp_path / "none", tmp_path / "none.csv", 61) == {}


def test_half_a_record_is_left_out(tmp_path):
    folder, published = records(tmp_path)
    (folder / "recoveries.tsv").write_text("s\th:m:s\n")
    (folder / "splices.tsv").write_text("")
    (folder / "probes" / "arm=a" / "seed=2.tsv").write_text("s\th:m:s\nhalf")
    costs = progress.past_costs(folder, published, 366)
    assert costs["recoveries"] == progress._LEAST
    assert costs["probes"] == 12.5


def test_the_published_costs_are_of_the_studys_runs_and_have_its_stages():
    config = yaml.safe_load((ROOT / "config.yaml").read_text())
    assert config["recipe"]["rollouts"] == progress.PUBLISHED_ROLLOUTS
    costs = progress.past_costs(Path("none"), ROOT / "docs/results/benchmarks.csv", progress.PUBLISHED_ROLLOUTS)
    assert {"training", "splices", "retargeting", "recoveries"} <= costs.keys()


FILES = [f"workflow/goalsplice/module_{n}.py" for n in range(27)]


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        ("Forced execution", "Forced execution"),
        ("Missing output files: a, b, c", "Missing output files: a, b, c"),
        (f"Updated input files: {', '.join(FILES)}", f"Updated input files: {FILES[0]}, {FILES[1]}, ... and 25 more"),
        (
            f"Input files updated by another job: {', '.join(FILES)}; Code has changed since last execution",
            f"Input files updated by another job: {FILES[0]}, {FILES[1]}, ... and 25 more; "
            "Code has changed since last execution",
        ),
        (
            f"Params have changed since last execution: before: '{{\"gamma\": 0.9, {'x' * 300}}}' now: 'y'",
            "Params have changed since last execution",
        ),
    ],
)
def test_reasons_are_short(reason, said):
    assert progress.brief(reason) == said


def test_snakemakes_words_on_a_job_are_shortened_and_others_are_not():
    record = logging.makeLogRecord({"msg": "x" * 999, "input": FILES, "output": ["a"], "reason": "Forced execution"})
    assert progress.shorten(record)
    assert record.input == [FILES[0], FILES[1], "... and 25 more"]
    assert record.output == ["a"]
    assert record.msg == "x" * 999
    assert len(FILES) == 27, "Snakemake's own list stays as it is"
    assert progress.shorten(logging.makeLogRecord({"msg": "other"}))


def test_a_snakemake_that_is_not_as_expected_is_left_alone():
    progress.follow(SimpleNamespace(), {"onehot": 366}, Path("none"))


SNAKEFILE = """
from pathlib import Path
from goalsplice.hooks import progress
rule all:
    input: "1.trained", "2.trained"
rule training_all:
    input: [f"source_{{n}}" for n in range(27)]
    output: touch("{{arm}}.trained")
    log: "{{arm}}.log"
    shell: "for n in $(seq 200); do echo 'rollout 7/9  ' > {{log}}; sleep 0.2; "
           "if grep -q 'training {{wildcards.arm}} (rollout 7/9)' .snakemake/log/*.log; then break; fi; done"
onstart:
    progress._LOOK = progress._EVERY = 0.05
    progress.follow(workflow, {{"1": 9, "2": 9}}, Path({published!r}))
"""


def test_snakemake_says_it_while_jobs_run(tmp_path):
    """Each training waits for the line that tells of it, so no moment has to be hit."""
    published = ROOT / "docs/results/benchmarks.csv"
    (tmp_path / "Snakefile").write_text(SNAKEFILE.format(published=str(published)))
    for number in range(27):
        (tmp_path / f"source_{number}").touch()
    command = [sys.executable, "-m", "snakemake", "--cores", "2"]
    package = {**os.environ, "PYTHONPATH": str(ROOT / "workflow")}
    result = subprocess.run(command, cwd=tmp_path, env=package, capture_output=True, text=True, check=False)
    said = result.stderr
    assert result.returncode == 0, said
    assert "Traceback" not in said
    assert "0 of 3 jobs (0 %), less than 1 min left" in said
    assert "training 1 (rollout 7/9)" in said
    assert "training 2 (rollout 7/9)" in said
    assert "source_0, source_1, ... and 25 more" in said
