"""Figures compute no statistics: what they draw of several runs is in a table."""

import ast
from pathlib import Path

import pytest

from goalsplice import figures

MODULES = sorted(Path(figures.__file__).parent.glob("*.py"))
COMPUTES = {
    *("mean", "average", "median", "mode", "std", "var", "sem", "quantile", "percentile", "describe", "trim_mean"),
    *("nanmean", "nanmedian", "nanstd", "nanvar", "nanquantile", "nanpercentile", "nansum", "sum", "fsum", "prod"),
    *("agg", "aggregate", "pivot_table", "transform", "cumsum", "cumprod", "corr", "cov", "rolling", "ewm"),
    *(
        "bootstrap",
        "permutation_test",
        "over_seeds",
        "interquartile_mean",
        "holm",
        "multipletests",
        "random",
        "default_rng",
    ),
}
"""Functions and methods that make one number of several, or that resample."""

MODULES_OF_STATISTICS = ("scipy", "statsmodels", "sklearn", "statistics", "goalsplice.analysis")

LAYOUT = {
    ("leaderboard", "sum"): "how many rows are above one, and heights of panels",
    ("perception", "sum"): "heights of panels",
    ("probes", "sum"): "heights of panels",
    ("retargeting_doses", "sum"): "heights of panels",
    ("transfer", "sum"): "heights of panels",
}
"""Sums that are of a figure's own measures: module, call and what it adds."""


def calls(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            function = node.func
            yield function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def imported(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def computed(path):
    return {(path.stem, name) for name in calls(ast.parse(path.read_text(encoding="utf-8"))) if name in COMPUTES}


def statistics(path):
    """Modules of statistics that a module imports, or something of them."""
    found = set(imported(ast.parse(path.read_text(encoding="utf-8"))))
    return [name for name in found if f"{name}.".startswith(tuple(f"{module}." for module in MODULES_OF_STATISTICS))]


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_a_figure_computes_nothing(path):
    assert computed(path) <= LAYOUT.keys()
    assert statistics(path) == []


def test_every_exception_is_needed():
    assert len(MODULES) > 25
    assert LAYOUT.keys() <= set().union(*map(computed, MODULES))


def test_the_search_finds_what_it_is_for(tmp_path):
    path = tmp_path / "bad.py"
    path.write_text("from scipy import stats\nvalues.groupby('seed').agg(np.mean)\nnp.nanmedian(values)\nsum(values)")
    assert computed(path) == {("bad", name) for name in ("agg", "nanmedian", "sum")}
    assert set(statistics(path)) == {"scipy", "scipy.stats"}
