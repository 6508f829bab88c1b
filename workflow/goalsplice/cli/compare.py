"""Set a study's own numbers beside the published ones: for a GPU, another processor, or settings of one's own."""

import argparse
from pathlib import Path

import pandas as pd

from goalsplice.analysis.comparison import BY_CHANCE, TABLES, by_table, compared
from goalsplice.cli.common import parse
from goalsplice.cli.fill_pages import published
from goalsplice.cli.publish import as_published, write_csv
from goalsplice.io.errors import StudyError, run

_SHOWN = 20


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tables", type=Path, nargs="+", required=True, help="tables that are published as CSV files")
    parser.add_argument("--project", type=Path, required=True, help="where docs/results is")
    parser.add_argument("--output", type=Path, required=True, help="CSV file of all numbers")
    options = parse(parser)
    known, own = published(options.project).tables, as_published(options.tables)
    parts = [compared(own[name], known[name]).assign(table=name) for name in TABLES if name in own]
    numbers = pd.concat(parts, ignore_index=True)
    if numbers.empty:
        raise StudyError("none of these numbers is published: no arm, edit or measure is; keep an arm of config.yaml")
    write_csv(options.output, numbers[["table", *numbers.columns.drop("table")]])
    print(by_table(numbers).to_string())
    outside = numbers[numbers["outside"]]
    print(
        f"{len(outside)} of {len(numbers)} estimates lie outside the published intervals; of other seeds alone about "
        f"{BY_CHANCE * len(numbers):.0f} would. Many are of the same runs, so they do so together."
    )
    width = numbers["published_high"] - numbers["published_low"]
    distance = (numbers["own"] - numbers["published"]).abs() / width.where(width > 0)
    first = outside.loc[distance[outside.index].nlargest(_SHOWN).index]
    if len(first):
        print(f"Farthest out, by the interval's width ({options.output} has all):")
        print(first[["table", "number", "published", "published_low", "published_high", "own"]].to_string(index=False))


if __name__ == "__main__":
    run(main)
