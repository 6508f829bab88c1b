"""The whole workflow, for real, on the mini study: what it makes, and what it makes again."""

import hashlib
import os
import re
import shutil
import sys
from pathlib import Path
from unittest import mock

import pandas as pd
import pyarrow.parquet as pq
import pytest
from study import QUICK, ROOT, copy_finished, copy_project, planned, snakemake

from agent.test_portable import AT_ONCE, VARIANTS
from goalsplice.cli import compare, verify
from goalsplice.io.digests import MEASURED, content
from goalsplice.io.tables import table_schema, write_table
from goalsplice.settings import environment, registry
from goalsplice.world.vocabulary import OUTCOMES

TABLES = registry.read(ROOT).tables_of("run", "study")
SCHEMAS = ROOT / "workflow/schemas/tables.yaml"
AGAIN = "results/runs/arm=onehot/seed=1"
FAMILIES = (
    *("layers", "layer_weights", "layer_biases", "inputs", "units"),
    *("weights", "rank", "linear interpolation", "activations"),
)


def again(folder: Path, *wanted: str) -> Path:
    """Files of the mini study once more: elsewhere, on one core, from another folder. Where they are."""
    copy_project(folder / "project")
    elsewhere = folder / "results elsewhere"
    elsewhere.mkdir()
    config = str(folder / "project" / QUICK)
    result = snakemake(folder / "project", "--cores", "1", *wanted, "--directory", str(elsewhere), config=config)
    assert result.returncode == 0, result.stdout + result.stderr
    return elsewhere


