"""What files say made them, and who notices when that is something else."""

import errno
import json
import os

import pandas as pd
import pyarrow.parquet as pq
import pytest
import torch
import yaml
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.figure import Figure
from PIL import Image

from goalsplice.agent.checkpoint import Header, load_checkpoint, save_checkpoint
from goalsplice.agent.network import Agent
from goalsplice.agent.recipe import Recipe
from goalsplice.figures.style import save, styled
from goalsplice.io import provenance
from goalsplice.io.errors import StudyError
from goalsplice.io.frames import read_frame, write_frame
from goalsplice.io.provenance import Provenance, check_run, difference, other_libraries
from goalsplice.io.records import mark, recorded
from goalsplice.io.source_digest import source_digest
from goalsplice.settings.study import recipe_of

MADE = {
    "modules": ["goalsplice.io.errors"],
    "code": source_digest("goalsplice.io.errors"),
    "settings": "of some digest",
}
RUN = ("onehot", 99, "a recipe's digest")


@pytest.fixture(autouse=True)
def process():
    """Other tests' files are made by nothing that this one begins."""
    yield
    provenance.begin(None)


@pytest.fixture
def table(tmp_path):
    """A table of a run, written as a stage writes it."""
    provenance.begin(MADE, *RUN)
    write_frame(tmp_path / "a.parquet", pd.DataFrame({"value": [1.0, 2.0]}))
    return tmp_path / "a.parquet"


def expected(**changes) -> Provenance:
    """What would make the table now."""
    current = provenance.current("a.parquet")
    return Provenance(**{key: current[key] for key in ("arm", "seed", "recipe", "code", "settings")} | changes)


def test_a_table_says_of_which_run_it_is_and_what_made_it(table):
    made, content = recorded(table)
    assert (made["arm"], made["seed"], made["recipe"], made["settings"]) == (*RUN, MADE["settings"])
    assert len(made["code"]) == len(content) == 64
    assert difference(made["file"], made, expected(), lambda path: None) is None


@pytest.mark.parametrize(
    ("field", "value", "word"),
    [
        ("arm", "integers", "arm onehot"),
        ("seed", 1, "seed 99"),
        ("recipe", "another", "another recipe"),
        ("code", "another", "other code"),
        ("settings", "another", "other settings"),
    ],
)
def test_whatever_differs_is_named(table, field, value, word):
    assert word in difference(table, recorded(table)[0], expected(**{field: value}), lambda path: None)


def test_what_was_read_is_recorded_and_another_content_is_noticed(table, tmp_path):
    provenance.begin(MADE)
    read_frame(table, ["value"])
    write_frame(tmp_path / "b.parquet", pd.DataFrame({"sum": [3.0]}))
    made, _ = recorded(tmp_path / "b.parquet")
    assert list(made["inputs"]) == [table.as_posix()]
    wanted = Provenance(code=made["code"], settings=made["settings"])
    assert difference(made["file"], made, wanted, lambda path: recorded(path)[1]) is None
    provenance.begin(MADE, *RUN)
    write_frame(table, pd.DataFrame({"value": [1.0, 2.5]}))
    assert table.name in difference(made["file"], made, wanted, lambda path: recorded(path)[1])
    assert "gone" in difference(made["file"], made, wanted, lambda path: provenance.GONE)
    assert difference(made["file"], made, wanted, lambda path: None) is None


def test_the_same_rows_of_another_run_are_another_content(table, tmp_path):
    provenance.begin(MADE, "onehot", 1, RUN[2])
    write_frame(tmp_path / "b.parquet", pd.DataFrame({"value": [1.0, 2.0]}))
    assert recorded(table)[1] != recorded(tmp_path / "b.parquet")[1]


def test_the_same_rows_made_by_other_code_are_the_same_content(table, tmp_path):
    provenance.begin({**MADE, "modules": ["goalsplice.io.files"], "code": source_digest("goalsplice.io.files")}, *RUN)
    write_frame(tmp_path / "b.parquet", pd.DataFrame({"value": [1.0, 2.0]}))
    assert recorded(table)[1] == recorded(tmp_path / "b.parquet")[1]


@pytest.mark.parametrize(("key", "value"), [("arm", "integers"), ("seed", 1), ("recipe", "another")])
def test_a_table_of_another_run_is_not_read(table, key, value):
    of_the_run = dict(zip(("arm", "seed", "recipe"), RUN, strict=True))
    assert len(read_frame(table, **of_the_run)) == 2
    with pytest.raises(StudyError, match=rf"a\.parquet is of .*{key}"):
        read_frame(table, **of_the_run | {key: value})


def test_a_table_that_says_nothing_of_its_run_is_of_no_run(tmp_path):
    write_frame(tmp_path / "a.parquet", pd.DataFrame({"value": [1.0]}))
    with pytest.raises(StudyError, match="does not say of which seed"):
        read_frame(tmp_path / "a.parquet", seed=99)
    assert difference("a.parquet", recorded(tmp_path / "a.parquet")[0], expected_of_nothing(), lambda path: None)


