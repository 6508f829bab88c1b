"""The stage that probes a run: checkpoints in, a table out, the same each time."""

import json
import sys
from dataclasses import asdict

import numpy as np
import pytest
import torch
import yaml

from goalsplice.agent.checkpoint import Header, save_checkpoint
from goalsplice.agent.network import Agent
from goalsplice.agent.recipe import Recipe
from goalsplice.cli import probes as stage
from goalsplice.experiments import probes
from goalsplice.io.errors import StudyError
from goalsplice.io.frames import read_frame

SETTINGS = {"train_phases": [0, 1], "test_phases": [2, 3], "observations": 300, "draws": 1}


@pytest.fixture
def recipe(pytestconfig) -> Recipe:
    """The published recipe with small layers and a small view."""
    config = yaml.safe_load((pytestconfig.rootpath / "config.yaml").read_text())
    return Recipe(**{**config["recipe"], **config["arms"]["onehot"], "view_size": 3, "hidden_size": 16})


@pytest.fixture
def run(monkeypatch, tmp_path, recipe):
    """Run the stage on four untrained agents, and read what it wrote."""
    paths = [str(tmp_path / f"{phase}.safetensors") for phase in range(4)]
    for phase, path in enumerate(paths):
        agent = Agent(recipe.world.inputs, recipe.hidden_size, torch.Generator().manual_seed(phase))
        objective = recipe.objectives[phase % 2]
        save_checkpoint(path, agent, Header("onehot", 7, phase, objective, recipe.encoding, recipe.digest()))

    def run_stage(output, order=(0, 1, 2, 3), seed=7):
        arguments = {
            "--arm": ["onehot"],
            "--seed": [str(seed)],
            "--recipe": [json.dumps(asdict(recipe))],
            "--probes": [json.dumps(SETTINGS)],
            "--checkpoints": [paths[place] for place in order],
            "--output": [str(tmp_path / output)],
        }
        monkeypatch.setattr(
            sys, "argv", ["probes", *(text for name, own in arguments.items() for text in (name, *own))]
        )
        stage.main()
        return read_frame(tmp_path / output)

    return run_stage


def test_the_same_bytes_twice(run, tmp_path):
    frame = run("one.parquet")
    run("two.parquet")
    assert (tmp_path / "one.parquet").read_bytes() == (tmp_path / "two.parquet").read_bytes()
    assert set(frame["probe"]) == {"key_place", "transferred_place", "place_beyond_action", "wanted_colour"}
    later = frame[
        (frame["probe"] == "wanted_colour") & (frame["control"] == "no_control") & (frame["test_phases"] == "2+3")
    ]
    assert later.set_index("layer")["accuracy"]["inputs"] == 0.5


def test_levels_and_observations_of_both_halves_are_different(run, monkeypatch):
    """What the probes are scored on was never shown to them, not even by chance."""
    codes = []
    key_places = probes.key_places
    monkeypatch.setattr(probes, "key_places", lambda world, found: codes.append(found) or key_places(world, found))
    drawn = []
    draw = probes.drawn_observations
    monkeypatch.setattr(probes, "drawn_observations", lambda *given: drawn.append(given[-1].spawn_key) or draw(*given))
    frame = run("one.parquet")
    train, test = codes
    assert len(set(drawn)) == 2
    assert not np.isin(test, train).any()
    own = frame[(frame["probe"] == "key_place") & (frame["control"] == "no_control")]
    assert (own["train_observations"] == len(train)).all()
    assert (own["test_observations"] == len(test)).all()


def test_networks_are_those_of_their_phases(run, monkeypatch):
    given = {}

    def keep(train, test, untrained, *rest):
        given.update(train=train, test=test, untrained=untrained)
        return probes.key_place(test, rest[0])

    monkeypatch.setattr(probes, "all_probes", keep)
    run("one.parquet")
    assert [(network.phase, network.objective) for network in given["train"]] == [("0", "blue"), ("1", "purple")]
    assert [(network.phase, network.objective) for network in given["test"]] == [("2", "blue"), ("3", "purple")]
    assert given["untrained"].objective == ""
    for one in (*given["train"], *given["test"]):
        assert (one.train["inputs"] == given["untrained"].train["inputs"]).all()
        assert not (one.train["layer1"] == given["untrained"].train["layer1"]).all()


def test_another_phases_checkpoint_is_refused(run):
    with pytest.raises(StudyError, match=r"1\.safetensors is of phase 1, not 0"):
        run("one.parquet", order=(1, 0, 2, 3))
