"""The whole workflow, for real, on the mini study: what it makes, and what it makes again."""

import hashlib
import re
import shutil
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest
import yaml
from study import ROOT, copy_finished, copy_project, planned, snakemake

from goalsplice.measure.tables import table_schema
from goalsplice.world.vocabulary import OUTCOMES

TABLES = [
    table
    for table in yaml.safe_load((ROOT / "workflow/schemas/tables.yaml").read_text())
    if not table.startswith("ablation")
]
"""Those of the study itself."""
SCHEMAS = ROOT / "workflow/schemas/tables.yaml"
AGAIN = "results/runs/arm=onehot/seed=1"
FAMILIES = (
    *("layers", "layer_weights", "layer_biases", "inputs", "units"),
    *("weights", "rank", "path", "activations"),
)


@pytest.fixture(scope="session")
def again(finished, tmp_path_factory) -> Path:
    """All that the mini study makes of one run, once more: elsewhere, on one core, from another folder.

    One of four runs, as that takes a quarter of the time. tests/test_slurm.py makes an arm and all tables again.
    """
    folder = copy_project(tmp_path_factory.mktemp("again") / "project")
    elsewhere = folder.parent / "results elsewhere"
    elsewhere.mkdir()
    config = str(folder / "workflow/resources/quick.yaml")
    wanted = [path.relative_to(finished).as_posix() for path in sorted(finished.glob(f"{AGAIN}/**/*.*"))]
    result = snakemake(folder, "--cores", "1", *wanted, "--directory", str(elsewhere), config=config)
    assert result.returncode == 0, result.stdout + result.stderr
    return elsewhere


@pytest.fixture
def clone(finished, tmp_path) -> Path:
    """The finished study in a new clone: every source newer than every result, in another folder."""
    folder = copy_project(tmp_path / "clone")
    copy_finished(finished, folder, "results", ".snakemake")
    for path in folder.joinpath("workflow").rglob("*"):
        path.touch()
    return folder


def edit(path: Path, old: str, new: str) -> None:
    """Replace `old`, which must be there, in a file."""
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def append(path: Path) -> None:
    """Change a source file's content without changing what it does."""
    with path.open("a") as file:
        file.write("# A change.\n")