def expected_of_nothing() -> Provenance:
    """What would make a file of no run."""
    return Provenance(code="a", settings="b")


def test_what_is_said_of_a_table_is_covered_by_its_digest(table):
    file = pq.read_table(table, partitioning=None)
    described = json.loads(file.schema.metadata[b"goalsplice"])
    described["made"]["seed"] = 1
    changed = file.replace_schema_metadata({**file.schema.metadata, b"goalsplice": json.dumps(described)})
    pq.write_table(changed, table)
    with pytest.raises(StudyError, match="digest"):
        read_frame(table)


def test_a_checkpoint_says_what_made_it_and_is_noted_where_it_is_read(tmp_path, pytestconfig):
    config = yaml.safe_load((pytestconfig.rootpath / "config.yaml").read_text(encoding="utf-8"))
    recipe = Recipe(**{**recipe_of(config, "onehot"), "hidden_size": 8})
    agent = Agent(recipe.world.inputs, recipe.hidden_size, torch.Generator().manual_seed(1))
    header = Header("onehot", 99, 0, "blue", recipe.encoding, recipe.digest())
    provenance.begin(MADE, header.arm, header.seed, header.recipe)
    path = tmp_path / "phase=00.safetensors"
    save_checkpoint(path, agent, header)
    made, content = recorded(path)
    assert (made["arm"], made["seed"], made["recipe"]) == (header.arm, header.seed, header.recipe)
    assert made["settings"] == MADE["settings"]
    load_checkpoint(path, recipe)
    assert provenance.current("x")["inputs"] == {path.as_posix(): content}
    provenance.forget_inputs()
    assert "inputs" not in provenance.current("x")


def test_other_files_say_it_in_a_mark(tmp_path):
    provenance.begin(MADE, *RUN)
    path = tmp_path / "config.yaml"
    path.write_text(f"# {mark(path, 'a: 1')}\na: 1")
    assert recorded(path) == (provenance.current(path), None)
    path.write_text(path.read_text().replace("a: 1", "a: 2"))
    assert recorded(path) == ({}, None), "it was edited"


@given(st.binary(max_size=200), st.sampled_from([".parquet", ".safetensors", ".svg"]))
def test_a_file_that_is_none_says_nothing(tmp_path_factory, content, suffix):
    path = tmp_path_factory.mktemp("strange") / f"x{suffix}"
    path.write_bytes(content)
    assert recorded(path) == ({}, None)


def test_who_is_called_by_hand_says_nothing_of_code():
    provenance.begin(None, *RUN)
    made = provenance.current("x")
    assert made == dict(zip(("arm", "seed", "recipe"), RUN, strict=True))
    assert "does not say" in difference("x", made, expected_of_nothing(), lambda path: None)


def test_a_missing_expectation_is_not_compared():
    check_run("x", {"seed": 1}, seed=1, arm=None)


def test_figures_say_it_in_every_format(tmp_path):
    provenance.begin({**MADE, "settings": "long enough to be cut into pieces " * 20}, *RUN)
    with styled():
        figure = Figure(figsize=(1, 1))
        for suffix in ("svg", "png", "pdf"):
            save(figure, tmp_path / f"x.{suffix}")
    Image.new("P", (2, 2)).save(tmp_path / "x.gif", comment=mark("x.gif").encode())
    for path in tmp_path.iterdir():
        assert recorded(path) == (provenance.current(path), None), path


def test_other_versions_of_libraries_are_named_and_make_nothing_again(table):
    made, _ = recorded(table)
    now = made["libraries"]
    assert {"numpy", "torch", "numba"} <= set(now)
    assert other_libraries(made, now) is None
    assert other_libraries(made, {**now, "numpy": "99.0"}) == f"numpy {now['numpy']}, now 99.0"
    assert difference(made["file"], made, expected(libraries={**now, "numpy": "99.0"}), lambda path: None) is None


def test_a_file_under_another_name_is_not_what_that_name_says(table):
    """Such as another phase's checkpoint, or another table of the same rule."""
    assert "written as a.parquet" in difference("b.parquet", recorded(table)[0], expected(), lambda path: None)


def test_code_that_was_edited_since_snakemake_read_it_is_neither(tmp_path):
    """A process may have imported half of each."""
    provenance.begin({**MADE, "code": "what Snakemake read"}, *RUN)
    code = provenance.current("x")["code"]
    assert code not in ("what Snakemake read", source_digest(*MADE["modules"]))


@pytest.mark.skipif(os.getuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_is_not_called_unmarked(table):
    table.chmod(0)
    with pytest.raises(StudyError, match="cannot be read"):
        recorded(table)


def test_a_file_that_cannot_be_read_now_is_not_called_unmarked(table, monkeypatch):
    def refuse(*_args, **_kwargs):
        raise OSError(errno.ESTALE, "Stale file handle")

    monkeypatch.setattr(type(table), "open", refuse)
    with pytest.raises(StudyError, match="cannot be read"):
        recorded(table)
