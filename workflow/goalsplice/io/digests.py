"""Digests of what a study's files hold, to compare two runs of it: on two machines, or of two versions of the code.

Their bytes differ between any two versions, as each file says which code made it.
"""

import hashlib
from pathlib import Path

from PIL import Image

from goalsplice.io.records import recorded

MEASURED = ("timing", "benchmarks", "costs")
"""Tables and figures of times and memory, which differ between any two runs."""

_KINDS = {
    **{"runs": (".parquet", ".safetensors"), "tables": (".parquet",), "tuning": (".parquet",)},
    "figures": (".png",),
}
_DIGITS = 16


def _pixels(path: Path) -> str:
    with Image.open(path) as image:
        return hashlib.sha256(str(image.size).encode() + image.convert("RGBA").tobytes()).hexdigest()


def _content(path: Path) -> str | None:
    if path.suffix == ".png":
        return _pixels(path)
    return recorded(path)[1]


def content(results: Path) -> dict[str, str | None]:
    """By path below `results`, SHA-256 (16 digits) of each table's, checkpoint's and figure's content.

    Of a figure it is what its PNG file shows: Matplotlib's layout, and with it an SVG file's text, differs in last bits
    from one drawing to the next. None for a damaged table or checkpoint. Files that the study does not publish, such as
    those of an unfinished run, are not looked at.
    """
    found = {}
    for folder, kinds in _KINDS.items():
        for path in sorted((results / folder).rglob("*")):
            if path.suffix in kinds and path.stem not in MEASURED and "unfinished" not in path.parts:
                digest = _content(path)
                found[path.relative_to(results).as_posix()] = digest and digest[:_DIGITS]
    return found
