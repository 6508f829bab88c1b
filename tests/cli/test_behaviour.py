"""The stage that records behaviour: two actors in, a table out, the same each time."""

import json
from dataclasses import asdict, replace

import pytest
import torch
import yaml

from goalsplice.agent.checkpoint import Header, save_checkpoint
from goalsplice.agent.finetuning import save_actor
from goalsplice.agent.network import Agent
from goalsplice.agent.recipe import Recipe
from goalsplice.cli import behaviour
from goalsplice.figures.playback import SCENE
from goalsplice.io.errors import StudyError
from goalsplice.io.frames import read_frame


@pytest.fixture
def run(monkeypatch, tmp_path, pytestconfig):
    """Run the stage on untrained agents, and read what it wrote."""
    config = yaml.safe_load((pytestconfig.rootpath / "config.yaml").read_text())
    recipe = Recipe(**{**config["recipe"], **config["arms"]["onehot"], "hidden_size": 8, "max_steps": 30})
    header = Header("onehot", 7, 3, "purple", "onehot", recipe.digest())

    def run_stage(output, phase=3):
        for name, seed, save, said in (
            ("checkpoint", 0, save_checkpoint, header),
            ("edited", 1, save_actor, replace(header, phase=phase, objective="yellow")),
        ):
            agent = Agent(recipe.world.inputs, recipe.hidden_size, torch.Generator().manual_seed(seed))
            save(tmp_path / f"{name}.safetensors", agent, said)
        arguments = {
            "--arm": header.arm,
            "--seed": header.seed,
            "--phase": header.phase,
            "--checkpoint": tmp_path / "checkpoint.safetensors",
            "--edited": tmp_path / "edited.safetensors",
            "--recipe": json.dumps(asdict(recipe)),
            "--levels-seed": 3,
            "--level-distribution": "three_colours",
            "--levels": 5,
            "--action-selection": "sampling",
            "--schemas": pytestconfig.rootpath / "workflow/schemas/tables.yaml",
            "--output": tmp_path / output,
        }
        words = [str(word) for pair in arguments.items() for word in pair]
        monkeypatch.setattr("sys.argv", ["behaviour", *words])
        behaviour.main()
        return read_frame(tmp_path / output, SCENE)

    return run_stage


def test_the_same_bytes_twice(run, tmp_path):
    run("one.parquet")
    run("two.parquet")
    assert (tmp_path / "one.parquet").read_bytes() == (tmp_path / "two.parquet").read_bytes()


def test_it_names_agents_level_and_checkpoint(run):
    frame = run("one.parquet")
    assert list(frame["agent"].unique()) == ["unedited", "edited"]
    assert set(frame["level"]) == {5}
    assert frame[["arm", "seed", "phase", "wanted"]].drop_duplicates().to_numpy().tolist() == [
        ["onehot", 7, 3, "purple"]
    ]
    sizes = frame.groupby("agent")["size"].first()
    assert sizes["unedited"] == 0
    assert sizes["edited"] > 0


def test_an_actor_of_another_phase_is_one_sentence(run):
    with pytest.raises(StudyError, match="is of phase 4, not 3"):
        run("one.parquet", phase=4)
