"""Pages and the SLURM profile are what registry and schema say, and the schema describes every column."""

import re

import pyarrow as pa
import pytest
import yaml
from study import ROOT

from goalsplice.cli.document import PROFILE, RESULTS, TABLES, operating_page, results_page, slurm_profile, tables_page
from goalsplice.io.errors import StudyError
from goalsplice.io.tables import table_schema
from goalsplice.settings import registry
from goalsplice.settings.registry import Figure, Registry, Rule, Table

REMAKE = "python -m goalsplice.cli.document makes it anew"
SMALL = Registry(
    {
        "looks": Table("look", "run"),
        "means": Table("average", "study"),
        "ablation_looks": Table("look", "ablation_run"),
    },
    {
        "picture": Figure("Goals", "A picture", "what is seen | heard", ["means"]),
        "other": Figure("Ablations", "Another", "what is not", ["ablation_looks"]),
    },
    {
        "look": Rule("run", "tests", runtime=3, mem_mb=500),
        "average": Rule(None, "tables", runtime=1),
        "train": Rule("run"),
        "draw": Rule(None, "figures", runtime=2),
    },
)
COLUMN = {"type": "int64", "unit": "", "meaning": "a | b"}
SCHEMA = {name: {"description": f"Rows of {name}.", "columns": {"x": COLUMN}} for name in SMALL.tables}


@pytest.fixture
def path():
    return ROOT / "workflow/schemas/tables.yaml"


@pytest.fixture
def schemas(path) -> dict:
    """Content of tables.yaml."""
    return yaml.safe_load(path.read_text(encoding="utf-8"))


@pytest.fixture
def known() -> Registry:
    """The project's registry."""
    return registry.read(ROOT)


def test_pages_and_profile_are_the_registrys(schemas, known):
    tables, results, profile = ((ROOT / place).read_text(encoding="utf-8") for place in (TABLES, RESULTS, PROFILE))
    assert tables == tables_page(schemas, known), f"{TABLES} is not what the schema says; {REMAKE}"
    assert results == results_page(results, schemas, known), f"{RESULTS} is not what the registry says; {REMAKE}"
    assert profile == slurm_profile(profile, known), f"{PROFILE} is not what the registry says; {REMAKE}"


def test_every_column_is_described(schemas):
    for table, described in schemas.items():
        assert described["description"].endswith("."), table
        for name, column in described["columns"].items():
            assert column.keys() == {"type", "unit", "meaning"}, f"{table}.{name}"
            assert column["meaning"], f"{table}.{name}"
            assert isinstance(column["unit"], str), f"{table}.{name}"


def test_types_are_arrows(path, schemas):
    for table, described in schemas.items():
        for name, column in described["columns"].items():
            assert isinstance(pa.type_for_alias(column["type"]), pa.DataType), f"{table}.{name}"
        columns = [name.replace("<colour>", "blue") for name in described["columns"]]
        assert table_schema(path, table, columns).names == columns


def test_a_table_of_each_run_is_named_as_such_and_a_bar_stays_in_its_cell():
    page = tables_page(SCHEMA, SMALL)
    assert "These files exist for `looks`, and in the ablations for `looks`." in " ".join(page.split())
    assert "## means\n\nRows of means.\n\n| column | type | unit | meaning |\n|---|---|---|---|\n" in page
    assert page.endswith("| `x` | int64 |  | a \\| b |\n")


def test_results_lists_what_the_study_makes_apart_from_what_the_ablations_make():
    marks = re.findall("<!-- .*? -->", (ROOT / RESULTS).read_text(encoding="utf-8"))
    page = results_page("before\n{}\nold\n{}\nafter\n".format(*marks), SCHEMA, SMALL)
    assert page.startswith("before\n")
    assert page.endswith("after\n")
    names = re.findall(r"^\| \[?`(\w+)`", page, re.M)
    assert names == ["looks", "means", "ablation_looks", "picture", "other"]
    assert "| `picture` | what is seen \\| heard |" in page
    assert results_page(page, SCHEMA, SMALL) == page


def test_the_profile_has_each_rule_that_may_be_submitted_in_a_group():
    written = slurm_profile((ROOT / PROFILE).read_text(encoding="utf-8"), SMALL)
    profile = yaml.safe_load(written)
    drawn = {f"draw_{figure}": {"runtime": 2} for figure in SMALL.figures}
    assert profile["set-resources"] == {"look": {"mem_mb": 500, "runtime": 3}, "average": {"runtime": 1}, **drawn}
    assert profile["groups"] == {"look": "tests", "average": "tables", **dict.fromkeys(drawn, "figures")}
    assert profile["group-components"] == {"tests": 1, "tables": 1000, "figures": 1000}
    assert profile["executor"] == "slurm"


def test_the_rule_graph_is_the_same_however_snakemake_numbers_rules():
    page = "text\n```mermaid\nold\n```\nmore\n"
    printed = "flowchart TB\n\tid0[all]\n\tid1[b]\n\tid2[a]\n\tstyle id0 fill:#57D97A\n\tid1 --> id0\n\tid2 --> id0\n"
    found = operating_page(page, printed)
    assert found == "text\n```mermaid\nflowchart LR\n  a --> all\n  b --> all\n```\nmore\n"
    other = "flowchart TB\n\tid0[b]\n\tid1[all]\n\tid2[a]\n\tid2 --> id1\n\tid0 --> id1\n"
    assert operating_page(page, other) == found


def test_a_page_without_marks_is_refused():
    with pytest.raises(StudyError, match="lacks the line"):
        results_page("nothing here", SCHEMA, SMALL)
