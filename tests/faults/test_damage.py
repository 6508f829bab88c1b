"""A file that is cut, or in which anything is changed, is told; or it says exactly what it said.

FAULT_EXAMPLES=10000 tries so many damages of each kind of file instead of a few; with -s it shows how they ended.
"""

import os
import re
from collections import Counter
from functools import partial

import pandas as pd
import pytest
from faults.writers import inputs, writers
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from goalsplice.agent.checkpoint import load_checkpoint, read
from goalsplice.agent.finetuning import load_actor
from goalsplice.io.errors import StudyError
from goalsplice.io.frames import read_frame

EXAMPLES = int(os.environ.get("FAULT_EXAMPLES", "150"))
SOME_COLUMNS = ["rollout", "seconds"]
FILES = {
    "phase=03.safetensors": ["load_checkpoint", "read"],
    "actor.safetensors": ["load_actor"],
    "run.parquet": ["read_frame"],
    "timing.parquet": ["read_frame", "some columns"],
}


@pytest.fixture(scope="module")
def whole(agent, header, tmp_path_factory):
    """A folder with one whole file of each kind."""
    folder = tmp_path_factory.mktemp("whole")
    writing = writers(agent, header, inputs(tmp_path_factory.mktemp("tables")))
    for name in FILES:
        writing[name](folder / name)
    return folder


@pytest.fixture(scope="module")
def readers(recipe):
    """What reads files, by name."""
    return {
        "load_checkpoint": lambda path: load_checkpoint(path, recipe),
        "read": read,
        "load_actor": lambda path: load_actor(path, recipe),
        "read_frame": read_frame,
        "some columns": partial(read_frame, columns=SOME_COLUMNS),
    }


def same(one, other) -> bool:
    """Whether two files' contents as read are the same to the last bit."""
    if isinstance(one, pd.DataFrame):
        return one.dtypes.equals(other.dtypes) and one.equals(other)
    (parts, header), (others, other_header) = one, other
    parts, others = (found if isinstance(found, dict) else found.state_dict() for found in (parts, others))
    return (
        header == other_header
        and list(parts) == list(others)
        and all(parts[name].numpy().tobytes() == others[name].numpy().tobytes() for name in parts)
        and all((parts[name].dtype, parts[name].shape) == (others[name].dtype, others[name].shape) for name in parts)
    )


def places(length: int) -> st.SearchStrategy[int]:
    """A byte anywhere; more often at the start or the end, where headers and footers are."""
    start, end = st.integers(0, min(length, 2000) - 1), st.integers(max(0, length - 6000), length - 1)
    return st.integers(0, length - 1) | start | end


@st.composite
def damages(draw, content: bytes) -> tuple[str, bytes]:
    """A kind of damage, and what it leaves of `content`."""
    kind = draw(st.sampled_from(["cut", "flip", "flip", "zeros"]))
    place = draw(places(len(content)))
    if kind == "cut":
        return kind, content[:place]
    end = place + (1 if kind == "flip" else draw(st.sampled_from([2, 16, 512, 4096])))
    new = bytes([content[place] ^ draw(st.integers(1, 255))]) if kind == "flip" else bytes(len(content[place:end]))
    return kind, content[:place] + new + content[end:]


@pytest.mark.parametrize("name", FILES)
def test_damage_is_told_or_changes_nothing(whole, readers, tmp_path, name):
    content = (whole / name).read_bytes()
    said = {how: readers[how](whole / name) for how in FILES[name]}
    path, ends = tmp_path / name, Counter()
    faults = r"(is damaged \([^\n]+\)|is damaged, or [^\n]+|has no header of this study)"
    told = re.escape(str(path)) + f" {faults}; delete it and run snakemake again[^\n]*"

    @settings(max_examples=EXAMPLES, database=None, suppress_health_check=list(HealthCheck))
    @given(damage=damages(content))
    def try_damage(damage):
        kind, damaged = damage
        path.write_bytes(damaged)
        for how in FILES[name]:
            try:
                found = readers[how](path)
            except StudyError as error:
                assert re.fullmatch(told, str(error)), str(error)  # noqa: PT017 (an error is one of two good ends)
                ends[f"{kind}: told"] += 1
            else:
                assert same(found, said[how]), how
                ends[f"{kind}: nothing changed"] += 1
                assert kind != "cut"
                assert name.endswith(".parquet") or damaged == content or kind != "flip"

    try_damage()
    print(name, dict(sorted(ends.items())))


def test_every_flip_of_a_checkpoints_head_is_told(whole, readers, tmp_path):
    """Each bit of the format's own header, in which the checkpoint's lies."""
    name = "phase=03.safetensors"
    content = (whole / name).read_bytes()
    length = 8 + int.from_bytes(content[:8], "little")
    path = tmp_path / name
    for place in range(length):
        for bit in range(8):
            path.write_bytes(content[:place] + bytes([content[place] ^ (1 << bit)]) + content[place + 1 :])
            with pytest.raises(StudyError, match=r"is damaged|has no header"):
                readers["read"](path)
