"""The stage that fine-tunes checkpoints: checkpoints in, a table and actors out, the same each time."""

import json
import sys
from dataclasses import asdict, replace

import numpy as np
import pytest
import torch
import yaml

from goalsplice.agent.checkpoint import Header, save_checkpoint
from goalsplice.agent.finetuning import load_actor
from goalsplice.agent.network import Agent
from goalsplice.agent.recipe import Recipe
from goalsplice.cli import finetuning
from goalsplice.experiments.evaluation import evaluate, levels
from goalsplice.experiments.finetuning import movement
from goalsplice.io.errors import StudyError
from goalsplice.io.frames import read_frame

SETTINGS = {
    "rollouts": 2,
    "training_level_distribution": "three_colours",
    "levels": 20,
    "level_distribution": "training",
}
SETTINGS |= {"action_selection": "sampling"}
PHASES = (2, 3)


@pytest.fixture
def recipe(pytestconfig) -> Recipe:
    """The published recipe with small layers, a small view and short rollouts."""
    config = yaml.safe_load((pytestconfig.rootpath / "config.yaml").read_text())
    short = {"view_size": 3, "hidden_size": 8, "num_envs": 8, "num_steps": 64, "update_epochs": 2}
    return Recipe(**{**config["recipe"], **config["arms"]["onehot"], **short})


def untrained(recipe, phase) -> Agent:
    return Agent(recipe.world.inputs, recipe.hidden_size, torch.Generator().manual_seed(phase))


@pytest.fixture
def run(monkeypatch, tmp_path, recipe):
    """Run the stage on untrained agents, and read what it wrote."""

    def run_stage(output, phases=PHASES, seed=7, recipe=recipe):
        checkpoints = [tmp_path / f"{phase}.safetensors" for phase in PHASES]
        for phase, path in zip(PHASES, checkpoints, strict=True):
            wanted = recipe.objectives[phase % len(recipe.objectives)]
            header = Header("onehot", 7, phase, wanted, recipe.encoding, recipe.digest())
            save_checkpoint(path, untrained(recipe, phase), header)
        arguments = {
            "--arm": ["onehot"],
            "--seed": [seed],
            "--recipe": [json.dumps(asdict(recipe))],
            "--finetuning": [json.dumps({**SETTINGS, "phases": phases})],
            "--target": ["yellow"],
            "--levels-seed": [5],
            "--device": ["cpu"],
            "--checkpoints": checkpoints,
            "--actors": [tmp_path / output / f"{phase}.safetensors" for phase in phases],
            "--output": [tmp_path / output / "finetuning.parquet"],
        }
        words = [str(word) for name, own in arguments.items() for word in (name, *own)]
        monkeypatch.setattr(sys, "argv", ["finetuning", *words])
        finetuning.main()
        return read_frame(tmp_path / output / "finetuning.parquet")

    return run_stage


def test_the_same_bytes_twice(run, tmp_path):
    run("one")
    run("two")
    names = sorted(path.name for path in (tmp_path / "one").iterdir())
    assert names == ["2.safetensors", "3.safetensors", "finetuning.parquet"]
    for name in names:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def test_a_row_for_each_rollout_of_each_objective(run):
    frame = run("one")
    keys = frame[["phase", "wanted", "objective", "rollout"]].to_numpy().tolist()
    assert keys == [
        [phase, wanted, objective, rollout]
        for phase, wanted, other in ((2, "blue", "purple"), (3, "purple", "blue"))
        for objective in ("yellow", other)
        for rollout in range(3)
    ]
    assert frame["towards"].tolist() == [
        {"yellow": "new"}.get(objective, "trained") for objective in frame["objective"]
    ]
    for _, row in frame.iterrows():
        assert row["episode_share_objective"] == row[f"episode_share_{row['objective']}"]
        assert row["return_objective"] == row[f"return_{row['objective']}"]
    untouched = frame["rollout"] == 0
    assert (frame["training_return"].isna() == untouched).all()
    assert ((frame["distance"] == 0) == untouched).all()
    assert (frame["layer1_variance_share"].isna() == untouched).all()
    assert frame.loc[~untouched, "layer1_variance_share"].between(0, 1).all()
    tested = (
        frame[["training_level_distribution", "levels", "level_distribution", "action_selection"]]
        .drop_duplicates()
        .to_numpy()
        .tolist()
    )
    assert tested == [["three_colours", 20, "training", "sampling"]]


def test_the_untouched_row_is_the_checkpoint_and_the_last_of_yellow_is_the_saved_actor(run, recipe, tmp_path):
    frame = run("one").set_index(["phase", "objective", "rollout"])
    on = levels("training", 20, 5)
    for phase in PHASES:
        origin = untrained(recipe, phase).actor.state_dict()
        actor, header = load_actor(tmp_path / "one" / f"{phase}.safetensors", recipe, phase=phase, objective="yellow")
        assert (header.arm, header.seed) == ("onehot", 7)
        for rollout, weights in ((0, origin), (2, actor)):
            expected = evaluate(weights, recipe, on, "sampling") | movement(origin, weights)
            found = frame.loc[(phase, "yellow", rollout), list(expected)].astype(float)
            np.testing.assert_array_equal(found, list(expected.values()))


def test_an_arm_of_one_objective_has_no_other_to_switch_to(run, recipe):
    frame = run("one", recipe=replace(recipe, objectives=("blue",)))
    assert set(frame["objective"]) == {"yellow"}
    assert set(frame["wanted"]) == {"blue"}


def test_an_arm_that_is_trained_on_yellow_is_refused(run, recipe):
    with pytest.raises(StudyError, match="the recipe's objectives name yellow"):
        run("one", recipe=replace(recipe, objectives=("blue", "yellow")))


def test_another_phases_or_runs_checkpoint_is_refused(run):
    with pytest.raises(StudyError, match=r"2\.safetensors is of phase 2, not 3"):
        run("one", phases=(3, 2))
    with pytest.raises(StudyError, match=r"2\.safetensors is of seed 7, not 8"):
        run("one", seed=8)
