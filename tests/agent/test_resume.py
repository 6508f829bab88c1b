"""A run that is written down and taken up again ends as if nothing had been between; what does not fit is not used."""

import dataclasses
import json

import numpy as np
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.numpy import load, save

from agent.conftest import ARMS
from goalsplice.agent.checkpoint import Header
from goalsplice.agent.numerics import kernels
from goalsplice.agent.recipe import Recipe
from goalsplice.agent.resume import Run, Unfinished
from goalsplice.agent.training import Training
from goalsplice.io.errors import StudyError

KEY = ("onehot", 7)


@pytest.fixture
def recipe(pytestconfig) -> Recipe:
    config = yaml.safe_load((pytestconfig.rootpath / "config.yaml").read_text())
    short = {"num_envs": 8, "num_steps": 32, "rollouts": 7, "phase_rollouts": 2}
    return Recipe(**{**config["recipe"], **ARMS["onehot"], **short})


@pytest.fixture
def run(recipe) -> Run:
    return Run(*KEY, recipe.digest(), "cpu", "a digest", kernels())


def header(recipe: Recipe, phase: int) -> Header:
    return Header(*KEY, phase, recipe.objectives[phase % 2], recipe.encoding, recipe.digest())


def advance(training: Training, rows: list[dict], until: int, unfinished: Unfinished | None = None) -> None:
    """Train until so many rollouts are done, keeping checkpoints."""
    while training.done < until:
        progress = training.advance()
        rows.append(progress.row)
        if unfinished and training.done % 2 == 0:
            unfinished.keep_checkpoint(progress.agent, header(training.recipe, progress.row["phase"]))


def same(first: dict[str, np.ndarray], second: dict[str, np.ndarray]) -> bool:
    return first.keys() == second.keys() and all(
        first[name].dtype == second[name].dtype and first[name].tobytes() == second[name].tobytes() for name in first
    )


@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sets(st.integers(0, 6), max_size=4))
def test_interruptions_change_no_bit(recipe, run, tmp_path_factory, stops):
    """Weights, Adam, random streams, worlds and rows."""
    whole, expected = Training(recipe, *KEY), []
    advance(whole, expected, recipe.rollouts)
    unfinished, rows = Unfinished(tmp_path_factory.mktemp("run"), run), []
    training = Training(recipe, *KEY)
    for stop in sorted(stops):
        advance(training, rows, stop, unfinished)
        unfinished.save(training.state(), {"training": rows})
        training = Training(recipe, *KEY)
        arrays, saved = unfinished.load(recipe)
        training.restore(arrays)
        rows = saved["training"]
    advance(training, rows, recipe.rollouts)
    assert rows == expected
    assert same(training.state(), whole.state())


def test_nothing_saved_is_nothing(recipe, run, tmp_path):
    assert Unfinished(tmp_path / "absent", run).load(recipe) is None


@pytest.fixture
def saved(recipe, run, tmp_path) -> Unfinished:
    """A run after three rollouts, one phase complete."""
    unfinished, training, rows = Unfinished(tmp_path / "unfinished", run), Training(recipe, *KEY), []
    advance(training, rows, 3, unfinished)
    unfinished.save(training.state(), {"training": rows})
    return unfinished


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"seed": 8}, "seed 7, not 8"),
        ({"arm": "integers"}, "arm 'onehot', not 'integers'"),
        ({"recipe": "0"}, "another recipe"),
        ({"code": "0"}, "other code or other versions of libraries"),
        ({"device": "cuda"}, "another device"),
        ({"arithmetic": "of another processor"}, "arithmetic '.* on 1 thread.*', not 'of another processor'"),
    ],
)
def test_a_state_of_something_else_is_told(recipe, run, saved, changes, said):
    with pytest.raises(StudyError, match=said):
        Unfinished(saved.folder, dataclasses.replace(run, **changes)).load(recipe)


def test_every_cut_and_every_flipped_bit_is_told(recipe, saved, tmp_path):
    content = saved._state.read_bytes()

    @settings(max_examples=60)
    @given(st.data())
    def damage(data):
        if data.draw(st.booleans()):
            damaged = content[: data.draw(st.integers(0, len(content) - 1))]
        else:
            place, bit = data.draw(st.integers(0, len(content) - 1)), data.draw(st.integers(0, 7))
            damaged = bytearray(content)
            damaged[place] ^= 1 << bit
        saved._state.write_bytes(damaged)
        with pytest.raises(StudyError):
            saved.load(recipe)

    damage()


def test_a_lost_or_damaged_checkpoint_is_told(recipe, saved):
    path = saved.checkpoint(0)
    content = path.read_bytes()
    path.write_bytes(content[:-1])
    with pytest.raises(StudyError, match="phase=00"):
        saved.load(recipe)
    path.unlink()
    with pytest.raises(StudyError, match="phase=00"):
        saved.load(recipe)


def test_a_state_of_other_shapes_is_refused(recipe, saved):
    arrays, _ = saved.load(recipe)
    with pytest.raises(ValueError, match="arrays"):
        Training(dataclasses.replace(recipe, num_envs=4), *KEY).restore(arrays)


def test_a_state_is_no_code(saved):
    """Plain arrays and JSON: nothing in the file is run when it is read."""
    content = saved._state.read_bytes()
    arrays = load(content)
    length = int.from_bytes(content[:8], "little")
    metadata = json.loads(content[8 : 8 + length])["__metadata__"]
    assert set(metadata) == {"goalsplice"}
    assert len(save(arrays, metadata)) == len(content)


def test_finish_copies_and_remove_removes(saved, tmp_path):
    target = tmp_path / "checkpoints" / "phase=00.safetensors"
    saved.finish([target])
    assert target.read_bytes() == saved.checkpoint(0).read_bytes()
    saved.remove()
    assert not saved.folder.exists()
    assert target.exists()


def test_clear_forgets(recipe, saved):
    with saved:
        saved.clear()
        assert saved.load(recipe) is None


def test_two_processes_do_not_train_one_run(run, saved):
    other = Unfinished(saved.folder, run)
    with saved, pytest.raises(StudyError, match="another process is training arm onehot, seed 7"):
        other.__enter__()
    with other:
        pass
