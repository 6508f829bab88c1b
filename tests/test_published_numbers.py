"""What the pages on results quote stands in a published table, to the last digit."""

import re
from functools import cache

import pandas as pd
import pytest
from pandas.api.types import is_numeric_dtype
from study import ROOT

QUOTE = re.compile(r"[-+]?\d+(?:\.\d+)?\s\[[-+]?\d+(?:\.\d+)?,\s[-+]?\d+(?:\.\d+)?\]")
"""An estimate with its interval: `0.84 [0.81, 0.87]`, perhaps with a line's end in it."""
NEGATIVE_ZERO = re.compile(r"-(0(?:\.0+)?)(?=[\s,\]])")
MIDDLE = {"": ("interquartile_mean", "recovery"), "control": ("control_recovery",)}
"""Columns of estimates whose interval's columns are not named after them."""


def estimates(table: pd.DataFrame):
    """Triples of an estimate and its interval, for each row and each such triple of columns."""
    for low in [column for column in table if column == "low" or column.endswith("_low")]:
        stem = low.removesuffix("low").rstrip("_")
        high = f"{low.removesuffix('low')}high"
        for middle in MIDDLE.get(stem, (stem,)):
            if middle in table and all(is_numeric_dtype(table[column]) for column in (middle, low, high)):
                yield from table[[middle, low, high]].dropna().itertuples(index=False)


def written(triple, factor: int, digits: int) -> str:
    return NEGATIVE_ZERO.sub(r"\1", "{} [{}, {}]".format(*(f"{factor * value:.{digits}f}" for value in triple)))


@cache
def published() -> set[str]:
    """All estimates of the published tables as a page may write them, as numbers and in per cent."""
    tables = [path for path in sorted((ROOT / "docs/results").glob("*.csv")) if path.stem != "ablations"]
    return {
        written(triple, factor, digits)
        for path in tables
        for triple in estimates(pd.read_csv(path))
        for factor in (1, 100)
        for digits in range(4)
    }


@pytest.mark.parametrize(("page", "least"), [("README.md", 30), ("docs/goal.md", 100), ("docs/retargeting.md", 30)])
def test_every_estimate_with_an_interval_is_in_a_published_table(page, least):
    quoted = QUOTE.findall((ROOT / page).read_text(encoding="utf-8"))
    assert len(quoted) >= least
    assert not {NEGATIVE_ZERO.sub(r"\1", re.sub(r"\s", " ", quote)) for quote in quoted} - published()
