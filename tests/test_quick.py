"""The first look: a mini study within the study."""

import re
import shlex

import pytest
import yaml
from study import QUICK, ROOT, copy_project, snakemake

pytestmark = pytest.mark.slow


def test_it_takes_the_users_configuration_on_top_of_its_own(tmp_path):
    """Named relative to where one is, which is not where the mini study runs."""
    project = copy_project(tmp_path / "a project")
    (project / "mine.yaml").write_text("recipe: {gamma: 0.5}\n")
    result = snakemake(project, "--dry-run", "--printshellcmds", "quick", config="mine.yaml")
    output = result.stdout + result.stderr
    assert result.returncode == 0, output
    line = next(line for line in output.splitlines() if "--directory results/quick" in line)
    words = shlex.split(line.partition(" 2>&1")[0])
    files = words[words.index("--configfile") + 1 : words.index("--config")]
    assert files == [str(project / QUICK), str(project / "mine.yaml")]
    inner = words[words.index("all") :]
    planned = snakemake(project, *inner, "--dry-run", "--printshellcmds", config=None)
    assert planned.returncode == 0, planned.stdout + planned.stderr
    recipes = {
        (float(recipe["gamma"]), int(recipe["rollouts"]))
        for found in re.findall(r"--recipe ('.*?')", planned.stdout + planned.stderr)
        for recipe in [yaml.safe_load(shlex.split(found)[0])]
    }
    small = yaml.safe_load((ROOT / QUICK).read_text(encoding="utf-8"))["recipe"]["rollouts"]
    assert recipes == {(0.5, small)}


def test_a_study_within_that_fails_fails_the_whole(tmp_path):
    """Its output passes through a pipe, whose last command succeeds."""
    project = copy_project(tmp_path / "a project")
    (project / "results").mkdir()
    (project / "results/quick").write_text("not a folder\n")
    result = snakemake(project, "quick", "--cores", "1", config=None)
    assert result.returncode != 0, result.stdout + result.stderr
