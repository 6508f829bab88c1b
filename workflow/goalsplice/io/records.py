"""What files of the study say made them, read without their content: for each start of Snakemake.

Tables and checkpoints have it in their metadata. Figures have a mark in their text, and so has the recorded
configuration, with a digest of the rest. Whoever uses a table or checkpoint checks its content against its digests; it
is not read here.
"""

import base64
import json
import re
from pathlib import Path

import pyarrow.parquet as pq
from PIL import Image

from goalsplice.io.errors import StudyError
from goalsplice.io.provenance import current, digest

_MARK = re.compile(rb"goalsplice-made:([A-Za-z0-9+/=]+);")
_LONGEST = 1 << 20
"""Bytes of a checkpoint's header that are read; a damaged length may be anything."""


def mark(path: str | Path, text: str | None = None) -> str:
    """What makes a file that this process writes now, as a word that a format's comment may hold.

    Args:
        path: the file.
        text: what follows the line with the mark, of which a digest is to be kept.
    """
    described = current(path) | ({} if text is None else {"text": digest(text)})
    return f"goalsplice-made:{base64.b64encode(json.dumps(described).encode()).decode()};"


def _of_table(path: Path) -> tuple[dict, str | None]:
    with path.open("rb") as file:
        parquet = pq.ParquetFile(file)
        described = json.loads(parquet.schema_arrow.metadata[b"goalsplice"])
        if described["rows"] != parquet.metadata.num_rows:
            return {}, None
    return described["made"], described["content"]


def _of_checkpoint(path: Path) -> tuple[dict, str | None]:
    with path.open("rb") as file:
        length = min(int.from_bytes(file.read(8), "little"), _LONGEST)
        described = json.loads(json.loads(file.read(length))["__metadata__"]["goalsplice"])
    return described["made"] | {key: described[key] for key in ("arm", "seed", "recipe")}, described["content"]


def _of_gif(path: Path) -> tuple[dict, str | None]:
    # A GIF's comment is cut into pieces.
    with Image.open(path) as image:
        return _marked(image.info["comment"])


def _of_text(path: Path) -> tuple[dict, str | None]:
    return _marked(path.read_bytes())


def _of_configuration(path: Path) -> tuple[dict, str | None]:
    first, _, rest = path.read_text(encoding="utf-8").partition("\n")
    made, _ = _marked(first.encode())
    return (made, None) if made.pop("text") == digest(rest) else ({}, None)


def _marked(content: bytes) -> tuple[dict, str | None]:
    mark = _MARK.search(content)
    return (json.loads(base64.b64decode(mark[1])) if mark else {}), None


_READERS = {".parquet": _of_table, ".safetensors": _of_checkpoint, ".gif": _of_gif, ".yaml": _of_configuration}


def recorded(path: str | Path) -> tuple[dict, str | None]:
    """What made a file (`Provenance.record`), and its content digest if it has one; ({}, None) if it does not say.

    Raises:
        StudyError: the operating system does not let it be read.
    """
    path = Path(path)
    try:
        return _READERS.get(path.suffix, _of_text)(path)
    except OSError as error:
        # What cannot be read now may be whole, and is not to be made again over it. Decoders' errors have no number.
        if error.errno is not None:
            raise StudyError(f"{path} cannot be read ({error.strerror}); see to that first") from error
        return {}, None
    # What decoders raise at a damaged file is not documented (`files.decoding`); whoever needs the file will report it.
    except Exception:
        return {}, None
