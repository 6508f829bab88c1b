"""The stages that compare neighbouring phases' actors: checkpoints in, tables out, the same each time."""

import json
import sys
from dataclasses import asdict

import pandas as pd
import pytest
import torch
import yaml

from goalsplice.agent.checkpoint import Header, save_checkpoint
from goalsplice.agent.network import Agent
from goalsplice.agent.recipe import Recipe
from goalsplice.cli import similarity, similarity_between_runs, weight_changes
from goalsplice.experiments.similarity import COSINE_COLUMNS, WITHIN_COLUMNS
from goalsplice.io.errors import StudyError
from goalsplice.io.frames import read_frame

PHASES = 4
SCHEMA = yaml.safe_load("""
similarity_between_runs:
  description: As in the study.
  columns:
    arm: {type: string, unit: "", meaning: x}
    seed: {type: int64, unit: "", meaning: x}
    other_seed: {type: int64, unit: "", meaning: x}
    part: {type: string, unit: "", meaning: x}
    phase: {type: int64, unit: "", meaning: x}
    weights: {type: int64, unit: "", meaning: x}
    cosine: {type: float64, unit: "", meaning: x}
    null_mean: {type: float64, unit: "", meaning: x}
    null_sd: {type: float64, unit: "", meaning: x}
    null_low: {type: float64, unit: "", meaning: x}
    null_high: {type: float64, unit: "", meaning: x}
""")


@pytest.fixture
def recipe(pytestconfig) -> Recipe:
    """The published recipe with tiny layers."""
    config = yaml.safe_load((pytestconfig.rootpath / "config.yaml").read_text())
    return Recipe(**{**config["recipe"], **config["arms"]["onehot"], "hidden_size": 4})


@pytest.fixture
def checkpoints(recipe, tmp_path) -> dict:
    """Paths of each seed's checkpoints, of untrained agents."""
    paths = {}
    for seed in (99, 1):
        paths[seed] = [str(tmp_path / f"{seed}-{phase}.safetensors") for phase in range(PHASES)]
        for phase, path in enumerate(paths[seed]):
            agent = Agent(recipe.world.inputs, recipe.hidden_size, torch.Generator().manual_seed(100 * seed + phase))
            objective = recipe.objectives[phase % 2]
            save_checkpoint(path, agent, Header("onehot", seed, phase, objective, recipe.encoding, recipe.digest()))
    return paths


@pytest.fixture
def run(monkeypatch, recipe, checkpoints):
    """Runs a per-run stage on seed 99's checkpoints."""

    def call(stage, *outputs, paths=None):
        of_run = ["--arm", "onehot", "--seed", "99", "--recipe", json.dumps(asdict(recipe)), "--checkpoints"]
        monkeypatch.setattr(sys, "argv", ["stage", *of_run, *(paths or checkpoints[99]), *map(str, outputs)])
        stage.main()

    return call


def test_every_neighbouring_pair_has_its_weight_changes(run, tmp_path):
    outputs = [tmp_path / name for name in ("weight_changes.parquet", "colour_exchanges.parquet")]
    for _ in range(2):
        run(weight_changes, "--weight-changes-output", outputs[0], "--colour-exchanges-output", outputs[1])
        first = [path.read_bytes() for path in outputs]
    assert first == [path.read_bytes() for path in outputs]
    for path, keys in zip(
        outputs, (["grouping", "part", "view_column", "view_row"], ["basis", "colour", "other_colour"]), strict=True
    ):
        frame = read_frame(path)
        phases = frame[["recipient_phase", "donor_phase", "recipient_objective", "donor_objective"]].drop_duplicates()
        assert phases.to_numpy().tolist() == [
            [0, 1, "blue", "purple"],
            [1, 2, "purple", "blue"],
            [2, 3, "blue", "purple"],
        ]
        assert not frame.duplicated(["recipient_phase", *keys]).any()


def test_permutations_differ_from_pair_to_pair(run, tmp_path, checkpoints, recipe):
    """Each pair has its own random numbers, so the same difference of two pairs has two controls."""
    run(
        weight_changes,
        "--weight-changes-output",
        tmp_path / "a.parquet",
        "--colour-exchanges-output",
        tmp_path / "e.parquet",
    )
    first = read_frame(tmp_path / "a.parquet").query("part == 'layer1.weight'")
    assert first["permuted_stable_rank"].nunique() == PHASES - 1


def test_every_two_switches_are_compared(run, tmp_path):
    run(similarity, "--output", tmp_path / "similarity.parquet")
    frame = read_frame(tmp_path / "similarity.parquet")
    pairs = frame[["phase", "other_phase", "same_way"]].drop_duplicates().to_numpy().tolist()
    assert pairs == [[0, 1, False], [0, 2, True], [1, 2, False]]
    assert list(frame["part"].unique()) == ["actor", "layer1", "layer2", "layer3", "layer4"]


def test_a_run_of_two_phases_has_a_table_without_rows(run, tmp_path, checkpoints):
    run(similarity, "--output", tmp_path / "similarity.parquet", paths=checkpoints[99][:2])
    frame = read_frame(tmp_path / "similarity.parquet")
    assert frame.empty
    assert list(frame) == WITHIN_COLUMNS + COSINE_COLUMNS


def between(monkeypatch, tmp_path, recipe, seeds, others=9, pattern="{seed}-{phase}.safetensors"):
    schemas, output = tmp_path / "tables.yaml", tmp_path / "between.parquet"
    schemas.write_text(yaml.safe_dump(SCHEMA, sort_keys=False))
    arguments = [
        "--recipes",
        json.dumps({"onehot": asdict(recipe)}),
        "--seeds",
        *map(str, seeds),
        "--others",
        str(others),
        "--phases",
        "1",
        "2",
        "3",
    ]
    arguments += ["--checkpoint", str(tmp_path / pattern), "--schemas", str(schemas), "--output", str(output)]
    monkeypatch.setattr(sys, "argv", ["stage", *arguments])
    similarity_between_runs.main()
    return pd.read_parquet(output)


def test_runs_are_compared(monkeypatch, tmp_path, recipe, checkpoints):
    frame = between(monkeypatch, tmp_path, recipe, (99, 1))
    assert frame[["arm", "seed", "other_seed", "phase"]].drop_duplicates().to_numpy().tolist() == [
        ["onehot", 99, 1, 1],
        ["onehot", 99, 1, 2],
    ]
    assert frame["cosine"].between(-1, 1).all()


def test_two_runs_have_one_other_each_however_many_are_asked_for(monkeypatch, tmp_path, recipe, checkpoints):
    for others in (1, 9):
        between(monkeypatch, tmp_path, recipe, (99, 1), others)
        (tmp_path / "between.parquet").rename(tmp_path / f"{others}.parquet")
    assert (tmp_path / "1.parquet").read_bytes() == (tmp_path / "9.parquet").read_bytes()


def test_one_run_alone_has_a_table_without_rows(monkeypatch, tmp_path, recipe, checkpoints):
    assert between(monkeypatch, tmp_path, recipe, (99,)).empty


def test_a_checkpoint_in_the_wrong_place_is_refused(monkeypatch, tmp_path, recipe, checkpoints):
    with pytest.raises(StudyError, match=r"1-1\.safetensors is of seed 1, not 99"):
        between(monkeypatch, tmp_path, recipe, (99, 1), pattern="1-{phase}.safetensors")
