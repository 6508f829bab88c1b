"""What runs again after which change: plans of the finished mini study, and a few jobs."""

import base64
import os
import re
import shutil

import pandas as pd
import pytest
from study import QUICK, append, edit, planned, snakemake


def test_nothing_is_left_to_do(finished):
    assert planned(finished, "all") == {}


def test_a_new_clone_with_the_results_reruns_nothing_whatever_its_comments_say(clone):
    for path in ("agent/ppo.py", "world/simulator.py", "io/errors.py", "figures/style.py", "cli/common.py"):
        append(clone / "workflow/goalsplice" / path, '# A comment.\n"""And a sentence."""')
    assert planned(clone, "all") == {}


def test_a_figures_code_and_a_tables_schema_remake_what_shows_them(clone):
    append(clone / "workflow/goalsplice/figures/choices.py")
    edit(clone / "workflow/schemas/tables.yaml", "\nprobes:\n  description: ", "\nprobes:\n  description: More of ")
    made = ["all", "combine", "over_seeds_probes", "draw_choices", "draw_probes", "first_page", "report"]
    assert planned(clone, "all") == dict.fromkeys(made, 1)


def test_a_caption_remakes_the_report(clone):
    append(clone / "workflow/report/choices.rst", "More.")
    assert planned(clone, "all") == {"all": 1, "report": 1}


def test_editing_ppo_trains_again(clone):
    append(clone / "workflow/goalsplice/agent/ppo.py")
    jobs = planned(clone, "all")
    assert jobs["training_onehot"] == jobs["training_integers"] == 2
    assert jobs["evaluation"] == jobs["splices"] == 4


def test_editing_an_edit_splices_again_and_trains_nothing(clone):
    append(clone / "workflow/goalsplice/edits/layers.py")
    jobs = planned(clone, "all")
    assert jobs["splices"] == 4
    assert not any(rule.startswith(("training", "evaluation")) for rule in jobs)


def test_another_evaluation_setting_evaluates_again_and_trains_nothing(clone):
    edit(clone / "workflow/resources/quick.yaml", "evaluation:\n  levels: 256", "evaluation:\n  levels: 128")
    jobs = planned(clone, "all")
    assert jobs["evaluation"] == 4
    assert not any(rule.startswith(("training", "splices")) for rule in jobs)


def test_another_seed_trains_that_seed_only(clone):
    edit(clone / "workflow/resources/quick.yaml", "seeds: [99, 1]", "seeds: [99, 1, 2]")
    jobs = planned(clone, "all")
    assert jobs["training_onehot"] == jobs["training_integers"] == 1
    assert jobs["evaluation"] == jobs["probes"] == 2
    # Of the seed before it in the list it becomes the other seed, and every run gets its task vector.
    assert jobs["splices"] == jobs["custom_edits"] == 4
    assert jobs["transfer"] == 6


def test_a_source_that_is_put_back_with_its_old_time_counts_by_content(clone):
    path = clone / "workflow/goalsplice/figures/choices.py"
    time = path.stat().st_mtime
    append(path)
    os.utime(path, (time, 0))
    assert planned(clone, "results/figures/choices.svg") == {"draw_choices": 1}


def test_the_order_of_seeds_and_the_seed_that_is_shown_count(clone):
    """Of `all` only what shows them: Snakemake compares sets of inputs, and nothing of outputs whose path is new."""
    quick = clone / "workflow/resources/quick.yaml"
    edit(quick, "seeds: [99, 1]", "seeds: [1, 99]")
    assert planned(clone, "results/tables/training.parquet") == {"combine": 1}
    edit(quick, "seeds: [1, 99]", "seeds: [99, 1]")
    append(quick, "figures: {seed: 1}")
    assert planned(clone, "results/figures/behaviour.gif") == {
        "behaviour": 1,
        "animate_behaviour": 1,
    }


def test_what_files_say_counts_without_snakemakes_records(clone):
    """As in a container that keeps results alone."""
    shutil.rmtree(clone / ".snakemake")
    for path in clone.rglob("*"):
        os.utime(path, (1_000_000_000, 1_000_000_000))
    assert planned(clone, "all") == {}
    append(clone / "workflow/resources/quick.yaml", "transfer: {phases: [0]}")
    edit(clone / "workflow/resources/quick.yaml", "transfer:\n  phases: [0, 1]\n", "")
    assert planned(clone, "results/tables/transfer.parquet") == {"transfer": 4, "combine": 1}
    edit(clone / "workflow/resources/quick.yaml", "  num_steps: 128", "  num_steps: 128\n  gamma: 0.5")
    assert planned(clone, "results/tables/training.parquet") == {
        "training_onehot": 2,
        "training_integers": 2,
        "combine": 1,
    }


