"""Pages are short and read once, links and anchors lead somewhere, files that the guide names are there."""

import re
from pathlib import Path

import pytest
from study import ROOT

from goalsplice.analysis.pages import prose
from goalsplice.io.errors import StudyError
from goalsplice.settings import environment

FOLDERS = (".github", "benchmarks", "docs", "tests", "workflow")
PAGES = sorted(
    [*ROOT.glob("*.md"), *ROOT.glob("results/*.md"), *(p for f in FOLDERS for p in ROOT.glob(f"{f}/**/*.md"))]
)
OPERATING = (ROOT / "docs/operating.md").read_text(encoding="utf-8")
APPENDICES = {path.relative_to(ROOT).as_posix() for path in ROOT.glob("docs/appendix_*.md")}
GLOSSARY = (ROOT / "docs/glossary.md").read_text(encoding="utf-8")


def plain(page: str) -> str:
    """A page without its blocks of code."""
    return re.sub(r"^( *)```.*?^\1```", "", page, flags=re.M | re.S)


def anchors(page: str) -> set[str]:
    """Those that GitHub gives to a page's headings: small letters, hyphens for spaces; the second alike gets -1."""
    found: dict[str, int] = {}
    for heading in re.findall(r"^#+ (.+)", plain(page), re.M):
        text = re.sub(r"\[(.*?)\]\(.*?\)", r"\1", heading)
        slug = re.sub(r"[^\w\- ]", "", text.strip().lower()).replace(" ", "-")
        found[slug] = found.get(slug, -1) + 1
    return {name if number == 0 else f"{name}-{number}" for name, most in found.items() for number in range(most + 1)}


def broken(path: Path) -> list[str]:
    """A page's links to files or headings that are not there."""
    page = path.read_text(encoding="utf-8")
    links = re.findall(r"\]\(([^)\s]+)\)", re.sub(r"`[^`\n]*`", "", plain(page)))
    links += re.findall(r'(?:src|href)="([^"]+)"', page)
    wrong = []
    for link in links:
        if re.match(r"[a-z]+:", link):
            continue
        name, _, anchor = link.partition("#")
        target = path.parent / name if name else path
        if not target.exists() or (anchor and anchor not in anchors(target.read_text(encoding="utf-8"))):
            wrong.append(link)
    return wrong


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_and_anchors_lead_somewhere(path):
    assert broken(path) == []


def test_a_broken_link_is_found(tmp_path):
    (tmp_path / "other.md").write_text("# A title, with `code`\n\n# Twice\n\n# Twice\n", encoding="utf-8")
    good = (
        "[a](other.md) [b](other.md#a-title-with-code) [c](other.md#twice-1) [d](#here) [e](https://x.org)\n\n# Here\n"
    )
    bad = "[f](none.md) [g](other.md#twice-2) [h](#there) ![i](none.png)\n\n```\n[j](none.md)\n```\n"
    path = tmp_path / "page.md"
    path.write_text(good + bad, encoding="utf-8")
    assert broken(path) == ["none.md", "other.md#twice-2", "#there", "none.png"]


def words(page: str) -> int:
    """How many words of a page somebody wrote: whatever has a letter or a digit, in code too."""
    return sum(any(letter.isalnum() for letter in word) for word in prose(page, numbers=True).split())


LIMITS = {"README.md": 900, "docs/findings.md": 3500, "docs/operating.md": 2500}
DOCS_LIMIT = 24_000
GENERATED = {"docs/tables.md"}


@pytest.mark.parametrize("place", LIMITS)
def test_a_page_is_short(place):
    assert 100 < words((ROOT / place).read_text(encoding="utf-8")) <= LIMITS[place]


def test_the_documentation_is_short():
    """Without notes of measurements, and without what is generated."""
    pages = [path for path in (ROOT / "docs").glob("*.md") if path.relative_to(ROOT).as_posix() not in GENERATED]
    assert len(pages) > 10
    assert sum(words(path.read_text(encoding="utf-8")) for path in pages) <= DOCS_LIMIT


READ_ONCE = ("README.md", "docs/findings.md", "docs/goal_or_perception.md", *sorted(APPENDICES))
"""Pages that say what came out."""