def digests(folder: Path, pattern: str) -> dict[str, str]:
    """SHA-256 of all files of the study that match."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.glob(pattern))
    }


@pytest.mark.parametrize("table", TABLES)
def test_tables_are_what_the_schema_says(finished, table):
    schema = pq.read_schema(finished / f"results/tables/{table}.parquet")
    expected = table_schema(SCHEMAS, table)
    assert schema.remove_metadata().equals(expected.remove_metadata())
    for field in expected:
        assert schema.field(field.name).metadata == field.metadata
    frame = pd.read_parquet(finished / f"results/tables/{table}.parquet")
    assert len(frame)
    shares = [f"share_{outcome}" for outcome in OUTCOMES]
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
        len(evaluation) == len(evaluation.drop_duplicates(["arm", "seed", "phase", "layouts", "policy"])) == 4 * 4 * 4
    )
    splices = rows("splices")
    assert (splices["recipient_objective"] != splices["donor_objective"]).all()
    layers = splices[(splices["family"] == "layers") & (splices["control"] == "none")]
    assert len(layers) == 4 * 2 * 16
    assert set(splices["family"]) == {"bounds", *FAMILIES}
    assert {"random_sites", "equal_effort", "same_goal", "other_seed", "untrained"} <= set(splices["control"])
    key = ["arm", "seed", "recipient_phase", "family", "edit", "dose", "control", "draw"]
    assert not splices.duplicated(key).any()
    probes = rows("probes")
    assert probes.groupby(["arm", "seed"]).ngroups == 4
    assert set(probes["control"]) == {"none", "untrained", "shuffled"}
    inputs = probes[(probes["probe"] == "wanted_colour") & (probes["layer"] == "inputs")]
    assert (inputs["accuracy"] == 0.5).all()
    anatomy = rows("anatomy")
    assert set(anatomy.groupby(["arm", "seed"])["recipient_phase"].nunique()) == {3}
    tensors = anatomy[anatomy["grouping"] == "tensor"].groupby(["arm", "seed", "recipient_phase"])["share"].sum()
    assert (tensors - 1).abs().max() < 1e-9
    assert len(rows("exchanges")) == 2 * 3 * (30 + 15)
    assert len(rows("directions")) == 4 * 3 * 5
    assert len(rows("directions_between_runs")) == 2 * 5


def test_the_whole_actor_is_the_donor_and_no_layer_the_recipient(finished):
    """The ceiling and the floor of the splices, by the evaluation of both checkpoints on the same levels."""
    splices = pd.read_parquet(finished / "results/tables/splices.parquet")
    measured = [column for column in splices if column.startswith(("share_", "return_", "mean_"))]
    for _, run in splices.groupby(["arm", "seed"]):
        layers = run[(run["family"] == "layers") & (run["control"] == "none")]
        by = layers.set_index(["recipient_phase", "edit"])[measured]
        everything = "layer1+layer2+layer3+layer4"
        for recipient, donor in ((2, 3), (3, 2)):
            pd.testing.assert_series_equal(
                by.loc[(recipient, everything)], by.loc[(donor, "none")], check_names=False, check_exact=True
            )
            assert not by.loc[(recipient, "none")].equals(by.loc[(donor, "none")])


def test_a_run_elsewhere_gives_the_same_bytes(finished, again):
    """In another folder and on another number of cores. Only timing is another."""
    first, second = digests(finished, f"{AGAIN}/**/*.*"), digests(again, f"{AGAIN}/**/*.*")
    assert {name for name in first | second if first.get(name) != second.get(name)} == {f"{AGAIN}/timing.parquet"}
    assert len(first) >= 12


def test_every_job_that_was_measured_has_a_row(finished):
    jobs = pd.read_parquet(finished / "results/tables/benchmarks.parquet")
    assert len(jobs) == len(list((finished / "results/benchmarks").rglob("*.tsv")))
    assert (jobs["seconds"] > 0).all()
    assert {"reference", "summarise", "recover"} <= set(jobs.loc[jobs["arm"].isna(), "stage"])


def test_lost_records_of_jobs_run_nothing_again(clone):
    shutil.rmtree(clone / "results/benchmarks")
    assert planned(clone, "all") == {}


def test_nothing_is_left_to_do(finished):
    assert planned(finished, "all") == {}


def test_a_new_clone_with_the_results_reruns_nothing(clone):
    assert planned(clone, "all") == {}


def test_editing_a_figure_redraws_that_figure_only(clone):
    append(clone / "workflow/goalsplice/figures/choices.py")
    assert planned(clone, "all") == {"all": 1, "draw_choices": 1, "report": 1}


def test_editing_ppo_trains_again(clone):
    append(clone / "workflow/goalsplice/agent/ppo.py")
    jobs = planned(clone, "all")
    assert jobs["train_onehot"] == jobs["train_integers"] == 2
    assert jobs["evaluate"] == jobs["splice"] == 4


def test_editing_an_edit_splices_again_and_trains_nothing(clone):
    append(clone / "workflow/goalsplice/edits/layers.py")
    jobs = planned(clone, "all")
    assert jobs["splice"] == 4
    assert not any(rule.startswith(("train", "evaluate")) for rule in jobs)


def test_another_evaluation_setting_evaluates_again_and_trains_nothing(clone):
    edit(clone / "workflow/resources/quick.yaml", "evaluation:\n  levels: 256", "evaluation:\n  levels: 128")
    jobs = planned(clone, "all")
    assert jobs["evaluate"] == 4
    assert not any(rule.startswith(("train", "splice")) for rule in jobs)


def test_another_seed_trains_that_seed_only(clone):
    edit(clone / "workflow/resources/quick.yaml", "seeds: [99, 1]", "seeds: [99, 1, 2]")
    jobs = planned(clone, "all")
    assert jobs["train_onehot"] == jobs["train_integers"] == 1
    assert jobs["evaluate"] == jobs["probe"] == 2
    # Of the seed before it in the list it becomes the other seed, and every run gets its goal vector.
    assert jobs["splice"] == jobs["custom_edits"] == 4
    assert jobs["transport"] == 6


@pytest.mark.parametrize(
    ("lost", "rule"), [("checkpoints/phase=02.safetensors", "train_onehot"), ("splices.parquet", "splice")]
)
def test_a_lost_file_of_a_run_is_made_again(clone, lost, rule):
    (clone / "results/runs/arm=onehot/seed=1" / lost).unlink()
    assert planned(clone, "all")[rule] == 1


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


def test_a_table_that_lost_a_column_is_told_and_no_figure_is_left(clone):
    """At the end of a real run: Snakemake shows the sentence, fails, and the old figure is not passed off as new."""
    path = clone / "results/tables/evaluation.parquet"
    pd.read_parquet(path).drop(columns="share_yellow").to_parquet(path)
    result = snakemake(
        clone, "--cores", "1", "results/figures/choices.svg", "--forcerun", "draw_choices", "--rerun-triggers", "params"
    )
    assert result.returncode != 0
    output = result.stdout + result.stderr
    assert "Error: results/tables/evaluation.parquet lacks the column share_yellow" in output
    assert "Traceback" not in output
    assert not (clone / "results/figures/choices.svg").exists()


def test_a_truncated_checkpoint_is_told_and_no_table_is_left(clone):
    path = clone / "results/runs/arm=onehot/seed=1/checkpoints/phase=02.safetensors"
    path.write_bytes(path.read_bytes()[:1000])
    table = "results/runs/arm=onehot/seed=1/evaluation.parquet"
    result = snakemake(clone, "--cores", "1", table, "--forcerun", "evaluate", "--rerun-triggers", "params")
    assert result.returncode != 0
    output = result.stdout + result.stderr
    assert "phase=02.safetensors is damaged (" in output
    assert "Traceback" not in output
    assert not (clone / table).exists()
    assert not list((clone / "results").rglob("*.part*"))