def test_a_run_without_records_is_no_exception(clone):
    """Snakemake knows nothing of it and would leave it as it is; the other runs train anew."""
    gone = [path for path in (clone / ".snakemake/metadata").iterdir() if b"seed=99" in base64.b64decode(path.name)]
    assert gone
    for path in gone:
        path.unlink()
    edit(clone / "workflow/resources/quick.yaml", "  num_steps: 128", "  num_steps: 128\n  gamma: 0.5")
    assert planned(clone, "results/tables/training.parquet") == {
        "training_onehot": 2,
        "training_integers": 2,
        "combine": 1,
    }


def test_what_was_made_before_a_job_failed_is_not_served_after_it(clone):
    """Snakemake deletes the job's outputs and its records of them, and then does without them."""
    records = clone / ".snakemake/metadata"
    for path in (clone / "results/runs").rglob("evaluation.parquet"):
        path.unlink()
    for path in records.iterdir():
        if b"evaluation.parquet" in base64.b64decode(path.name) and b"seed=" in base64.b64decode(path.name):
            path.unlink()
    target = "results/figures/choices.svg"
    assert planned(clone, target) == {"evaluation": 4, "combine": 1, "over_seeds_evaluation": 1, "draw_choices": 1}
    shutil.rmtree(clone / "results/runs")
    assert planned(clone, target) == {}, "who has tables alone may draw"


def test_which_runs_lend_to_a_run_counts(clone):
    """Of a third run only the files' names are asked for here."""
    quick = clone / "workflow/resources/quick.yaml"
    shutil.copytree(clone / "results/runs/arm=onehot/seed=1", clone / "results/runs/arm=onehot/seed=2")
    edit(quick, "seeds: [99, 1]", "seeds: [99, 1, 2]")
    target = "results/runs/arm=onehot/seed=99/transfer.parquet"
    assert planned(clone, target)["transfer"] == 1
    shutil.rmtree(clone / ".snakemake")
    assert planned(clone, target, "--rerun-triggers", "mtime")["transfer"] == 1


def test_an_edited_record_of_the_configuration_is_written_anew(clone):
    path = clone / "results/config.yaml"
    before = path.stat()
    edit(path, "gamma: 0.99", "gamma: 0.5")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert planned(clone, "all") == {"all": 1, "record_config": 1, "report": 1}


def test_the_order_of_a_recipes_keys_is_no_setting(clone):
    old, new = ("  phase_rollouts: 6\n", "  rollouts: 26\n"), ("  rollouts: 26\n", "  phase_rollouts: 6\n")
    edit(clone / "workflow/resources/quick.yaml", "".join(old), "".join(new))
    assert planned(clone, "tables", "results/figures/learning.svg") == {}


def test_a_changed_table_is_no_longer_the_studys(clone):
    path = clone / "results/runs/arm=onehot/seed=1/evaluation.parquet"
    before = path.stat()
    pd.read_parquet(path).iloc[1:].to_parquet(path)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    jobs = planned(clone, "results/figures/choices.svg")
    assert jobs == {"evaluation": 1, "combine": 1, "over_seeds_evaluation": 1, "draw_choices": 1}


def test_by_another_path_the_project_is_the_same(clone, tmp_path):
    link = tmp_path / "linked"
    link.symlink_to(clone, target_is_directory=True)
    assert planned(link, "all") == {}
    result = snakemake(tmp_path, "--dry-run", "--snakefile", str(link / "Snakefile"), "--directory", str(clone), "all",
                       config=str(link / QUICK))  # fmt: skip
    assert "Nothing to be done" in result.stdout + result.stderr


def test_snakemakes_own_options_to_forget_and_to_accept_change_nothing(clone):
    append(clone / "workflow/goalsplice/figures/choices.py")
    target = "results/figures/choices.svg"
    assert snakemake(clone, "--cores", "1", "--touch", target).returncode == 0
    assert planned(clone, target) == {"draw_choices": 1}
    assert snakemake(clone, "--cleanup-metadata", target, target.replace("svg", "png")).returncode == 0
    assert planned(clone, target, "--rerun-triggers", "mtime") == {"draw_choices": 1}


