"""What the report says first: the main numbers of this study beside the published ones, and the main figures."""

import base64
import html
import re
from collections.abc import Mapping, Sequence
from typing import Any

from goalsplice.analysis.numbers import Published, is_published, written
from goalsplice.io.errors import StudyError

_FIELD = re.compile(r"\{([^{}]+)\}")
_INTERVAL = re.compile(r"(-?[\d.]+)[^\d\[]*\[(-?[\d.]+), (-?[\d.]+)\]")
_STYLE = """
<style>
.flex:has(> #rulegraph) { flex-direction: column; }
.prose.max-w-lg { max-width: 64rem; }
.first-page td, .first-page th { padding: 0.2rem 0.5rem; vertical-align: top; text-align: left; }
.first-page .outside { background: #fde8d0; color: #111; }
.first-page img { width: 56rem; max-width: 100%; background: white; }
</style>
"""


def _looked_up(cell: str, source: Published) -> str:
    """A cell with its numbers, or a dash where the study has none of them: an arm or a measure that it lacks."""
    try:
        names = _FIELD.findall(cell)
        # Settings are always there.
        if not all(name.startswith("config.") or is_published(name, source) for name in names):
            return "–"
        return _FIELD.sub(lambda found: written(found[1], source), cell)
    except StudyError:
        return "–"


def is_outside(own: str, published: str) -> bool:
    """Whether an estimate lies outside the published interval; of words, whether they are others."""
    found, expected = _INTERVAL.search(own), _INTERVAL.search(published)
    if found is None or expected is None:
        return own != published
    return not float(expected[2]) <= float(found[1]) <= float(expected[3])


def table(described: Mapping[str, Any], own: Published, published: Published) -> str:
    """An HTML table: for each number of a table of docs/numbers.yaml this study's value and the published one.

    Args:
        described: the table, as docs/numbers.yaml has it.
        own, published: what its numbers are looked up in.
    """
    header = described["header"]
    lines = ["<tr>" + "".join(f"<th>{html.escape(name.strip('`'))}</th>" for name in header) + "</tr>"]
    count = outside = 0
    for row in described["rows"]:
        cells = []
        for cell in row:
            here, there = _looked_up(cell, own), _looked_up(cell, published)
            is_number = _FIELD.sub("", cell).strip() == ""
            differs = is_number and "–" not in (here, there) and is_outside(here, there)
            count, outside = count + is_number, outside + differs
            shown = html.escape(here).replace("`", "")
            more = f"<br><small>published: {html.escape(there)}</small>" if is_number else ""
            marked = ' class="outside"' if differs else ""
            cells.append(f"<td{marked}>{shown}{more}</td>")
        lines.append(f"<tr>{''.join(cells)}</tr>")
    said = f"<p>{outside} of {count} numbers lie outside the published intervals (marked).</p>"
    return "\n".join(["<table>", *lines, "</table>", said])


def page(intro: str, main: str, figures: Sequence[tuple[str, bytes]]) -> str:
    """The page as reStructuredText.

    Args:
        intro: its beginning, a template of Snakemake's.
        main: HTML.
        figures: titles, and SVG pictures.
    """
    # In lines, as the table above: docutils takes none of more than 10,000 characters.
    shown = [
        f"<h3>{html.escape(title)}</h3>"
        f'<img alt="{html.escape(title)}" src="data:image/svg+xml;base64,{base64.encodebytes(picture).decode()}">'
        for title, picture in figures
    ]
    body = "\n".join(["<div class='first-page'>", "<h2>Results</h2>", main, *shown, "<h3>Rules</h3>", "</div>"])
    return f"{intro}\n{_raw(_STYLE)}\n{_raw(body)}"


def _raw(text: str) -> str:
    return ".. raw:: html\n\n" + "".join(f"    {line}\n" for line in text.splitlines())
