"""The study's tables, held to `workflow/schemas/tables.yaml`."""

from collections.abc import Iterable
from pathlib import Path

import pandas as pd
import pyarrow as pa
import yaml

from goalsplice.io.errors import StudyError
from goalsplice.io.frames import expanded, write_arrow


def table_schema(schemas: str | Path, table: str, there: Iterable[str] = ()) -> pa.Schema:
    """Arrow schema of a table, its units and meanings in the fields' metadata.

    Args:
        schemas: path of tables.yaml.
        table: name of one of its tables.
        there: columns that the table has, which say for which colours it has some.
    """
    described = yaml.safe_load(Path(schemas).read_text(encoding="utf-8"))[table]
    columns = expanded(described["columns"], there)
    fields = [
        pa.field(name, column["type"], metadata={"unit": column["unit"], "meaning": column["meaning"]})
        for said, column in described["columns"].items()
        for name in columns[said]
    ]
    return pa.schema(fields, metadata={"description": described["description"]})


def check_columns(frame: pd.DataFrame, columns: list[str], what: str, schemas: str | Path) -> None:
    """Check that `frame`, called `what`, has exactly these columns.

    Raises:
        StudyError: a column is missing, or is not in the schema.
    """
    for fault, names in (
        ("lacks the column", [name for name in columns if name not in frame]),
        ("has a column that the schema does not know,", [name for name in frame if name not in columns]),
    ):
        if names:
            raise StudyError(f"{what} {fault} {names[0]}; {schemas} says which columns it has")


def write_table(path: str | Path, frame: pd.DataFrame, schemas: str | Path, table: str) -> None:
    """Write `frame` as the study's table of that name, its columns in the schema's order.

    Raises:
        StudyError: a column is missing, is not in the schema, or has values of another type.
    """
    schema = table_schema(schemas, table, frame)
    check_columns(frame, schema.names, f"the {table} table", schemas)
    try:
        arrow = pa.Table.from_pandas(frame, schema=schema, preserve_index=False)
    except pa.ArrowException as error:
        raise StudyError(f"the {table} table does not fit {schemas}: {str(error).splitlines()[0]}") from error
    write_arrow(path, arrow)
