"""The training stage, killed at random moments, ends in the bytes of one that was left alone."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest
import yaml
from study import ROOT

from goalsplice.cli.training import line
from goalsplice.settings.study import recipe_of

PHASES, ROLLOUTS = 5, 23


@pytest.fixture(scope="module")
def recipe() -> dict:
    config = yaml.safe_load((ROOT / "config.yaml").read_text())
    return recipe_of(config, "onehot") | {"num_steps": 64, "rollouts": ROLLOUTS, "phase_rollouts": 4}


def command(folder: Path, recipe: dict, seed: int = 3, save_every: int = 2) -> list[str]:
    """The stage's command line; all it writes is below `folder`."""
    checkpoints = [str(folder / f"checkpoints/phase={phase:02d}.safetensors") for phase in range(PHASES)]
    return [
        *(sys.executable, "-m", "goalsplice.cli.training", "--arm", "onehot", "--seed", str(seed)),
        *(
            "--recipe",
            json.dumps(recipe),
            "--device",
            "cpu",
            "--unfinished",
            str(folder / "unfinished"),
            "--save-every",
            str(save_every),
        ),
        *("--training", str(folder / "training.parquet"), "--timing", str(folder / "timing.parquet")),
        *("--checkpoints", *checkpoints),
    ]


def run(folder: Path, recipe: dict, **options) -> subprocess.CompletedProcess:
    return subprocess.run(
        command(folder, recipe, **options),
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )


def killed(folder: Path, recipe: dict, signal_number: int, after: float) -> str:
    """Start the stage, and kill it so many seconds after its first line; what it said."""
    process = subprocess.Popen(
        command(folder, recipe), env={**os.environ, "OMP_NUM_THREADS": "1"}, stderr=subprocess.PIPE, text=True
    )
    said = process.stderr.readline()
    time.sleep(after)
    process.send_signal(signal_number)
    said += process.stderr.read()
    process.wait()
    return said


def results(folder: Path) -> dict[str, bytes]:
    """What a run leaves, but for its timing."""
    files = [path for path in sorted(folder.rglob("*")) if path.is_file() and path.name != "timing.parquet"]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


@pytest.fixture(scope="module")
def whole(recipe, tmp_path_factory) -> Path:
    """A run that was left alone."""
    folder = tmp_path_factory.mktemp("whole")
    result = run(folder, recipe)
    assert result.returncode == 0, result.stderr
    return folder


def test_a_complete_run_leaves_its_outputs_and_nothing_else(whole):
    assert len(results(whole)) == PHASES + 1
    assert not (whole / "unfinished").exists()
    assert len(pd.read_parquet(whole / "timing.parquet")) == ROLLOUTS


@pytest.mark.nightly
def test_a_run_killed_again_and_again_ends_in_the_same_bytes(recipe, whole, tmp_path):
    """By SIGKILL and SIGTERM, at moments drawn anew at each call; a save may be under way."""
    seed = int(os.environ.get("GOALSPLICE_KILL_SEED", random.randrange(10**6)))
    draw, resumed = random.Random(seed), 0
    for _ in range(int(os.environ.get("GOALSPLICE_KILLS", 4))):
        number = draw.choice([signal.SIGKILL, signal.SIGTERM])
        said = killed(tmp_path, recipe, number, draw.uniform(0, 0.4))
        resumed += "Goes on after rollout" in said
        assert "Traceback" not in said
        assert not list(tmp_path.glob("*.parquet")), "no output before the run is complete"
    result = run(tmp_path, recipe)
    assert result.returncode == 0, result.stderr
    assert results(tmp_path) == results(whole), f"moments drawn with {seed}, {resumed} times resumed"
    assert len(pd.read_parquet(tmp_path / "timing.parquet")) == ROLLOUTS


@pytest.fixture
def interrupted(recipe, tmp_path) -> Path:
    """A run that was killed once it had saved its state."""
    process = subprocess.Popen(command(tmp_path, recipe), stderr=subprocess.PIPE, text=True)
    while not (tmp_path / "unfinished/state.safetensors").exists():
        time.sleep(0.01)
    process.kill()
    process.communicate()
    return tmp_path


def test_a_rerun_goes_on_and_says_so(interrupted, recipe, whole):
    result = run(interrupted, recipe)
    assert result.stderr.startswith("Goes on after rollout ")
    assert f"rollout 1/{ROLLOUTS} " not in result.stderr
    assert results(interrupted) == results(whole)


def test_how_often_a_run_saves_changes_nothing_else(interrupted, recipe, whole):
    assert run(interrupted, recipe, save_every=5).stderr.startswith("Goes on after rollout ")
    assert results(interrupted) == results(whole)


def test_a_damaged_state_is_told_and_training_starts_anew(interrupted, recipe, whole):
    state = interrupted / "unfinished/state.safetensors"
    content = bytearray(state.read_bytes())
    content[len(content) // 2] ^= 1
    state.write_bytes(content)
    result = run(interrupted, recipe)
    assert result.returncode == 0
    first, second, *_ = result.stderr.splitlines()
    assert first.startswith(f"{state} is damaged")
    assert first.endswith("training starts anew.")
    assert second.startswith(f"rollout 1/{ROLLOUTS} ")
    assert results(interrupted) == results(whole)


def test_a_state_of_another_recipe_is_told_and_training_starts_anew(interrupted, recipe):
    result = run(interrupted, recipe | {"learning_rate": 1e-4})
    assert result.returncode == 0
    assert "is of another recipe; training starts anew." in result.stderr.splitlines()[0]
    assert f"rollout 1/{ROLLOUTS} " in result.stderr


@pytest.mark.parametrize(
    ("seconds", "said"), [(59.4, "0 min 59 s"), (59.6, "1 min 0 s"), (179.7, "3 min 0 s"), (3600, "60 min 0 s")]
)
def test_time_left_has_no_sixtieth_second(seconds, said):
    row = {"rollout": 1, "phase": 0, "objective": "blue", "mean_return": 0.5, "environment_steps": 100}
    assert line(row, 2, 0, seconds).endswith(f"  {said} left")


def test_training_that_diverges_is_told(recipe, tmp_path):
    result = run(tmp_path, recipe | {"learning_rate": 1e30})
    assert result.returncode == 1
    assert "Error: training diverged: " in result.stderr
    assert "Traceback" not in result.stderr
    assert not list(tmp_path.glob("**/*.parquet"))
