"""Data frames as Parquet files."""

from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from goalsplice.errors import StudyError
from goalsplice.files import replacing


def write_frame(path: str | Path, frame: pd.DataFrame) -> None:
    """Write a frame as it is. A run's frames are held to the schema when runs are combined (`measure/tables.py`)."""
    with replacing(path) as aside:
        pq.write_table(pa.Table.from_pandas(frame, preserve_index=False), aside)


def read_frame(path: str | Path, columns: list[str] | None = None) -> pd.DataFrame:
    """Read a Parquet table, or some of its columns.

    Raises:
        StudyError: the file is missing or damaged, or lacks a column.
    """
    path = Path(path)
    if not path.exists():
        raise StudyError(f"there is no table {path}; make it with snakemake")
    try:
        found = pq.read_schema(path).names
        missing = [column for column in columns or [] if column not in found]
        if missing:
            raise StudyError(f"{path} lacks the column {missing[0]}; delete it and run snakemake again")
        # ParquetFile reads this one file; pq.read_table would add columns from folders named arm=... and seed=....
        return pq.ParquetFile(path).read(columns=columns).to_pandas()
    except (pa.ArrowException, OSError) as error:
        detail = str(error).splitlines()[0]
        raise StudyError(f"{path} is not a whole Parquet file ({detail}); delete it and run snakemake again") from error
