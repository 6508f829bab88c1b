"""Numbers and tables put between a page's marks, and what of a page somebody wrote."""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from goalsplice.analysis.numbers import Published, is_published, written
from goalsplice.io.errors import StudyError

_MARK = re.compile(r"<!-- (?:(?P<kind>n|table) (?P<name>[^<>]*?)|/) -->")
_BROKEN = re.compile(r"^[ \t]*(?:(?:[>*+-]|\d+\.)[ \t]+)*<!-- n ", re.M)
_FIELD = re.compile(r"\{(?P<optional>\? ?)?(?P<name>[^{}]+)\}")
_DECIMAL = re.compile(r"[-+]?\d+\.\d+|\d+(?:\.\d+)?\s?%")


def filled(page: str, place: str, tables: Mapping[str, Any], published: Published) -> str:
    """A page with what stands between its marks made anew.

    Args:
        page: Markdown. `<!-- n NAME -->...<!-- / -->` holds a number, `<!-- table NAME -->...<!-- / -->` a table.
        place: how errors call it.
        tables: section `tables` of docs/numbers.yaml.
        published: what numbers are looked up in.

    Raises:
        StudyError: a mark lacks its end or its start, stands where Markdown would not read on, or names nothing.
    """
    broken = _BROKEN.search(page)
    if broken:
        line = page.count("\n", 0, broken.end()) + 1
        raise StudyError(
            f"{place}, line {line}: Markdown ends a paragraph at a mark that begins a line; move a word there"
        )
    parts = []
    for kind, name, text in _pieces(page, place):
        if kind == "":
            parts.append(text)
            continue
        try:
            made = written(name, published) if kind == "n" else f"\n{table_text(name, tables, published)}\n"
        except StudyError as error:
            raise StudyError(f"{place}: {error}") from error
        parts.append(f"<!-- {kind} {name} -->{made}<!-- / -->")
    return "".join(parts)


def table_text(name: str, tables: Mapping[str, Any], published: Published) -> str:
    """A Markdown table as docs/numbers.yaml describes it.

    `rows` are lists of cells. With `row`, each of `rows` is a list of words that take the places of $0, $1, ... in the
    cells of `row`. `{NAME}` in a cell is a number, `{? NAME}` one that may be missing.

    Raises:
        StudyError: there is no such table, or a cell names no number.
    """
    if name not in tables:
        raise StudyError(f"the table '{name}' is not in docs/numbers.yaml; add it there")
    described = tables[name]
    template = described.get("row")
    lines = [described["header"], ["---"] * len(described["header"])]
    for words in described["rows"]:
        cells = [str(word) for word in words]
        if template is not None:
            cells = [re.sub(r"\$(\d)", lambda found, words=cells: words[int(found[1])], cell) for cell in template]
        if len(cells) != len(described["header"]):
            raise StudyError(f"a row of the table '{name}' has {len(cells)} cells, its header {len(lines[0])}: {cells}")
        lines.append([_FIELD.sub(_field(published), cell) for cell in cells])
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _field(published: Published) -> Callable[[re.Match[str]], str]:
    def text(found: re.Match[str]) -> str:
        if found["optional"] and not is_published(found["name"], published):
            return ""
        return written(found["name"], published)

    return text


def _pieces(page: str, place: str) -> Iterator[tuple[str, str, str]]:
    """Parts of a page in order: kind ("" for what is between marks' pairs, else n or table), name, and text."""
    at, opened = 0, None
    for mark in _MARK.finditer(page):
        if opened is None and mark["kind"]:
            yield "", "", page[at : mark.start()]
            opened = mark
        elif opened is not None and not mark["kind"]:
            yield opened["kind"], opened["name"], page[opened.end() : mark.start()]
            opened = None
        else:
            missing = "start" if opened is None else "end"
            line = page.count("\n", 0, (mark if opened is None else opened).start()) + 1
            raise StudyError(f"{place}, line {line}: this mark lacks its {missing}; restore it")
        at = mark.end()
    if opened is not None:
        line = page.count("\n", 0, opened.start()) + 1
        raise StudyError(f"{place}, line {line}: this mark lacks its end; restore it")
    yield "", "", page[at:]


def prose(page: str, *, numbers: bool) -> str:
    """What somebody wrote of a page: no generated blocks, no comments, no diagrams.

    Args:
        page: Markdown.
        numbers: whether numbers between marks stay.
    """
    kept = "".join(text for kind, _, text in _pieces(page, "a page") if kind == "" or (kind == "n" and numbers))
    kept = re.sub(r"^```mermaid\n.*?^```", "", kept, flags=re.M | re.S)
    kept = re.sub(r"<!-- made from .*?<!-- end of what is made -->", "", kept, flags=re.S)
    return re.sub(r"<!--.*?-->", "", kept, flags=re.S)


def typed_numbers(page: str, allowed: list[str]) -> list[str]:
    """Decimal numbers and percentages of a page that no table holds, in order.

    Code blocks, addresses and the numbers of preprints do not count.

    Args:
        page: Markdown.
        allowed: those that may be typed.
    """
    text = re.sub(r"^( *)```.*?^\1```", "", prose(page, numbers=False), flags=re.M | re.S)
    text = re.sub(r"https?://\S+|arXiv:[\d.]+|\]\([^)]*\)", "", text)
    return [number for number in _DECIMAL.findall(text) if number not in allowed]
