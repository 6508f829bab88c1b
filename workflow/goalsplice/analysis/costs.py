"""Time and memory of the study's jobs, from the records that Snakemake's `benchmark:` directive leaves."""

import re
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from goalsplice.io.errors import StudyError

RECORDED = {"s": "seconds", "cpu_time": "cpu_seconds", "max_rss": "peak_memory", "mean_load": "mean_load"}
"""Snakemake's columns that the study keeps, and its own names for them."""

_JOB = re.compile(r"(?:^|/)benchmarks/(?P<stage>\w+)(?:/arm=(?P<arm>[^/]+)/seed=(?P<seed>\d+))?\.tsv$")


class Job(NamedTuple):
    """What a job did: its stage, and the run it did it for; arm and seed are None if it serves all runs."""

    stage: str
    arm: str | None
    seed: int | None


def job_of(path: str | Path) -> Job:
    """The job whose record is at `path`: benchmarks/<stage>/arm=<arm>/seed=<seed>.tsv or benchmarks/<stage>.tsv.

    Raises:
        StudyError: the path has another form.
    """
    match = _JOB.search(Path(path).as_posix())
    if match is None:
        raise StudyError(
            f"{path} does not say whose record it is; name it benchmarks/<stage>/arm=<arm>/seed=<seed>.tsv"
            " or benchmarks/<stage>.tsv"
        )
    seed = match["seed"]
    return Job(match["stage"], match["arm"], None if seed is None else int(seed))


def job_costs(record: pd.DataFrame, path: str | Path) -> dict[str, float]:
    """What one job cost: seconds (wall clock), cpu_seconds, peak_memory (MiB) and mean_load (% of a core).

    Memory and load are NaN for a job that ended before Snakemake looked at it.

    Args:
        record: the content of its record, one row with Snakemake's columns.
        path: where that was read, for errors.

    Raises:
        StudyError: a column or the row is missing, there are several rows, or a value is not a number.
    """
    for column in RECORDED:
        if column not in record:
            raise StudyError(f"{path} lacks the column {column}; delete it and run snakemake again")
    if len(record) != 1:
        raise StudyError(f"{path} has {len(record)} rows in place of one; delete it and run snakemake again")
    try:
        costs = {ours: float(record[theirs].iloc[0]) for theirs, ours in RECORDED.items()}
    except ValueError as error:
        raise StudyError(f"{path} has a value that is no number ({error}); delete it and run snakemake again") from None
    if not costs["seconds"] > 0:
        raise StudyError(f"{path} has no wall-clock time; delete it and run snakemake again")
    return costs


def costs_by_stage(jobs: pd.DataFrame) -> pd.DataFrame:
    """The jobs' costs by stage and arm, in the order of the table.

    Args:
        jobs: the benchmarks table, or its columns stage, arm, seconds and peak_memory.

    Returns:
        One row for each stage and arm: stage, arm (missing for jobs that serve all runs), jobs, lowest, median and
        highest seconds, median_memory and peak_memory (MiB), total_seconds, and seconds_share, the total's part of all
        jobs' seconds; stage_seconds and stage_seconds_share are the same of all arms together.
    """
    grouped = jobs.groupby(["stage", "arm"], sort=False, dropna=False)
    costs = grouped.agg(
        jobs=("seconds", "size"),
        lowest=("seconds", "min"),
        median=("seconds", "median"),
        highest=("seconds", "max"),
        median_memory=("peak_memory", "median"),
        peak_memory=("peak_memory", "max"),
        total_seconds=("seconds", "sum"),
    ).reset_index()
    everything = costs["total_seconds"].sum()
    stage_seconds = costs.groupby("stage")["total_seconds"].transform("sum")
    return costs.assign(
        seconds_share=costs["total_seconds"] / everything,
        stage_seconds=stage_seconds,
        stage_seconds_share=stage_seconds / everything,
    )