def test_a_figure_of_another_study_is_drawn_again(clone):
    path = clone / "results/figures/learning.svg"
    marks = re.compile(rb"goalsplice-made:[^;]+;")
    path.write_bytes(marks.sub(marks.search((clone / "results/figures/seeds.svg").read_bytes())[0], path.read_bytes()))
    assert planned(clone, "results/figures/learning.svg") == {"draw_learning": 1}


def test_other_versions_of_libraries_are_said_and_keep_the_results(clone):
    """Here by a library that says to be another one."""
    fake = clone / "fake/numba-99.dist-info"
    fake.mkdir(parents=True)
    (fake / "METADATA").write_text("Metadata-Version: 2.1\nName: numba\nVersion: 99\n")
    environment = {**os.environ, "PYTHONPATH": str(clone / "fake")}
    result = snakemake(clone, "--dry-run", "results/tables/training.parquet", environment=environment)
    output = result.stdout + result.stderr
    assert "Nothing to be done" in output
    assert "now 99" in output


def test_jobs_run_the_package_beside_the_snakefile(clone):
    """Whichever one is installed, with the interpreter of the snakemake that was called."""
    edit(
        clone / "workflow/goalsplice/cli/draw.py",
        "    module = importlib",
        "    print('mine', file=sys.stderr)\n    module = importlib",
    )
    edit(clone / "workflow/goalsplice/cli/draw.py", "import json\n", "import json\nimport sys\n")
    # As from cron, where no environment is activated, and from a notebook.
    hostile = {**os.environ, "PATH": "/usr/bin:/bin", "MPLBACKEND": "module://no_such"}
    result = snakemake(clone, "--cores", "1", "results/figures/world.svg", environment=hostile)
    assert result.returncode == 0, result.stdout + result.stderr
    assert "mine" in (clone / "results/logs/draw/world.log").read_text()


def test_code_that_changes_while_a_job_runs_is_not_what_made_its_outputs(clone):
    """What ran is what is recorded, though Snakemake compares with what it read when it started."""
    stage = clone / "workflow/goalsplice/cli/combine.py"
    text = stage.read_text()
    # The job puts back what it ran: Snakemake, which read this text, would not see that another one came after it.
    edit(
        stage,
        "    frames = []",
        f"    Path({str(stage)!r}).write_text({text!r})\n    frames = []",
    )
    target = "results/tables/evaluation.parquet"
    result = snakemake(clone, "--cores", "1", target)
    assert result.returncode == 0, result.stdout + result.stderr
    assert stage.read_text() == text
    assert planned(clone, target, "--rerun-triggers", "mtime") == {"combine": 1}


@pytest.mark.parametrize("old_time", [True, False])
def test_a_file_of_another_run_is_made_again(clone, old_time):
    """Of one run a table, of another an actor that was trained further, and of a third a checkpoint."""
    runs = clone / "results/runs"
    for target, source in (
        ("arm=onehot/seed=99/evaluation.parquet", "seed=1/evaluation.parquet"),
        ("arm=onehot/seed=1/finetuned/phase=03.safetensors", "seed=99/finetuned/phase=03.safetensors"),
        ("arm=integers/seed=99/checkpoints/phase=03.safetensors", "seed=1/checkpoints/phase=03.safetensors"),
    ):
        before = (runs / target).stat()
        shutil.copy(runs / target.partition("/")[0] / source, runs / target)
        if old_time:
            os.utime(runs / target, ns=(before.st_atime_ns, before.st_mtime_ns))
    jobs = planned(clone, "tables")
    assert "training_onehot" not in jobs
    assert {rule: jobs[rule] for rule in ("training_integers", "evaluation", "finetuning")} == {
        "training_integers": 1,
        "evaluation": 2,
        "finetuning": 2,
    }


def test_a_lost_file_of_a_run_is_made_again(clone):
    for lost in ("arm=integers/seed=1/checkpoints/phase=02.safetensors", "arm=onehot/seed=1/splices.parquet"):
        (clone / "results/runs" / lost).unlink()
    jobs = planned(clone, "all")
    assert jobs["training_integers"] == 1
    assert "training_onehot" not in jobs
    # Of the run that lost it, and of those that a run that trains again lends its checkpoints to.
    assert jobs["splices"] == 3
