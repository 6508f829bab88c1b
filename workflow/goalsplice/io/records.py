"""What files of the study say made them, read without their content: for each start of Snakemake.

Tables and checkpoints have it in their metadata. Figures and other files have a mark in their text, which survives in
SVG, PNG and YAML alike. Whoever uses a file checks its content against its digests; here nothing is checked.
"""

import base64
import json
import re
from pathlib import Path

from goalsplice.io.provenance import current

_MARK = re.compile(rb"goalsplice-made:([A-Za-z0-9+/=]+);")
_LONGEST = 1 << 20
"""Bytes of a checkpoint's header that are read; a damaged length may be anything."""


def mark() -> str:
    """What made the files that this process writes now, as a word that a format's comment may hold."""
    return f"goalsplice-made:{base64.b64encode(json.dumps(current()).encode()).decode()};"


def _of_table(path: Path) -> tuple[dict, str | None]:
    import pyarrow.parquet as pq

    with path.open("rb") as file:
        described = json.loads(pq.ParquetFile(file).schema_arrow.metadata[b"goalsplice"])
    return described["made"], described["content"]


def _of_checkpoint(path: Path) -> tuple[dict, str | None]:
    with path.open("rb") as file:
        length = min(int.from_bytes(file.read(8), "little"), _LONGEST)
        described = json.loads(json.loads(file.read(length))["__metadata__"]["goalsplice"])
    return described["made"] | {key: described[key] for key in ("arm", "seed", "recipe")}, described["content"]


def _of_gif(path: Path) -> tuple[dict, str | None]:
    # A GIF's comment is cut into pieces.
    from PIL import Image

    with Image.open(path) as image:
        return _marked(image.info["comment"])


def _of_text(path: Path) -> tuple[dict, str | None]:
    return _marked(path.read_bytes())


def _marked(content: bytes) -> tuple[dict, str | None]:
    return json.loads(base64.b64decode(_MARK.search(content)[1])), None


_READERS = {".parquet": _of_table, ".safetensors": _of_checkpoint, ".gif": _of_gif}


def recorded(path: str | Path) -> tuple[dict, str | None]:
    """What made a file (`Provenance.record`), and its content digest if it has one; ({}, None) if it does not say."""
    path = Path(path)
    try:
        return _READERS.get(path.suffix, _of_text)(path)
    # What decoders raise at a damaged file is not documented (`files.decoding`); whoever needs the file will report it.
    except Exception:
        return {}, None
