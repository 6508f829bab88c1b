"""The stage that asks what edited agents see: checkpoints in, a table out, the same each time."""

import json
import sys
from dataclasses import asdict, replace

import numpy as np
import pytest
import torch
import yaml

from goalsplice.agent.checkpoint import Header, save_checkpoint
from goalsplice.agent.finetuning import save_actor
from goalsplice.agent.network import Agent
from goalsplice.agent.recipe import Recipe
from goalsplice.analysis.perception import verdicts
from goalsplice.cli import perception as stage
from goalsplice.experiments import perception
from goalsplice.experiments.evaluation import evaluate, levels
from goalsplice.io.errors import StudyError
from goalsplice.io.frames import read_frame
from goalsplice.settings.sections import Perception, Retargeting

PHASES, LATE = 4, (1, 2, 3)


@pytest.fixture
def config(pytestconfig) -> dict:
    """The study's, with few levels and stimuli."""
    config = yaml.safe_load((pytestconfig.rootpath / "config.yaml").read_text())
    config["perception"] |= {"levels": 12, "stimuli": 120}
    return config


@pytest.fixture
def recipe(config) -> Recipe:
    """The published recipe with small layers and a small view."""
    small = {"view_size": 3, "hidden_size": 8}
    return Recipe(**{**config["recipe"], **config["arms"]["onehot"], **small})


def untrained(recipe, phase) -> Agent:
    """An agent whose policy is not uniform."""
    agent = Agent(recipe.world.inputs, recipe.hidden_size, torch.Generator().manual_seed(phase))
    with torch.no_grad():
        agent.actor.layer4.weight *= 100
    return agent


@pytest.fixture
def run_stage(monkeypatch, tmp_path, recipe, config):
    """Run the stage on untrained agents, and read what it wrote."""

    def run_stage(output, recipe=recipe, seed=7, further=True):
        def save(name, phase, objective, save=save_checkpoint, drawn=None):
            path = tmp_path / name
            header = Header("onehot", 7, phase, objective, recipe.encoding, recipe.digest())
            save(path, untrained(recipe, drawn or phase), header)
            return path

        arguments = {
            "--arm": ["onehot"],
            "--seed": [seed],
            "--recipe": [json.dumps(asdict(recipe))],
            "--retargeting": [Retargeting.passed(config)],
            "--levels-seed": [5],
            "--perception": [Perception.passed(config)],
            "--late": LATE,
            "--checkpoints": [save(str(phase), phase, ("blue", "purple")[phase % 2]) for phase in range(PHASES)],
            "--output": [tmp_path / f"{output}.parquet"],
        }
        if further:
            path = save("further", 3, config["retargeting"]["target"], save_actor, drawn=9)
            arguments |= {"--finetuned-phases": [3], "--finetuned-actors": [path]}
        words = [str(word) for name, own in arguments.items() for word in (name, *own)]
        monkeypatch.setattr(sys, "argv", ["perception", *words])
        stage.main()
        return read_frame(tmp_path / f"{output}.parquet")

    return run_stage


def chosen(frame, **values):
    """The rows that have these values."""
    for name, value in values.items():
        frame = frame[frame[name] == value]
    return frame


def test_the_same_bytes_twice(run_stage, tmp_path):
    run_stage("one")
    run_stage("two")
    assert (tmp_path / "one.parquet").read_bytes() == (tmp_path / "two.parquet").read_bytes()