BANNED = (
    *("told apart", "untold", "surely", "fooled", "brings", "taken for", "carries over", "of which", "that is told"),
    *("goal vector", "switch vector", "contrast vector", "stand-in", "trained further on", "anatomy"),
)
"""Words that readers had to read twice, or that the glossary has another word for."""

LONGEST = 35


def sentences(page: str) -> list[str]:
    """A page's sentences, without code, tables, headings and pictures, and with a link's words only."""
    text = plain(prose(page, numbers=False))
    text = re.sub(r"^(?:\||#|!\[).*$", "", text, flags=re.M)
    text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", text)
    found = []
    for paragraph in re.split(r"\n\s*\n|^\s*(?:[-*]|\d+\.) ", text, flags=re.M):
        found += re.split(r"(?<=[.!?])[*_)]*\s+(?=[A-Z*`_(\[])", " ".join(paragraph.split()))
    return [sentence for sentence in found if sentence]


@pytest.mark.parametrize("place", READ_ONCE)
def test_sentences_are_read_once(place):
    found = sentences((ROOT / place).read_text(encoding="utf-8"))
    assert len(found) > 10
    assert [sentence for sentence in found if len(sentence.split()) > LONGEST] == []
    assert [sentence for sentence in found for word in BANNED if word in sentence.lower()] == []


def test_long_sentences_are_found_in_lists_and_beside_links_and_numbers():
    long = " ".join(["word"] * (LONGEST - 1))
    page = f"# Title\n\nOne [long link](a.md). Two {long} <!-- n x -->0.7<!-- / -->.\n\n- Three\n  {long}.\n- Four."
    assert [len(found.split()) for found in sentences(page)] == [3, LONGEST + 1, LONGEST, 1]
    assert sentences("```sh\nOne. Two.\n```\n| Three. |\n") == []


def test_files_that_the_guide_names_are_there():
    named = set(re.findall(r"[\w./-]+/[\w-]+\.(?:py|yaml|txt|md)\b", OPERATING))
    assert len(named) > 10
    places = (ROOT, ROOT / "docs", ROOT / "workflow/goalsplice")
    assert [name for name in sorted(named) if not any((place / name).exists() for place in places)] == []


def test_the_command_for_configurations_from_others_refuses_a_template(tmp_path, monkeypatch):
    [command] = re.findall(r'^python -c "(.+)" theirs\.yaml$', OPERATING, re.M)
    theirs = tmp_path / "theirs.yaml"
    monkeypatch.setattr("sys.argv", ["-c", str(theirs)])
    theirs.write_text("seeds: [1]\n", encoding="utf-8")
    exec(command, {})
    theirs.write_text("__use_yte__: true\n", encoding="utf-8")
    with pytest.raises(StudyError, match="__use_yte__"):
        exec(command, {})


def variables(row: str) -> list[str]:
    """The names in the row of the guide's table of environment variables that begins so."""
    line = next(line for line in OPERATING.splitlines() if line.startswith(f"| {row}"))
    return re.findall(r"`([A-Z0-9_]+\*?)`", line)


def test_what_jobs_do_with_environment_variables():
    assert sorted(variables("set to 1")) == sorted(environment.THREADS)
    unset = set(variables("unset before Python starts")) - {"PYTHON_VARIABLES"}
    assert unset
    assert unset <= set(environment.PYTHON_VARIABLES)
    removed = [name.replace("*", "OF_SOMEBODY") for name in variables("remove")]
    kept = variables("keep: where") + variables("keep: which")
    found = dict.fromkeys([*removed, *kept, *environment.THREADS], "theirs")
    environment.prepare(found)
    assert not found.keys() & set(removed)
    assert [name for name in kept if found.get(name) != "theirs"] == []
    assert {found[name] for name in environment.THREADS} == {"1"}


def test_the_glossary_is_in_order_and_lists_its_papers():
    words, papers = GLOSSARY.split("## Papers")
    entries = [entry.lower().replace("-", " ") for entry in re.findall(r"^- \*\*(.+?)\*\*", words, re.M)]
    assert len(entries) > 50
    assert entries == sorted(entries)
    cited = set(re.findall(r"([A-Z]\w+)(?: et al\.| and \w+)? (\d{4})", " ".join(words.split())))
    listed = re.findall(r"^- ([A-Z]\w+)(?: et al\.| and \w+)? (\d{4}),", papers, re.M)
    assert cited == set(listed)
    assert listed == sorted(listed)
