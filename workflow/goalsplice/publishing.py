"""The few numbers of the study that README.md shows, as CSV files beside it and as Markdown in it."""

import pandas as pd

from goalsplice.errors import StudyError
from goalsplice.measure.phases import MEASURES
from goalsplice.measure.statistics import over_seeds

START, END = "<!-- results: made by `snakemake publish` -->", "<!-- end of results -->"
EVERYTHING = "layer1+layer2+layer3+layer4"

_SPLICES = {
    "none": "nothing (floor)",
    "layer1": "layer 1",
    "layer2": "layer 2",
    "layer3": "layer 3",
    "layer4": "layer 4",
    "layer2+layer3+layer4": "layers 2, 3 and 4",
    "layer1+layer2": "layers 1 and 2",
    EVERYTHING: "whole actor (ceiling)",
}
"""Splices in README's table, and how they are called there."""


def shares_by_seed(splices: pd.DataFrame) -> pd.DataFrame:
    """For each arm, set of layers and seed, the share of episodes that take the donor's colour.

    Args:
        splices: the splices table.

    Returns:
        arm, edit, seed, share: the mean over the seed's pairs of checkpoints and both directions.
    """
    splices = splices[(splices["family"] == "layers") & (splices["control"] == "none")]
    shares = splices.assign(
        share=[row[f"share_{row['donor_objective']}"] for row in splices.to_dict("records")],
    )
    return shares.groupby(["arm", "edit", "seed"], sort=False, as_index=False)["share"].mean()


def shares_over_seeds(shares: pd.DataFrame) -> pd.DataFrame:
    """Statistics of `shares_by_seed`: arm, edit, seeds, interquartile_mean, low, high (95 % bootstrap interval)."""
    rows = []
    for (arm, edit), values in shares.groupby(["arm", "edit"], sort=False)["share"]:
        interval = over_seeds(values.to_numpy())
        rows.append(
            {
                "arm": arm,
                "edit": edit,
                "seeds": len(values),
                "interquartile_mean": interval.estimate,
                "low": interval.low,
                "high": interval.high,
            }
        )
    return pd.DataFrame(rows)


def _cell(row: pd.Series, digits: int) -> str:
    return f"{row['interquartile_mean']:.{digits}f} [{row['low']:.{digits}f}, {row['high']:.{digits}f}]"


def _markdown(header: list[str], rows: list[list[str]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def results_text(summary: pd.DataFrame, shares: pd.DataFrame) -> str:
    """The two tables of README.md.

    Args:
        summary: the summary table.
        shares: what `shares_over_seeds` gives.
    """
    arms = list(summary["arm"].unique())
    seeds = int(summary["seeds"].max())
    learning = []
    for measure in MEASURES:
        rows = summary[summary["measure"] == measure.name].set_index("arm")
        digits = {"return": 3, "share": 3}.get(measure.unit, 1)
        learning.append(
            [
                measure.meaning,
                *(_cell(rows.loc[arm], digits) for arm in arms),
                f"{rows['published'].iloc[0]:.{digits}f}",
            ]
        )
    splices = [
        [label, *(_cell(shares.set_index(["arm", "edit"]).loc[(arm, edit)], 2) for arm in arms)]
        for edit, label in _SPLICES.items()
    ]
    names = [f"`{arm}`" for arm in arms]
    return (
        f"Interquartile mean over {seeds} seeds [95 % bootstrap interval]; the author's run is one seed.\n\n"
        + _markdown(["how it learns", *names, "the author's run"], learning)
        + "\n\n"
        + _markdown(["taken from the donor: share of episodes with the donor's colour", *names], splices)
    )


def with_results(page: str, text: str) -> str:
    """`page` with `text` between the marks that README.md has for it.

    Raises:
        StudyError: the marks are not there.
    """
    before, start, rest = page.partition(START)
    _, end, after = rest.partition(END)
    if not (start and end):
        raise StudyError(f"README.md lacks the marks '{START}' and '{END}'; restore them")
    return f"{before}{start}\n{text}\n{end}{after}"
