"""Data frames as Parquet files whose damage is told.

A file's schema metadata holds, under one key, the SHA-256 of each column's content, the number of rows, and a SHA-256
of these together with the columns' types and all other metadata. So reading some columns checks these alone.

Parquet's own checksums of pages are written and checked too; they do not cover the footer, and find damage before it
is decompressed.
"""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from goalsplice.errors import StudyError
from goalsplice.files import damaged, decoding, replacing

_KEY = b"goalsplice"


def _plain_type(kind: pa.DataType) -> str:
    """A type's name without how it is stored, which a Parquet file may change: large strings, dictionaries' indices."""
    if pa.types.is_dictionary(kind):
        return f"{'ordered ' if kind.ordered else ''}categories of {_plain_type(kind.value_type)}"
    return "string" if pa.types.is_large_string(kind) else str(kind)


def column_digest(column: pa.ChunkedArray) -> str:
    """SHA-256, hexadecimal, of a column's type, values and nulls, however it is encoded and divided into chunks.

    All NaN are one. What lies below a null does not count.

    Raises:
        TypeError: the column is not of booleans, numbers, strings, categories of these, or nothing but nulls.
    """
    digest = hashlib.sha256(f"{_plain_type(column.type)}\0{len(column)}\0".encode())
    kind = column.type
    if pa.types.is_null(kind):
        return digest.hexdigest()
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        kind = pa.large_string()
    elif not (pa.types.is_boolean(kind) or pa.types.is_integer(kind) or pa.types.is_floating(kind)):
        raise TypeError(f"no digest is defined for a column of type {column.type}")
    values = (
        pa.concat_arrays([chunk.cast(kind) for chunk in column.chunks]) if column.num_chunks else pa.array([], kind)
    )
    digest.update(values.is_null().cast(pa.uint8()).to_numpy())
    if kind == pa.large_string():
        filled = values.fill_null("")
        digest.update(pc.binary_length(filled).to_numpy())
        offsets = np.frombuffer(filled.buffers()[1], dtype=np.int64)[filled.offset : filled.offset + len(filled) + 1]
        if len(filled):
            digest.update((filled.buffers()[2] or b"")[offsets[0] : offsets[-1]])
        return digest.hexdigest()
    numbers = values.cast(pa.uint8()) if pa.types.is_boolean(kind) else values
    array = numbers.fill_null(0).to_numpy()
    if np.issubdtype(array.dtype, np.floating):
        array = np.where(np.isnan(array), array.dtype.type(np.nan), array)
    digest.update(np.ascontiguousarray(array))
    return digest.hexdigest()


def _frame_digest(schema: pa.Schema, columns: Mapping[str, str], rows: int) -> str:
    """SHA-256 of all but the values: names, types, metadata, the columns' digests, how many rows."""

    def told(metadata: Mapping[bytes, bytes] | None) -> list[tuple[str, str]]:
        found = sorted((metadata or {}).items())
        # Parquet numbers the fields itself.
        return [(k.hex(), v.hex()) for k, v in found if k != _KEY and not k.startswith(b"PARQUET:")]

    fields = [(field.name, _plain_type(field.type), told(field.metadata)) for field in schema]
    content = json.dumps([fields, told(schema.metadata), columns, rows])
    return hashlib.sha256(content.encode()).hexdigest()


def write_arrow(path: str | Path, table: pa.Table) -> None:
    """Write a table with its digests. All Parquet files of the study are written here."""
    columns = {name: column_digest(column) for name, column in zip(table.column_names, table.columns, strict=True)}
    digests = {"columns": columns, "rows": table.num_rows}
    digests["sha256"] = _frame_digest(table.schema, columns, table.num_rows)
    described = table.replace_schema_metadata({**(table.schema.metadata or {}), _KEY: json.dumps(digests)})
    with replacing(path) as aside, aside.open("wb") as file:
        pq.write_table(described, file, write_page_checksum=True)


def write_frame(path: str | Path, frame: pd.DataFrame) -> None:
    """Write a frame as it is. A run's frames are held to the schema when runs are combined (`measure/tables.py`)."""
    write_arrow(path, pa.Table.from_pandas(frame, preserve_index=False))


def read_frame(path: str | Path, columns: list[str] | None = None) -> pd.DataFrame:
    """Read a Parquet table, or some of its columns, and check what is read against its digests.

    Of a file that `write_arrow` wrote, what is returned is what was written, or the damage is told. A file that pandas
    or PyArrow wrote from a frame has no digests; of its damage only that is told which the format shows.

    Raises:
        StudyError: the file is missing or damaged, or lacks a column.
    """
    path = Path(path)
    if not path.exists():
        raise StudyError(f"there is no table {path}; make it with snakemake")
    with path.open("rb") as content, decoding(path):
        # ParquetFile reads this one file; pq.read_table would add columns from folders named arm=... and seed=....
        file = pq.ParquetFile(content, page_checksum_verification=True)
        schema = file.schema_arrow
        digests = _checked_digests(path, schema, file.metadata.num_rows)
        missing = [column for column in columns or [] if column not in schema.names]
        if missing:
            raise StudyError(f"{path} lacks the column {missing[0]}; delete it and run snakemake again")
        table = file.read(columns=columns)
        if digests is not None:
            for name, column in zip(table.column_names, table.columns, strict=True):
                if column_digest(column) != digests[name]:
                    raise damaged(path, f"the column {name} does not have the digest that it was written with")
        # A file holds the metadata twice, and `schema` and `table` may take them from different places.
        return table.replace_schema_metadata(schema.metadata).to_pandas()


def _checked_digests(path: Path, schema: pa.Schema, rows: int) -> dict[str, str] | None:
    """Digests of a file's columns by name, whose own digest is right; None if pandas wrote the file without any."""
    found = (schema.metadata or {}).get(_KEY)
    if found is None:
        if b"pandas" not in (schema.metadata or {}):
            # Zeros in a footer end it early, and leave a table without rows or metadata.
            raise damaged(path, "it has neither digests nor pandas' description of its columns")
        return None
    digests = json.loads(found)
    if digests["rows"] != rows or digests["sha256"] != _frame_digest(schema, digests["columns"], rows):
        raise damaged(path, "its columns or its metadata do not have the digest that they were written with")
    return digests["columns"]
