"""The target `ablations`, for real, on small arms of each group."""

import json
import shutil

import pandas as pd
import pyarrow.parquet as pq
import pytest
import yaml
from study import ROOT, copy_project, planned, snakemake

from goalsplice.io.tables import table_schema
from goalsplice.settings import registry

pytestmark = pytest.mark.nightly

SCHEMAS = ROOT / "workflow/schemas/tables.yaml"
TABLES = registry.read(ROOT).tables_of("ablation_run", "ablation_study")
ARMS = {
    "reference": {"base": "onehot", "rollouts": 12},
    "random_order": {"base": "onehot", "schedule": "random"},
    "mixed": {"base": "onehot", "schedule": "mixed"},
    "three_objectives": {
        "base": "onehot",
        "objectives": ["first", "second", "new"],
        "level_distribution": "three_colours",
    },
    "decoupled": {"base": "onehot", "decoupled_decay": True, "weight_decay": 0.1, "rollouts": 6},
    "integers_5": {"base": "onehot", "encoding": "integers", "rollouts": 6},
}


@pytest.fixture(scope="module")
def ablated(tmp_path_factory):
    """A copy of the project with small arms, its ablations complete."""
    folder = copy_project(tmp_path_factory.mktemp("ablations") / "project")
    config = yaml.safe_load((folder / "config.yaml").read_text())
    config["recipe"] |= {"phase_rollouts": 3, "rollouts": 72, "num_steps": 128}
    small = {"seeds": [201, 202], "rollouts": 12, "burn_in": 3, "switches": 1, "levels": 64, "arms": ARMS}
    config["ablations"] |= small
    (folder / "config.yaml").write_text(yaml.safe_dump(config, sort_keys=False))
    result = snakemake(folder, "--cores", "2", "ablations", config=None)
    assert result.returncode == 0, result.stdout + result.stderr
    return folder


@pytest.mark.parametrize("table", TABLES)
def test_tables_are_what_the_schema_says(ablated, table):
    schema = pq.read_schema(ablated / f"results/tables/{table}.parquet")
    assert schema.remove_metadata().equals(table_schema(SCHEMAS, table, schema.names).remove_metadata())
    assert len(pd.read_parquet(ablated / f"results/tables/{table}.parquet"))


def test_every_arm_is_there_with_what_it_changes(ablated):
    frame = pd.read_parquet(ablated / "results/tables/ablations.parquet")
    about = frame.drop_duplicates("arm").set_index("arm")
    assert list(about.index) == list(ARMS)
    assert about["group"].to_dict() == {
        "reference": "reference",
        "random_order": "schedule",
        "mixed": "schedule",
        "three_objectives": "schedule",
        "decoupled": "hyperparameters",
        "integers_5": "world",
    }
    assert json.loads(about.loc["decoupled", "changes"]) == {"decoupled_decay": True, "weight_decay": 0.1}
    assert (frame["seeds"] <= 2).all()
    own = frame[frame["measure"] == "phase_end_return"].set_index("arm")
    apart = own["value"] - own["reference_value"] - own["difference"]
    assert apart.drop("reference").abs().max() < 1e-9


def test_only_schedules_have_switches_and_only_those_that_switch(ablated):
    switches = pd.read_parquet(ablated / "results/tables/ablation_switches.parquet")
    assert "mixed" not in set(switches["arm"])
    assert {"reference", "three_objectives"} <= set(switches["arm"]) <= set(ARMS) - {"decoupled", "integers_5"}
    assert (switches["recipient_objective"] != switches["donor_objective"]).all()
    assert (switches["distance"] > 0).all()
    aims = pd.read_parquet(ablated / "results/tables/ablation_switch_retargeting.parquet")
    assert set(aims["control"]) == {"no_control", "gaussian"}
    assert set(aims.loc[aims["wanted"] == "yellow", "edit"]) <= {"no_control"}


def test_nothing_is_left_to_do_and_a_new_arm_trains_only_itself(ablated, tmp_path):
    folder = tmp_path / "project"
    shutil.copytree(ablated, folder)
    assert planned(folder, "ablations", config=None) == {}
    config = yaml.safe_load((folder / "config.yaml").read_text())
    config["ablations"]["arms"]["slow"] = {"base": "onehot", "learning_rate": 1e-4, "rollouts": 6}
    (folder / "config.yaml").write_text(yaml.safe_dump(config, sort_keys=False))
    jobs = planned(folder, "ablations", config=None)
    assert jobs["training_2_phases"] == jobs["plasticity"] == 2
    assert "training_4_phases" not in jobs
    assert "switches" not in jobs
