"""Gather the time and memory of the study's jobs."""

import argparse
from itertools import product

import pandas as pd

from goalsplice.analysis.costs import costs_by_stage, job_costs, job_of
from goalsplice.cli.common import parse
from goalsplice.io.errors import StudyError, run
from goalsplice.io.tables import write_table


def read_record(path: str) -> pd.DataFrame:
    """A job's record as Snakemake wrote it.

    Raises:
        StudyError: the file is missing or empty, or is no table.
    """
    try:
        return pd.read_csv(path, sep="\t")  # Snakemake writes NA for what it did not see, as pandas does
    except FileNotFoundError:
        raise StudyError(f"there is no record {path}; make it with snakemake") from None
    except (pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeDecodeError) as error:
        raise StudyError(f"{path} is not a whole record ({error}); delete it and run snakemake again") from error


def records_of(pattern: str, arms: list[str], seeds: list[int]) -> list[str]:
    """The files that a pattern stands for: each seed of each arm where it has {arm} and {seed}, else itself."""
    if "{seed}" not in pattern:
        return [pattern]
    return [pattern.replace("{arm}", arm).replace("{seed}", str(seed)) for arm, seed in product(arms, seeds)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--records",
        nargs="+",
        required=True,
        help="files of Snakemake's benchmark directive, in order; one with {arm} and {seed} stands for all runs'",
    )
    parser.add_argument("--arms", nargs="*", default=[])
    parser.add_argument("--seeds", type=int, nargs="*", default=[])
    parser.add_argument("--schemas", required=True, help="workflow/schemas/tables.yaml")
    parser.add_argument("--output", required=True, help="where the benchmarks table goes")
    parser.add_argument("--costs", required=True, help="where the costs table goes")
    options = parse(parser)
    paths = [path for pattern in options.records for path in records_of(pattern, options.arms, options.seeds)]
    jobs = pd.DataFrame([{**job_of(path)._asdict(), **job_costs(read_record(path), path)} for path in paths]).astype(
        {"seed": "Int64"}
    )
    write_table(options.output, jobs, options.schemas, "benchmarks")
    write_table(options.costs, costs_by_stage(jobs), options.schemas, "costs")


if __name__ == "__main__":
    run(main)
