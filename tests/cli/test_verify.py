"""A study made again is compared with published digests; one difference is an error that says where and why."""

import json
import shutil
import sys
from unittest import mock

import pandas as pd
import pytest
import yaml
from study import ROOT

from goalsplice.cli import verify
from goalsplice.io.errors import StudyError
from goalsplice.io.tables import write_table

SCHEMAS = ROOT / "workflow/schemas/tables.yaml"


def call(*arguments: object) -> None:
    with mock.patch.object(sys, "argv", ["verify", *map(str, arguments)]):
        verify.main()


def write_timing(path, seconds=1.5, rollout=1) -> None:
    write_table(
        path, pd.DataFrame({"arm": "onehot", "seed": 1, "rollout": [rollout], "seconds": seconds}), SCHEMAS, "timing"
    )


@pytest.fixture
def study(tmp_path):
    """Results with two runs' tables, and a project that has published them."""
    results = tmp_path / "results"
    for seed in (1, 2):
        folder = results / f"runs/arm=onehot/seed={seed}"
        folder.mkdir(parents=True)
        write_timing(folder / "timing.parquet")
        write_timing(folder / "evaluation.parquet")
    config = {"arms": {"onehot": {}}, "seeds": [1, 2], "arithmetic": "portable"}
    (results / "config.yaml").write_text(yaml.safe_dump(config))
    project = tmp_path / "project"
    (project / verify.DIGESTS).mkdir(parents=True)
    for name in ("registry.yaml", "schemas/registry.schema.yaml"):
        (project / "workflow" / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / "workflow" / name, project / "workflow" / name)
    call(results, "--project", project, "--write")
    return results, project


def test_what_was_published_is_equal_but_for_times(study, capsys):
    results, project = study
    published = json.loads((project / verify.DIGESTS / "study.json").read_text())
    assert sorted(published["files"]) == [f"runs/arm=onehot/seed={seed}/evaluation.parquet" for seed in (1, 2)]
    write_timing(results / "runs/arm=onehot/seed=1/timing.parquet", seconds=7.0)
    call(results, "--project", project)
    assert "2 of 2 files hold the published content" in capsys.readouterr().out


def test_a_difference_is_an_error_that_says_where_first(study, capsys):
    results, project = study
    write_timing(results / "runs/arm=onehot/seed=2/evaluation.parquet", rollout=3)
    with pytest.raises(StudyError, match="1 files differ from the published ones or are missing"):
        call(results, "--project", project)
    said = capsys.readouterr().out
    assert "onehot, seed 2" in said
    assert "the code is another one" in said


def test_a_part_is_no_difference_where_a_part_was_made(study, capsys):
    results, project = study
    shutil.rmtree(results / "runs/arm=onehot/seed=2")
    with pytest.raises(StudyError, match="missing"):
        call(results, "--project", project)
    call(results, "--project", project, "--some")
    assert "1 of 2 files" in capsys.readouterr().out


def test_another_configuration_is_said(study, capsys):
    results, project = study
    write_timing(results / "runs/arm=onehot/seed=2/evaluation.parquet", rollout=3)
    config = yaml.safe_load((results / "config.yaml").read_text())
    (results / "config.yaml").write_text(yaml.safe_dump(config | {"arithmetic": "native"}))
    with pytest.raises(StudyError):
        call(results, "--project", project)
    said = capsys.readouterr().out
    assert "The configuration is another one" in said
    assert "Arithmetic is native" in said


def test_without_a_study_or_digests_one_sentence_says_so(study, tmp_path):
    results, project = study
    with pytest.raises(StudyError, match=r"make its config\.yaml with snakemake"):
        call(tmp_path, "--project", project)
    with pytest.raises(StudyError, match="restore it from the repository"):
        call(results, "--project", project, "--part", "tuning")
