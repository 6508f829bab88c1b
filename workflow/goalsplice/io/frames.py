"""Data frames as Parquet files whose damage is told.

A file's schema metadata holds, under one key, the SHA-256 of each column's content, the number of rows, what made it
(`io/provenance.py`), and a SHA-256 of these together with the columns' types and all other metadata. So reading some
columns checks these alone.

Parquet's own checksums of pages are written and checked too; they do not cover the footer, and find damage before it
is decompressed.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from itertools import chain
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from goalsplice.io.errors import StudyError
from goalsplice.io.files import damaged, decoding, replacing
from goalsplice.io.provenance import check_run, current, digest, note_input
from goalsplice.settings.colours import COLOURS

_KEY = b"goalsplice"
_COLOUR = "<colour>"


def expanded(names: Iterable[str], there: Iterable[str]) -> dict[str, list[str]]:
    """The columns that each name of a schema stands for.

    A name with `<colour>` in it stands for the columns of all colours, in the order in which a table has them; any
    other name for itself.

    Args:
        names: of the schema.
        there: the table's columns.
    """
    there, found = list(there), {}
    for name in names:
        pattern = re.escape(name).replace(re.escape(_COLOUR), f"({'|'.join(COLOURS)})")
        found[name] = [column for column in there if re.fullmatch(pattern, column)] if _COLOUR in name else [name]
    return found


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
    found = hashlib.sha256(f"{_plain_type(column.type)}\0{len(column)}\0".encode())
    kind = column.type
    if pa.types.is_null(kind):
        return found.hexdigest()
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        kind = pa.large_string()
    elif not (pa.types.is_boolean(kind) or pa.types.is_integer(kind) or pa.types.is_floating(kind)):
        raise TypeError(f"no digest is defined for a column of type {column.type}")
    values = (
        pa.concat_arrays([chunk.cast(kind) for chunk in column.chunks]) if column.num_chunks else pa.array([], kind)
    )
    found.update(values.is_null().cast(pa.uint8()).to_numpy())
    if kind == pa.large_string():
        filled = values.fill_null("")
        found.update(pc.binary_length(filled).to_numpy())
        offsets = np.frombuffer(filled.buffers()[1], dtype=np.int64)[filled.offset : filled.offset + len(filled) + 1]
        if len(filled):
            found.update((filled.buffers()[2] or b"")[offsets[0] : offsets[-1]])
        return found.hexdigest()
    numbers = values.cast(pa.uint8()) if pa.types.is_boolean(kind) else values
    array = numbers.fill_null(0).to_numpy()
    if np.issubdtype(array.dtype, np.floating):
        array = np.where(np.isnan(array), array.dtype.type(np.nan), array)
    found.update(np.ascontiguousarray(array).data)
    return found.hexdigest()


def _content_digest(schema: pa.Schema, digests: Mapping) -> str:
    """SHA-256 of all but the values: names, types, metadata, the columns' digests, how many rows, of which run."""

    def pairs(metadata: Mapping[bytes, bytes] | None) -> list[tuple[str, str]]:
        found = sorted((metadata or {}).items())
        # Parquet numbers the fields itself.
        return [(k.hex(), v.hex()) for k, v in found if k != _KEY and not k.startswith(b"PARQUET:")]

    fields = [(field.name, _plain_type(field.type), pairs(field.metadata)) for field in schema]
    run = [digests["made"].get(key) for key in ("arm", "seed", "recipe")]
    return digest([fields, pairs(schema.metadata), digests["columns"], digests["rows"], run])


def write_arrow(path: str | Path, table: pa.Table) -> None:
    """Write a table with its digests and what made it. All Parquet files of the study are written here."""
    columns = {name: column_digest(column) for name, column in zip(table.column_names, table.columns, strict=True)}
    digests = {"columns": columns, "rows": table.num_rows, "made": current(path)}
    digests["content"] = _content_digest(table.schema, digests)
    digests["sha256"] = digest(digests)
    described = table.replace_schema_metadata({**(table.schema.metadata or {}), _KEY: json.dumps(digests)})
    with replacing(path) as aside, aside.open("wb") as file:
        pq.write_table(described, file, write_page_checksum=True)


def write_frame(path: str | Path, frame: pd.DataFrame) -> None:
    """Write a frame as it is. A run's frames are held to the schema when runs are combined (`io/tables.py`)."""
    write_arrow(path, pa.Table.from_pandas(frame, preserve_index=False))


def read_frame(path: str | Path, columns: list[str] | None = None, **expected: object) -> pd.DataFrame:
    """Read a table that `write_arrow` wrote, or some of its columns, and check what is read against its digests.

    Args:
        path: the file.
        columns: those to read, as `expanded` takes them; all by default.
        expected: the run that it is to be of, such as `arm="onehot", seed=99`.

    Raises:
        StudyError: the file is missing, damaged, of another run, or not of this study, or lacks a column.
    """
    path = Path(path)
    if not path.exists():
        raise StudyError(f"there is no table {path}; make it with snakemake")
    with path.open("rb") as content, decoding(path):
        # ParquetFile reads this one file; pq.read_table would add columns from folders named arm=... and seed=....
        file = pq.ParquetFile(content, page_checksum_verification=True)
        schema = file.schema_arrow
        digests = _digests(path, schema, file.metadata.num_rows)
        check_run(path, digests["made"], **expected)
        columns = columns and list(chain.from_iterable(expanded(columns, schema.names).values()))
        missing = [column for column in columns or [] if column not in schema.names]
        if missing:
            raise StudyError(f"{path} lacks the column {missing[0]}; delete it and run snakemake again")
        table = file.read(columns=columns)
        for name, column in zip(table.column_names, table.columns, strict=True):
            if column_digest(column) != digests["columns"][name]:
                raise damaged(path, f"the column {name} does not have the digest that it was written with")
        note_input(path, digests["content"])
        # A file holds the metadata twice, and `schema` and `table` may take them from different places.
        return table.replace_schema_metadata(schema.metadata).to_pandas()


def _digests(path: Path, schema: pa.Schema, rows: int) -> dict:
    """A file's digests by column (`columns`), of its content, and what made it, which its own digest covers."""
    found = (schema.metadata or {}).get(_KEY)
    if found is None:
        # Zeros in a footer end it early, and leave a table without rows or metadata.
        raise damaged(path, "it has no digests, so this study did not write it")
    digests: dict = json.loads(found)
    whole = {key: value for key, value in digests.items() if key != "sha256"}
    if (
        digests["rows"] != rows
        or digests["sha256"] != digest(whole)
        or digests["content"] != _content_digest(schema, digests)
    ):
        raise damaged(path, "its columns or its metadata do not have the digest that they were written with")
    return digests
