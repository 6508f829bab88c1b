"""The report's first page sets this study's numbers beside the published ones."""

import base64
import re

import pytest
from study import ROOT

from goalsplice.analysis.first_page import is_outside, page, table
from goalsplice.cli.fill_pages import described, published

KNOWN, MAIN = published(ROOT), described(ROOT)["tables"]["main"]


@pytest.mark.parametrize(
    ("own", "known", "outside"),
    [
        ("0.95 [0.93, 0.96]", "0.94 [0.93, 0.95]", False),
        ("0.96 [0.95, 0.97]", "0.94 [0.93, 0.95]", True),
        ("98.3 % [96.4, 98.6]", "97.0 % [96.0, 98.0]", True),
        ("-0.02 [-0.1, 0.1]", "0.01 [-0.05, 0.05]", False),
        ("perception", "inconclusive", True),
        ("inconclusive", "inconclusive", False),
    ],
)
def test_what_lies_outside(own, known, outside):
    assert is_outside(own, known) == outside


def test_the_published_study_agrees_with_itself():
    text = table(MAIN, KNOWN, KNOWN)
    assert "outside" not in re.sub("<p>.*", "", text)
    assert f"0 of {4 * len(MAIN['rows'])} numbers" in text
    assert text.count("<tr>") == 1 + len(MAIN["rows"])


def test_an_arm_that_is_not_there_is_a_dash_and_a_moved_number_is_marked():
    summary = KNOWN.tables["summary"]
    own = summary[summary["arm"] == "onehot"].copy()
    own.loc[own["measure"] == "phase_end_return", "interquartile_mean"] = "0.5"
    text = table(MAIN, KNOWN._replace(tables={**KNOWN.tables, "summary": own}), KNOWN)
    assert text.count('class="outside"') == 1
    assert ">–<br>" in text
    assert f"1 of {4 * len(MAIN['rows'])} numbers" in text


def test_the_page_keeps_its_intro_and_embeds_pictures():
    text = page("Arms: {{ snakemake.config }}", "<table></table>", [("A & B", b"<svg/>")])
    assert text.startswith("Arms: {{ snakemake.config }}\n")
    assert "A &amp; B" in text
    assert "data:image/svg+xml;base64,PHN2Zy8+" in text


def test_lines_are_as_short_as_docutils_takes_them():
    text = page("Intro.", "<p>main</p>", [("One", bytes(20_000))])
    assert max(map(len, text.splitlines())) < 10_000
    assert base64.b64encode(bytes(20_000)).decode() in re.sub(r"\s", "", text)