def test_rows_are_there_once_and_whole(run_stage):
    frame = run_stage("one")
    keys = ["phase", "target", "family", "edit", "test", "layer", "what"]
    assert not frame.duplicated(keys).any()
    assert frame.drop(columns="chance").notna().all(axis=None)
    np.testing.assert_array_equal(frame["chance"].notna(), frame["test"] == "probe")
    assert set(frame["phase"]) == set(LATE)
    assert set(frame["test"]) == {"alone", "change", "probe", "distance", "composition"}
    edits = [
        ["unedited"],
        ["swap"],
        ["sparse"],
        ["added only"],
        ["downstream of layer 1"],
        ["least squares"],
        ["same goal"],
    ]
    for phase in LATE:
        wanted = ("blue", "purple")[phase % 2]
        mine = chosen(frame, phase=phase)
        assert set(mine["wanted"]) == {wanted}
        assert set(mine["target"]) == {"yellow", "blue", "purple"} - {wanted}
        towards_new = chosen(mine, target="yellow")[["edit"]].drop_duplicates().to_numpy().tolist()
        assert towards_new == [*edits, *([["further"]] if phase == 3 else [])]
        assert "switch" in set(mine[mine["target"] != "yellow"]["edit"])
    assert set(chosen(frame, test="composition")["target"]) == {"yellow"}
    assert "same goal" not in set(chosen(frame, test="composition")["edit"])
    none = chosen(frame, edit="unedited")
    np.testing.assert_array_equal(none["value"], none["reference"])
    assert len(verdicts(frame.assign(arm="onehot", seed=7))) == 14


def test_layers_before_an_edit_are_read_as_they_were(run_stage):
    frame = chosen(run_stage("one"), edit="downstream of layer 1")
    first = chosen(frame, test="probe", layer="layer1")
    np.testing.assert_array_equal(first["value"], first["reference"])
    assert chosen(frame, test="distance", layer="layer1")["value"].eq(1).all()
    changed = chosen(frame, test="change")
    assert changed[changed["value"] > 0]["layer"].unique().tolist() == ["layer2", "layer3", "layer4"]


def test_an_exchange_mirrors_what_probes_read(run_stage):
    swap = chosen(run_stage("one"), edit="swap")
    probes = chosen(swap, test="probe").set_index(["phase", "target", "layer", "what"])
    for (phase, target, layer, what), value in probes["value"].items():
        mirrored = what.replace("correct", "swapped") if "correct" in what else what.replace("swapped", "correct")
        if not what.startswith("third"):
            assert value == pytest.approx(probes["reference"][phase, target, layer, mirrored], abs=0.02)
    assert chosen(swap, test="change")["value"].eq(0).all()


def test_what_is_taken_is_that_of_the_networks(run_stage, recipe):
    frame = run_stage("one")
    on = levels("three_colours", 12, 5, recipe.grid_size)
    for phase, other in ((1, 2), (2, 3), (3, 2)):
        wanted, former = ("blue", "purple")[phase % 2], ("blue", "purple")[other % 2]
        own, next_one = (
            evaluate(untrained(recipe, number).actor.state_dict(), recipe, on, "sampling") for number in (phase, other)
        )
        mine = chosen(frame, phase=phase, edit="unedited", target="yellow")
        alone = chosen(mine, test="alone").set_index("what")["value"]
        assert alone["target"] == own["episode_share_yellow"]
        assert alone["wanted"] == own[f"episode_share_{wanted}"]
        composed = chosen(mine, test="composition").set_index("what")["value"]
        # Sums of differences of weights are right up to rounding, which may turn a single episode.
        assert composed["other"] == pytest.approx(next_one[f"episode_share_{former}"], abs=0.09)
        switched = chosen(frame, phase=phase, edit="switch", test="alone", what="target")["value"]
        assert switched.tolist() == [next_one[f"episode_share_{former}"]]


def test_observations_that_are_scored_were_not_learned_from(run_stage, monkeypatch):
    halves = []
    looks = perception.looks
    monkeypatch.setattr(perception, "looks", lambda *given: halves.append(given[1]) or looks(*given))
    run_stage("one")
    train, test = ({tuple(stimulus) for stimulus in half.tolist()} for half in halves)
    assert train
    assert test
    assert not train & test


def test_whole_numbers_have_no_columns_of_a_colour(run_stage, recipe):
    frame = run_stage("one", recipe=replace(recipe, encoding="integers"), further=False)
    assert set(frame["edit"]) == {"no_control", "swap", "downstream of layer 1", "least squares", "same goal", "switch"}
    below = chosen(frame, edit="downstream of layer 1", test="probe")
    np.testing.assert_array_equal(below["value"], below["reference"])


def test_another_runs_checkpoints_are_refused(run_stage):
    with pytest.raises(StudyError, match=r"0 is of seed 7, not 6"):
        run_stage("one", seed=6)
