"""Pages quote the published numbers, and nothing else."""

import pytest
import yaml
from study import ROOT

from goalsplice.analysis.pages import typed_numbers
from goalsplice.cli.fill_pages import NUMBERS, RESULTS, described, fill_pages, filled_pages
from goalsplice.io.errors import StudyError

CONTENT = described(ROOT)


@pytest.fixture(scope="module")
def pages() -> dict[str, str]:
    return filled_pages(ROOT)


@pytest.mark.parametrize("place", CONTENT["pages"])
def test_a_page_is_what_the_command_makes_now(pages, place):
    page = (ROOT / place).read_text(encoding="utf-8")
    assert page == pages[place], "python -m goalsplice.cli.fill_pages makes it anew"
    assert page.count("<!-- / -->") >= 1


@pytest.mark.parametrize("place", CONTENT["pages"])
def test_a_page_has_no_number_that_no_table_holds(place):
    assert typed_numbers((ROOT / place).read_text(encoding="utf-8"), CONTENT["allowed"]) == []


def test_what_numbers_may_be_typed_is_a_short_list():
    assert len(CONTENT["allowed"]) <= 5


def test_every_table_is_on_a_page():
    text = "".join((ROOT / place).read_text(encoding="utf-8") for place in CONTENT["pages"])
    assert [name for name in CONTENT["tables"] if f"<!-- table {name} -->" not in text] == []


@pytest.fixture
def project(tmp_path):
    """One page, one number."""
    (tmp_path / RESULTS).mkdir(parents=True)
    (tmp_path / RESULTS / "t.csv").write_text("arm,value\nfirst,0.25\n", encoding="utf-8")
    (tmp_path / "config.yaml").write_text("seeds: [1]\n", encoding="utf-8")
    numbers = {"got": {"table": "t", "parts": ["arm"], "shows": {"value": {"columns": ["value"], "percent": True}}}}
    content = {"pages": ["a.md"], "allowed": [], "numbers": numbers, "tables": {}}
    (tmp_path / NUMBERS).write_text(yaml.safe_dump(content), encoding="utf-8")
    (tmp_path / "a.md").write_text("So <!-- n got.first -->much<!-- / -->.\n", encoding="utf-8")
    return tmp_path


def test_a_new_table_makes_a_new_page(project):
    fill_pages(project)
    assert (project / "a.md").read_text(encoding="utf-8") == "So <!-- n got.first -->25.00 %<!-- / -->.\n"
    (project / RESULTS / "t.csv").write_text("arm,value\nfirst,0.5\n", encoding="utf-8")
    fill_pages(project)
    assert "50.00 %" in (project / "a.md").read_text(encoding="utf-8")


def test_of_several_pages_none_is_written_if_one_is_wrong(project):
    page = (project / "a.md").read_text(encoding="utf-8")
    (project / "b.md").write_text("<!-- / -->", encoding="utf-8")
    numbers = (project / NUMBERS).read_text(encoding="utf-8")
    (project / NUMBERS).write_text(numbers.replace("- a.md", "- a.md\n- b.md"), encoding="utf-8")
    with pytest.raises(StudyError, match=r"b\.md, line 1: this mark lacks its start"):
        fill_pages(project)
    assert (project / "a.md").read_text(encoding="utf-8") == page


def test_numbers_yaml_that_is_not_there_or_lacks_a_part_is_one_sentence(project):
    (project / NUMBERS).write_text("pages: []\n", encoding="utf-8")
    with pytest.raises(StudyError, match="lacks the section 'allowed'"):
        fill_pages(project)
    (project / NUMBERS).unlink()
    with pytest.raises(StudyError, match="is not there; restore it"):
        fill_pages(project)
