"""Progress of all training jobs together."""

import time

import pytest

from goalsplice import progress
from goalsplice.stages.train import line


@pytest.fixture
def log(tmp_path):
    """A training job's log after 30 of 366 rollouts."""
    path = tmp_path / "seed=1.log"
    rows = [
        {"rollout": n, "phase": 0, "objective": "blue", "mean_return": 0.5, "environment_steps": n * 100}
        for n in (29, 30)
    ]
    path.write_text("a warning\n" + "".join(line(row, 366, 0, 60.0) + "\n" for row in rows))
    return path


def test_a_log_line_says_all_one_wants_to_know(log):
    last = log.read_text().splitlines()[-1]
    assert last == "rollout 30/366  phase 0 blue  return 0.500  50 steps/s  11 min 12 s left"


def test_rollouts_are_read_from_the_log(log, tmp_path):
    assert progress.rollouts_done(log, since=0) == 30
    assert progress.rollouts_done(log, since=time.time() + 60) == 0, "the log is of an earlier run"
    assert progress.rollouts_done(tmp_path / "not there.log", since=0) == 0


def test_time_left_follows_from_the_pace():
    described = progress.describe(done=100, total=400, elapsed=60)
    assert described == "Training: 100 of 400 rollouts (25%), about 3 min left"


def test_it_reports_while_jobs_advance_and_stops(log, monkeypatch, capsys):
    monkeypatch.setattr(progress, "_EVERY", 0.05)
    stop = progress.follow({str(log): 366})
    time.sleep(0.2)
    with log.open("a") as file:
        file.write("rollout 60/366  phase 1 purple\n")
    time.sleep(0.3)
    stop.set()
    reported = capsys.readouterr().err.splitlines()
    assert len(reported) == 1
    assert reported[0].startswith("Training: 60 of 366 rollouts (16%)")
