"""The page on results names every table and figure that the study makes."""

import re

import pytest
import yaml


@pytest.fixture
def readme(pytestconfig) -> str:
    """Text of results/README.md."""
    return (pytestconfig.rootpath / "results/README.md").read_text(encoding="utf-8")


def test_every_table_is_named(pytestconfig, readme):
    tables = yaml.safe_load((pytestconfig.rootpath / "workflow/schemas/tables.yaml").read_text(encoding="utf-8"))
    assert set(re.findall(r"^\| `(\w+)\.parquet` \|", readme, re.MULTILINE)) == set(tables)


def test_every_figure_is_named(pytestconfig, readme):
    rules = (pytestconfig.rootpath / "workflow/rules/figures.smk").read_text(encoding="utf-8")
    _, figures = readme.split("## Figures")
    drawn = set(re.findall(r'^    "(\w+)": \($', rules, re.MULTILINE))
    assert len(drawn) > 20
    assert set(re.findall(r"^\| `(\w+)` \|", figures, re.MULTILINE)) == drawn
