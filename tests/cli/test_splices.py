"""The stage that splices: checkpoints of two runs in, every pair's rows out, the same each time."""

import json
import sys

import pytest
import torch
import yaml

from goalsplice.agent.checkpoint import Header, save_checkpoint
from goalsplice.agent.network import Agent
from goalsplice.agent.recipe import Recipe
from goalsplice.cli import splices as stage
from goalsplice.edits.layers import layer_edits
from goalsplice.experiments import splices
from goalsplice.io.errors import StudyError
from goalsplice.io.frames import read_frame
from goalsplice.settings.study import recipe_of

SPLICES = {"pairs": [[2, 3]], "levels": 8, "control_levels": 4, "control_precision": 0, "draws": 1}
SPLICES |= {"level_distribution": "three_colours", "action_selection": "sampling"}
PHASES = 4


@pytest.fixture
def recipe(pytestconfig) -> Recipe:
    config = yaml.safe_load((pytestconfig.rootpath / "config.yaml").read_text())
    return Recipe(**{**recipe_of(config, "onehot"), "view_size": 3, "hidden_size": 8})


@pytest.fixture
def run_stage(monkeypatch, tmp_path, recipe):
    """Splice untrained agents of seed 5, with few edits, and read what comes out."""
    monkeypatch.setattr(splices, "all_edits", lambda context: layer_edits()[:2])

    def save(seed, phase):
        agent = Agent(recipe.world.inputs, recipe.hidden_size, torch.Generator().manual_seed(100 * seed + phase))
        header = Header("onehot", seed, phase, recipe.objectives[phase % 2], recipe.encoding, recipe.digest())
        save_checkpoint(tmp_path / f"{seed}-{phase}", agent, header)
        return tmp_path / f"{seed}-{phase}"

    def run_stage(output, other=6, settings=SPLICES):
        phases = range(PHASES)
        arguments = {
            "--arm": ["onehot"],
            "--seed": [5],
            "--recipe": [json.dumps(vars(recipe))],
            "--splices": [json.dumps(settings)],
            "--levels-seed": [0],
            "--phases": phases,
            "--checkpoints": [save(5, phase) for phase in phases],
            "--output": [tmp_path / output],
        }
        if other is not None:
            arguments |= {"--other-seed": [other], "--other-checkpoints": [save(6, phase) for phase in phases]}
        words = [str(word) for name, values in arguments.items() for word in (name, *values)]
        monkeypatch.setattr(sys, "argv", ["splices", *words])
        stage.main()
        return read_frame(tmp_path / output)

    return run_stage


def test_each_pair_is_spliced_both_ways_with_every_donor(run_stage, tmp_path, capsys):
    rows = run_stage("splices.parquet")
    ways = rows[["recipient_phase", "donor_phase", "recipient_objective", "donor_objective"]].drop_duplicates()
    assert ways.to_numpy().tolist() == [[2, 3, "blue", "purple"], [3, 2, "purple", "blue"]]
    assert {"no_control", "same_goal_donor", "other_seed_donor", "untrained_donor"} <= set(rows["control"])
    assert "phase 2 into 3" in capsys.readouterr().err
    run_stage("again.parquet")
    assert (tmp_path / "again.parquet").read_bytes() == (tmp_path / "splices.parquet").read_bytes()


def test_a_run_alone_has_no_other_seed(run_stage):
    assert "other_seed_donor" not in set(run_stage("splices.parquet", other=None)["control"])


def test_another_runs_checkpoints_must_be_of_that_run(run_stage):
    with pytest.raises(StudyError, match="is of seed 6, not 7"):
        run_stage("splices.parquet", other=7)


def test_settings_lack_nothing(run_stage):
    fewer = {key: value for key, value in SPLICES.items() if key != "draws"}
    with pytest.raises(StudyError, match="splices lacks the key draws"):
        run_stage("splices.parquet", settings=fewer)
