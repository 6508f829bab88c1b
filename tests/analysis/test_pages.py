"""Filling a page: marks, tables, and what of a page was typed."""

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from goalsplice.analysis.numbers import Published
from goalsplice.analysis.pages import filled, prose, typed_numbers
from goalsplice.io.errors import StudyError

GROUPS = {"got": {"table": "t", "parts": ["arm"], "shows": {"value": {"columns": ["value"]}}}}
TABLES = {
    "plain": {"header": ["a", "b"], "rows": [["first", "{got.first}"], ["$0", "{? got.none}"]]},
    "made": {"header": ["a", "b"], "row": ["$1 of $0", "{got.$0}"], "rows": [["first", "one"], ["second", "two"]]},
    "uneven": {"header": ["a", "b"], "rows": [["alone"]]},
}


def published(first: str = "0.5", second: str = "-1") -> Published:
    return Published(GROUPS, {"t": pd.DataFrame({"arm": ["first", "second"], "value": [first, second]})}, {"k": 1})


def test_a_page_is_filled_between_its_marks_alone():
    page = "# A\n\nIt is <!-- n got.first -->old<!-- / -->; <!-- no mark --> 0.9.\n\n<!-- table made -->\n<!-- / -->\n"
    assert filled(page, "p", TABLES, published()) == (
        "# A\n\nIt is <!-- n got.first -->0.50<!-- / -->; <!-- no mark --> 0.9.\n\n<!-- table made -->\n"
        "| a | b |\n| --- | --- |\n| one of first | 0.50 |\n| two of second | -1.00 |\n<!-- / -->\n"
    )


def test_a_cell_may_be_empty_where_it_says_so():
    page = filled("<!-- table plain --><!-- / -->", "p", TABLES, published())
    assert page.endswith("| first | 0.50 |\n| $0 |  |\n<!-- / -->")


TEXT = st.text(st.characters(codec="utf-8", exclude_characters="<>"), max_size=20)
NUMBER = st.tuples(st.just("n"), st.sampled_from(["got.first", "got.second", "config.k"]))
MARK = NUMBER | st.tuples(st.just("table"), st.sampled_from(["plain", "made"]))
VALUE = st.floats(-1e3, 1e3).map(str)


@given(st.lists(st.tuples(TEXT, MARK, TEXT)), TEXT, VALUE, VALUE)
def test_filling_again_changes_nothing_and_what_was_typed_stays(parts, rest, first, second):
    """Whatever stood between the marks, and whatever stands outside of them."""
    # A word before each mark: none begins a line.
    page = "".join(f"{text}word <!-- {kind} {name} -->{old}<!-- / -->" for text, (kind, name), old in parts) + rest
    once = filled(page, "p", TABLES, published(first, second))
    assert filled(once, "p", TABLES, published(first, second)) == once
    assert filled(filled(page, "p", TABLES, published()), "p", TABLES, published(first, second)) == once
    assert prose(once, numbers=False) == "".join(f"{text}word " for text, _, _ in parts) + rest


@pytest.mark.parametrize(
    ("page", "said"),
    [
        ("a <!-- n got.first -->1", "p, line 1: this mark lacks its end"),
        ("a\nb <!-- n got.first -->1 <!-- n got.first -->2<!-- / -->", "p, line 2: this mark lacks its end"),
        ("a\n\nb<!-- / -->", "p, line 3: this mark lacks its start"),
        ("a\n<!-- n got.first -->1<!-- / -->", "p, line 2: Markdown ends a paragraph"),
        ("- <!-- n got.first -->1<!-- / -->", "p, line 1: Markdown ends a paragraph"),
        ("a <!-- n got.third -->1<!-- / -->", "p: 'got.third' fits 0 rows"),
        ("<!-- table none --><!-- / -->", "p: the table 'none' is not in docs/numbers.yaml"),
        ("<!-- table uneven --><!-- / -->", "p: a row of the table 'uneven' has 1 cells, its header 2"),
    ],
)
def test_a_broken_mark_is_one_sentence(page, said):
    with pytest.raises(StudyError, match=said) as error:
        filled(page, "p", TABLES, published())
    assert "\n" not in str(error.value)


def test_typed_decimals_and_percentages_are_found():
    page = (
        "It is 0.5, <!-- n got.first -->0.7<!-- / -->, 3 %, 95 % and 4x4 ([a](0.3.md), arXiv:2108.13264).\n"
        "```sh\nsleep 0.1\n```\n<!-- table made -->\n| 0.2 |\n<!-- / -->\n<!-- 0.4 --> https://a.org/1.0 `-1.5`\n"
    )
    assert typed_numbers(page, ["95 %"]) == ["0.5", "3 %", "-1.5"]
