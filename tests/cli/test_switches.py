"""The stage that measures a run's last switches: checkpoints in, two tables out, the same each time."""

import json
import sys
from dataclasses import asdict

import pytest
import torch
import yaml

from goalsplice.agent.checkpoint import Header, save_checkpoint
from goalsplice.agent.network import Agent
from goalsplice.agent.recipe import Recipe
from goalsplice.cli import switches
from goalsplice.io.errors import StudyError
from goalsplice.io.frames import read_frame
from goalsplice.io.tables import table_schema
from goalsplice.settings.sections import Ablations, Retargeting


@pytest.fixture
def run(monkeypatch, tmp_path, pytestconfig):
    """Run the stage on untrained agents, and read what it wrote."""
    config = yaml.safe_load((pytestconfig.rootpath / "config.yaml").read_text())
    config["ablations"] |= {"switches": 1, "levels": 12, "draws": 1}

    def run_stage(output, objectives=("blue", "purple"), seed=7):
        own = {"view_size": 3, "hidden_size": 8, "objectives": objectives}
        recipe = Recipe(**{**config["recipe"], **config["arms"]["onehot"], **own})
        checkpoints = [tmp_path / str(phase) for phase in range(3)]
        for phase, path in enumerate(checkpoints):
            agent = Agent(recipe.world.inputs, recipe.hidden_size, torch.Generator().manual_seed(phase))
            objective = objectives[phase % len(objectives)]
            save_checkpoint(path, agent, Header("onehot", 7, phase, objective, recipe.encoding, recipe.digest()))
        arguments = {
            "--arm": ["onehot"],
            "--seed": [seed],
            "--recipe": [json.dumps(asdict(recipe))],
            "--ablations": [Ablations.passed(config)],
            "--retargeting": [Retargeting.passed(config)],
            "--levels-seed": [5],
            "--checkpoints": checkpoints,
            "--switches-output": [tmp_path / f"{output}.switches"],
            "--switch-retargeting-output": [tmp_path / f"{output}.switch_retargeting"],
        }
        words = [str(word) for name, given in arguments.items() for word in (name, *given)]
        monkeypatch.setattr(sys, "argv", ["switches", *words])
        switches.main()
        return [read_frame(tmp_path / f"{output}.{table}") for table in ("switches", "switch_retargeting")]

    return run_stage


def test_the_same_bytes_twice_with_the_tables_columns(run, tmp_path, pytestconfig):
    frames = run("one")
    run("two")
    for frame, table in zip(frames, ("switches", "switch_retargeting"), strict=True):
        assert (tmp_path / f"one.{table}").read_bytes() == (tmp_path / f"two.{table}").read_bytes()
        schema = table_schema(pytestconfig.rootpath / "workflow/schemas/tables.yaml", f"ablation_{table}", frame)
        assert list(frame) == schema.names[2:]
        assert len(frame)


def test_a_run_of_one_objective_has_a_table_without_rows(run):
    found, aims = run("one", objectives=("blue",))
    assert found.empty
    assert set(aims["wanted"]) == {"blue"}


def test_another_runs_checkpoints_are_refused(run):
    with pytest.raises(StudyError, match="is of seed 7, not 6"):
        run("one", seed=6)
