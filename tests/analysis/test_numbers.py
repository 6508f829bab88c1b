"""Numbers of pages: names, rows and how they are written."""

import pandas as pd
import pytest
from study import ROOT

from goalsplice.analysis.numbers import Published, is_published, written
from goalsplice.cli.fill_pages import described
from goalsplice.io.errors import StudyError
from goalsplice.settings.registry import load, read

GROUP = {
    "table": "effects",
    "parts": ["arm"],
    "where": {"control": "no_control", "dose": ""},
    "variant": "control",
    "controls": ["gaussian", "permuted"],
    "called": {"permuted": "values in another order"},
    "rows": {"layer": {"edit": "layer1"}, "few": {"edit": "weights", "dose": 0.03}, "none": {"edit": "no such"}},
    "shows": {
        "recovery": {"columns": ["value", "low", "high"]},
        "percent": {"columns": ["value", "low", "high"], "digits": 1, "percent": True},
        "edit": {"columns": ["edit"], "text": True},
    },
}
ROWS = [
    ("first", "layer1", "", "no_control", "0.7827", "0.6987", "0.8394"),
    ("first", "layer1", "", "gaussian", "-0.004", "-0.0041", "0.1"),
    ("first", "layer1", "", "permuted", "0.25", "", ""),
    ("first", "layer1", "", "twice as good", "0.9", "0.8", "1"),
    ("first", "weights", "0.03", "no_control", "0.5", "0.4", "0.6"),
    ("second", "layer1", "", "no_control", "1", "1", "1"),
    ("second", "layer1", "", "no_control", "1", "1", "1"),
    ("third", "layer1", "", "no_control", "", "", ""),
]


@pytest.fixture
def published() -> Published:
    frame = pd.DataFrame(ROWS, columns=["arm", "edit", "dose", "control", "value", "low", "high"])
    return Published({"got": GROUP}, {"effects": frame}, {"measures": {"threshold": 0.8, "share": 0.005}})


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("got.first.layer", "0.78 [0.70, 0.84]"),
        ("got.first.layer bare", "0.78"),
        ("got.first.layer:percent", "78.3 % [69.9, 83.9]"),
        ("got.first.layer:percent bare", "78.3 %"),
        ("got.first.few:edit", "weights"),
        ("got.first.few", "0.50 [0.40, 0.60]"),
        ("got.first.layer/gaussian", "0.00 [0.00, 0.10]"),
        ("got.first.layer/strongest", "0.25 (values in another order)"),
        ("config.measures.threshold", "0.8"),
        ("config.measures.share:percent", "0.5 %"),
    ],
)
def test_a_number_is_written_as_its_show_says(published, name, text):
    assert written(name, published) == text


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("got first", "is no name of a number"),
        ("missing.first.layer", "which docs/numbers.yaml does not have"),
        ("got.first.unknown", "names the row 'unknown'"),
        ("got.layer", "has 1 parts after its group's name, which takes: arm, row"),
        ("got.first.none", "fits 0 rows of docs/results/effects.csv"),
        ("got.second.layer", "fits 2 rows of docs/results/effects.csv"),
        ("got.first.layer:norm", "its group shows recovery, percent, edit"),
        ("got.first.few/strongest", "has no control"),
        ("config.measures.missing", "is no key of config.yaml"),
        ("config.measures.threshold:norm", "shown as it is, or as 'percent'"),
    ],
)
def test_a_name_without_a_row_is_one_sentence(published, name, said):
    with pytest.raises(StudyError, match=said) as error:
        written(name, published)
    assert "\n" not in str(error.value)


def test_a_table_that_is_not_there_is_one_sentence(published):
    with pytest.raises(StudyError, match=r"docs/results/effects\.csv, which is not there"):
        written("got.first.layer", published._replace(tables={}))
    without = {"effects": published.tables["effects"].drop(columns="dose")}
    with pytest.raises(StudyError, match="asks for the column 'dose'"):
        written("got.first.layer", published._replace(tables=without))
    without = {"effects": published.tables["effects"].drop(columns="low")}
    with pytest.raises(StudyError, match="asks for the column 'low'"):
        written("got.first.layer", published._replace(tables=without))


def test_an_empty_cell_is_not_published(published):
    found = {name: is_published(f"got.{name}", published) for name in ("first.layer", "first.none", "third.layer")}
    assert found == {"first.layer": True, "first.none": False, "third.layer": False}
    assert not is_published("got.first.layer/permuted", published), "its interval is missing"


def test_columns_that_pages_quote_are_columns_of_the_study():
    """So that a renamed column is found before the study has run."""
    groups, schemas = described(ROOT)["numbers"], load(ROOT / "workflow/schemas/tables.yaml")
    tables, own = read(ROOT).tables, {"tuning": "retargeting_effects"}
    for name, group in groups.items():
        table = own.get(group["table"], group["table"])
        if table == "earlier_studies":
            continue
        over_seeds = tables[table].published == "over_seeds"
        found = set(schemas[f"{table}_over_seeds" if over_seeds else table]["columns"])
        known = {"interquartile_mean" if over_seeds and column == "value" else column for column in found}
        quoted = {column for show in group["shows"].values() for column in show["columns"]}
        quoted |= {*group["parts"], *group.get("where", {}), *filter(None, [group.get("variant")])}
        quoted |= {column for row in group.get("rows", {}).values() for column in row}
        assert quoted <= known, f"{name}: {quoted - known}"
