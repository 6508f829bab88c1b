"""The page on tables is the schema's, and the schema describes every column."""

import pyarrow as pa
import pytest
import yaml

from goalsplice.cli.document_tables import page
from goalsplice.io.tables import table_schema

REMAKE = (
    "python -m goalsplice.cli.document_tables --schemas workflow/schemas/tables.yaml --output docs/tables.md"
    " makes it anew"
)


@pytest.fixture
def path(pytestconfig):
    return pytestconfig.rootpath / "workflow/schemas/tables.yaml"


@pytest.fixture
def schemas(path) -> dict:
    """Content of tables.yaml."""
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def test_the_page_is_the_schemas(pytestconfig, schemas):
    found = (pytestconfig.rootpath / "docs/tables.md").read_text(encoding="utf-8")
    assert found == page(schemas), f"docs/tables.md is not what the schema says; {REMAKE}"


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
        assert table_schema(path, table).names == list(described["columns"])


def test_a_bar_in_a_meaning_stays_in_its_cell():
    schemas = {"t": {"description": "Rows.", "columns": {"x": {"type": "int64", "unit": "", "meaning": "a | b"}}}}
    assert page(schemas).endswith(
        "## t\n\nRows.\n\n| column | type | unit | meaning |\n|---|---|---|---|\n| `x` | int64 |  | a \\| b |\n"
    )
