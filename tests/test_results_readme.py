"""The page on results names every table and figure that the study makes."""

import ast
import re

import pytest
import yaml


@pytest.fixture
def readme(pytestconfig) -> str:
    """Text of results/README.md."""
    return (pytestconfig.rootpath / "results/README.md").read_text(encoding="utf-8")


def listed(rules: str, name: str) -> list:
    """The list that is called `name` in a file of rules."""
    return ast.literal_eval(re.search(rf"^{name} = (\[.*?\])$", rules, re.MULTILINE | re.DOTALL)[1])


def test_every_table_is_named(pytestconfig, readme):
    tables = yaml.safe_load((pytestconfig.rootpath / "workflow/schemas/tables.yaml").read_text(encoding="utf-8"))
    assert set(re.findall(r"^\| `(\w+)\.parquet` \|", readme, re.MULTILINE)) == set(tables)


def test_every_figure_is_named(pytestconfig, readme):
    rules = (pytestconfig.rootpath / "workflow/rules/common.smk").read_text(encoding="utf-8")
    _, figures = readme.split("## Figures")
    ablations = (pytestconfig.rootpath / "workflow/rules/ablations.smk").read_text(encoding="utf-8")
    of_ablations = ast.literal_eval(
        re.search(r"^ABLATION_FIGURES = (\{.*?^\})", ablations, re.MULTILINE | re.DOTALL)[1]
    )
    expected = {*listed(rules, "FIGURES"), *of_ablations}
    assert set(re.findall(r"^\| `(\w+)` \|", figures, re.MULTILINE)) == expected