def digests(folder: Path, pattern: str) -> dict[str, str]:
    """SHA-256 of all files of the study that match."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.glob(pattern))
    }


@pytest.mark.parametrize("table", TABLES)
def test_tables_are_what_the_schema_says(finished, table):
    schema = pq.read_schema(finished / f"results/tables/{table}.parquet")
    expected = table_schema(SCHEMAS, table, schema.names)
    assert schema.remove_metadata().equals(expected.remove_metadata())
    for field in expected:
        assert schema.field(field.name).metadata == field.metadata
    frame = pd.read_parquet(finished / f"results/tables/{table}.parquet")
    assert len(frame)
    shares = [f"episode_share_{outcome}" for outcome in OUTCOMES]
    if set(shares) <= set(frame):
        assert (frame[shares].sum(axis=1) - 1).abs().max() < 1e-9


def test_tables_have_a_row_for_everything(finished):
    def rows(table):
        return pd.read_parquet(finished / f"results/tables/{table}.parquet")

    runs = [("onehot", 99), ("onehot", 1), ("integers", 99), ("integers", 1)]
    assert list(rows("training").groupby(["arm", "seed"], sort=False).groups) == runs
    assert (rows("training").groupby(["arm", "seed"])["rollout"].max() == 26).all()
    evaluation = rows("evaluation")
    assert (
        len(evaluation)
        == len(evaluation.drop_duplicates(["arm", "seed", "phase", "level_distribution", "action_selection"]))
        == 4 * 4 * 4
    )
    splices = rows("splices")
    assert (splices["recipient_objective"] != splices["donor_objective"]).all()
    layers = splices[(splices["family"] == "layers") & (splices["control"] == "no_control")]
    assert len(layers) == 4 * 2 * 16
    assert set(splices["family"]) == {*FAMILIES}
    assert {"random_weights", "optimised_same_budget", "same_goal_donor", "other_seed_donor", "untrained_donor"} <= set(
        splices["control"]
    )
    key = ["arm", "seed", "recipient_phase", "family", "edit", "dose", "control", "draw"]
    assert not splices.duplicated(key).any()
    probes = rows("probes")
    assert probes.groupby(["arm", "seed"]).ngroups == 4
    assert set(probes["control"]) == {"no_control", "untrained", "permuted"}
    inputs = probes[(probes["probe"] == "wanted_colour") & (probes["layer"] == "inputs")]
    assert (inputs["accuracy"] == 0.5).all()
    weight_changes = rows("weight_changes")
    assert set(weight_changes.groupby(["arm", "seed"])["recipient_phase"].nunique()) == {3}
    tensors = (
        weight_changes[weight_changes["grouping"] == "tensor"]
        .groupby(["arm", "seed", "recipient_phase"])["variance_share"]
        .sum()
    )
    assert (tensors - 1).abs().max() < 1e-9
    assert len(rows("colour_exchanges")) == 2 * 3 * (30 + 15)
    assert len(rows("similarity")) == 4 * 3 * 5
    assert len(rows("similarity_between_runs")) == 2 * 5


def test_the_whole_actor_is_the_donor_and_no_layer_the_recipient(finished):
    """The ceiling and the floor of the splices, by the evaluation of both checkpoints on the same levels."""
    splices = pd.read_parquet(finished / "results/tables/splices.parquet")
    # By colour: donor and recipient change places between the two rows.
    by_part = ("episode_share_donor", "episode_share_recipient")
    measured = [name for name in splices if name.startswith(("episode_share_", "return_", "mean_"))]
    measured = [name for name in measured if name not in by_part]
    for _, run in splices.groupby(["arm", "seed"]):
        layers = run[(run["family"] == "layers") & (run["control"] == "no_control")]
        by = layers.set_index(["recipient_phase", "edit"])[measured]
        everything = "layer1+layer2+layer3+layer4"
        for recipient, donor in ((2, 3), (3, 2)):
            pd.testing.assert_series_equal(
                by.loc[(recipient, everything)], by.loc[(donor, "unedited")], check_names=False, check_exact=True
            )
            assert not by.loc[(recipient, "unedited")].equals(by.loc[(donor, "unedited")])


def test_a_run_elsewhere_trains_and_plays_to_the_same_bytes(finished, tmp_path):
    """In another folder and on another number of cores."""
    elsewhere = again(tmp_path, f"{AGAIN}/evaluation.parquet")
    made = digests(elsewhere, f"{AGAIN}/checkpoints/*.*") | digests(elsewhere, f"{AGAIN}/evaluation.parquet")
    assert len(made) == 5
    assert made.items() <= digests(finished, f"{AGAIN}/**/*.*").items()


@pytest.mark.skipif(not environment.has_avx2(), reason="this processor computes bytes of its own")
def test_every_file_holds_the_published_content(finished, capsys):
    """Of every machine that runs the tests. `snakemake verify_quick` says the same to a user."""
    with mock.patch.object(sys, "argv", ["verify", f"{finished}/results", "--quick", "--project", str(ROOT)]):
        verify.main()
    assert "files hold the published content" in capsys.readouterr().out


def test_its_numbers_can_be_set_beside_the_published_ones(finished, tmp_path, capsys):
    names = [f"{name}.parquet" for name in ("summary", "edit_effects", "transfer_over_seeds")]
    arguments = ["--tables", *(f"{finished}/results/tables/{name}" for name in names), "--project", str(ROOT)]
    with mock.patch.object(sys, "argv", ["compare", *arguments, "--output", f"{tmp_path}/comparison.csv"]):
        compare.main()
    numbers = pd.read_csv(tmp_path / "comparison.csv")
    assert set(numbers["table"]) == {"summary", "edit_effects", "transfer"}
    assert 0 < numbers["outside"].sum() < len(numbers)
    assert "estimates lie outside the published intervals" in capsys.readouterr().out


def test_the_report_begins_with_the_studys_numbers_beside_the_published_ones(finished):
    page = (finished / "results/first_page.rst").read_text(encoding="utf-8")
    assert re.search("[0-9]+ of 32 numbers lie outside the published intervals", page)
    report = (finished / "results/report.html").read_text(encoding="utf-8")
    assert "numbers lie outside the published intervals" in report


def test_digests_of_content_change_with_a_value_and_not_with_what_made_it(finished, tmp_path):
    """As CONTRIBUTING.md compares two versions of the code."""
    copy = copy_finished(finished, tmp_path, "results/tables") / "results"
    before = content(copy)
    assert set(before) == {f"tables/{table}.parquet" for table in TABLES if table not in MEASURED}
    assert None not in before.values()
    frames = {name: pd.read_parquet(copy / f"tables/{name}.parquet") for name in ("summary", "measures")}
    frames["measures"].loc[0, "seed"] += 1
    for name, frame in frames.items():
        write_table(copy / f"tables/{name}.parquet", frame, SCHEMAS, name)
    after = content(copy)
    assert {name for name in before if before[name] != after[name]} == {"tables/measures.parquet"}


@pytest.mark.nightly
def test_all_of_a_run_elsewhere_is_the_same_bytes(finished, tmp_path):
    """One of four runs. Only timing is another."""
    elsewhere = again(tmp_path, *digests(finished, f"{AGAIN}/**/*.*"))
    first, second = digests(finished, f"{AGAIN}/**/*.*"), digests(elsewhere, f"{AGAIN}/**/*.*")
    assert {name for name in first | second if first.get(name) != second.get(name)} == {f"{AGAIN}/timing.parquet"}
    assert len(first) >= 12


@pytest.mark.nightly
@pytest.mark.skipif(not environment.has_avx2(), reason="this processor computes bytes of its own")
@pytest.mark.parametrize("name", ["all at once", *VARIANTS])
def test_no_variable_of_the_users_changes_what_any_file_holds(finished, tmp_path, name):
    """The whole mini study in a shell in which the user has chosen how libraries compute."""
    chosen = AT_ONCE if name == "all at once" else VARIANTS[name]
    kept = {variable: value for variable, value in os.environ.items() if variable not in environment.KERNELS}
    copy_project(tmp_path / "project")
    result = snakemake(tmp_path / "project", "--cores", "2", "all", environment=kept | chosen)
    assert result.returncode == 0, result.stdout + result.stderr
    assert content(tmp_path / "project/results") == content(finished / "results")


def test_every_job_that_was_measured_has_a_row(finished):
    jobs = pd.read_parquet(finished / "results/tables/benchmarks.parquet")
    assert len(jobs) == len(list((finished / "results/benchmarks").rglob("*.tsv")))
    assert (jobs["seconds"] > 0).all()
    assert {"references", "summary", "recoveries"} <= set(jobs.loc[jobs["arm"].isna(), "stage"])


def test_lost_records_of_jobs_run_nothing_again(clone):
    shutil.rmtree(clone / "results/benchmarks")
    assert planned(clone, "all") == {}


def test_the_report_needs_no_network(finished):
    page = (finished / "results/report.html").read_text(encoding="utf-8")
    assert not re.search(r"<(script|link|img)[^>]+(src|href)=[\"']https?://", page)
    for figure in ("alternation", "choices", "layer_splices"):
        assert f"{figure}.svg" in page


def test_snakemakes_own_report_command_works(finished, tmp_path):
    page = tmp_path / "report.html"
    result = snakemake(finished, "--report", str(page))
    assert result.returncode == 0, result.stdout + result.stderr
    assert "alternation.svg" in page.read_text(encoding="utf-8")


def test_a_damaged_table_is_told_and_no_figure_is_left(clone):
    """At the end of a real run: Snakemake shows the sentence, fails, and the old figure is not passed off as new."""
    path = clone / "results/tables/recoveries.parquet"
    # All but the footer, which is all that the plan looks at.
    content = path.read_bytes()
    footer = int.from_bytes(content[-8:-4], "little") + 8
    path.write_bytes(content[:4] + bytes(len(content) - footer - 4) + content[-footer:])
    result = snakemake(clone, "--cores", "1", "results/figures/path.svg", "--forcerun", "draw_path")
    assert result.returncode != 0
    output = result.stdout + result.stderr
    assert re.search(r"Error: results/tables/recoveries\.parquet .*delete it", output)
    assert "Traceback" not in output
    assert not (clone / "results/figures/path.svg").exists()


def test_a_truncated_checkpoint_is_told_and_no_table_is_left(clone):
    path = clone / "results/runs/arm=onehot/seed=1/checkpoints/phase=02.safetensors"
    content = path.read_bytes()
    path.write_bytes(content[:-1000])
    table = "results/runs/arm=onehot/seed=1/evaluation.parquet"
    result = snakemake(clone, "--cores", "1", table, "--forcerun", "evaluation")
    assert result.returncode != 0
    output = result.stdout + result.stderr
    assert "phase=02.safetensors is damaged (" in output
    assert "Traceback" not in output
    assert not (clone / table).exists()
    assert not list((clone / "results").rglob("*.part*"))
