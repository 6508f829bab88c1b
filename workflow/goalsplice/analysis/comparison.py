"""A study's own numbers beside the published ones: which lie outside the published intervals."""

import pandas as pd

TABLES = (
    *("summary", "edit_effects", "retargeting_effects", "transfer", "finetuning", "perception", "probes"),
    "weight_changes",
)
"""Published tables whose numbers have intervals over runs."""

BY_CHANCE = 1 / 6
"""Share of estimates outside, of a study that differs in its seeds alone. The difference of two estimates of equal
standard error is 2**0.5 as wide as one, and a normal number is beyond 1.96 / 2**0.5 of it in 16.6 % of cases."""

_NO_KEYS = ("agents", "unit", "meaning")


def _keys(frame: pd.DataFrame) -> list[str]:
    """Columns that say what a row is of."""
    return [name for name in frame.columns[: frame.columns.get_loc("seeds")] if name not in _NO_KEYS]


def _estimates(frame: pd.DataFrame) -> dict[str, tuple[str, str, str]]:
    """By name, the columns of an estimate and of the ends of its interval."""
    found = {name.removesuffix("_low"): name for name in frame if name.endswith("_low")}
    named = {name: (name, f"{name}_low", f"{name}_high") for name in found}
    return named | ({"": ("interquartile_mean", "low", "high")} if "low" in frame else {})


def compared(own: pd.DataFrame, published: pd.DataFrame) -> pd.DataFrame:
    """One row a number that both have: what it is, published estimate and interval, own ones, and `outside`.

    Args:
        own, published: a published table, each cell as the text that is in a CSV file.
    """
    keys = _keys(published)
    both = published.merge(own, on=keys, suffixes=("", " own"))
    parts = []
    for name, columns in _estimates(published).items():
        numbers = [pd.to_numeric(both[column + of]) for of in ("", " own") for column in columns]
        names = ("published", "published_low", "published_high", "own", "own_low", "own_high")
        part = pd.DataFrame(dict(zip(names, numbers, strict=True)))
        part.insert(0, "number", (both[keys].agg(", ".join, axis=1) + f", {name}").str.rstrip(", "))
        parts.append(part.dropna())
    found = pd.concat(parts, ignore_index=True)
    inside = found["own"].between(found["published_low"], found["published_high"])
    return found.assign(outside=~inside)


def by_table(numbers: pd.DataFrame) -> pd.DataFrame:
    """One row a table: how many numbers, how many outside, how many would be by chance."""
    groups = numbers.groupby("table", sort=False)["outside"]
    counts = pd.DataFrame({"numbers": groups.size(), "outside": groups.sum()})
    return counts.assign(by_chance=(counts["numbers"] * BY_CHANCE).round().astype(int))
