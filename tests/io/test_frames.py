"""A frame comes back as it was, or is refused with one sentence."""

import hashlib

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from goalsplice.io.errors import StudyError
from goalsplice.io.frames import column_digest, expanded, read_frame, write_arrow, write_frame

FRAME = pd.DataFrame(
    {
        "words": ["a", None, "bé"],
        "numbers": [1.0, None, -0.0],
        "counts": [1, 2, 3],
        "small": np.array([1, 2, 3], np.uint8),
        "single": np.array([1, 2, 3], np.float32),
        "maybe": pd.array([1, None, 3], dtype="Int64"),
        "alike": [True, False, True],
        "missing": [None, None, None],
        "empty": ["", "", ""],
        "kinds": pd.Categorical(["x", None, "x"], categories=["y", "x"]),
    }
)


@pytest.mark.parametrize("rows", [3, 0])
def test_every_type_comes_back_as_pandas_would_have_it(tmp_path, rows):
    frame = FRAME.iloc[:rows]
    path = tmp_path / "x.parquet"
    write_frame(path, frame)
    pd.testing.assert_frame_equal(read_frame(path), pd.read_parquet(path))
    pd.testing.assert_frame_equal(read_frame(path, ["single", "words"]), pd.read_parquet(path)[["single", "words"]])
    assert len(read_frame(path)) == rows


def test_a_frame_without_columns(tmp_path):
    write_frame(tmp_path / "x.parquet", pd.DataFrame())
    assert read_frame(tmp_path / "x.parquet").shape == (0, 0)


VALUES = {
    pa.int64(): st.integers(-(2**63), 2**63 - 1),
    pa.uint8(): st.integers(0, 255),
    pa.float64(): st.floats(),
    pa.float32(): st.floats(width=32),
    pa.bool_(): st.booleans(),
    pa.string(): st.text(),
    pa.large_string(): st.text(),
    pa.dictionary(pa.int8(), pa.string()): st.sampled_from(["a", "b", ""]),
    pa.null(): st.none(),
}


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_what_is_written_has_the_same_digest_when_it_is_read(tmp_path, data):
    """However it is encoded: `read_frame` would refuse it otherwise."""
    kind = data.draw(st.sampled_from(list(VALUES)))
    parts = data.draw(st.lists(st.lists(st.none() | VALUES[kind], max_size=20), max_size=3))
    table = pa.table({"x": pa.chunked_array([pa.array(part, kind) for part in parts], kind)})
    table = table.replace_schema_metadata({"pandas": '{"columns": [], "index_columns": [], "column_indexes": []}'})
    path = tmp_path / "x.parquet"
    write_arrow(path, table)
    assert len(read_frame(path)) == sum(map(len, parts))
    whole = pa.chunked_array([table["x"].combine_chunks()]) if table["x"].num_chunks else table["x"]
    assert column_digest(whole) == column_digest(table["x"]) == column_digest(pq.ParquetFile(path).read()["x"])


def test_the_digest_is_of_type_values_and_nulls():
    columns = [
        pa.array([0, 1]),
        pa.array([0, 1], pa.int32()),
        pa.array([0, None]),
        pa.array([0, 0]),
        pa.array([0]),
        pa.array([0.0, 1.0]),
        pa.array([-0.0, 1.0]),
        pa.array([False, True]),
        pa.array(["ab", ""]),
        pa.array(["a", "b"]),
        pa.array(["ab", None]),
        pa.array(["ab", ""]).dictionary_encode(),
        pa.array([None, None]),
    ]
    digests = [column_digest(pa.chunked_array([column])) for column in columns]
    assert len(set(digests)) == len(digests)


def test_a_slice_has_the_digest_of_its_copy():
    for values in (list(range(9)), list("abcdefghi"), [True, None, False] * 3):
        array = pa.array(values)
        assert column_digest(pa.chunked_array([array[2:7]])) == column_digest(pa.chunked_array([pa.array(values[2:7])]))


def test_a_type_that_has_no_digest_is_not_written(tmp_path):
    with pytest.raises(TypeError, match="no digest is defined for a column of type list"):
        write_frame(tmp_path / "x.parquet", pd.DataFrame({"x": [[1], [2]]}))
    assert not list(tmp_path.iterdir())


def test_the_same_bytes_each_time(tmp_path):
    digests = set()
    for name in ("a", "b"):
        write_frame(tmp_path / name, FRAME)
        digests.add(hashlib.sha256((tmp_path / name).read_bytes()).hexdigest())
    assert len(digests) == 1


def rewrite(path, change):
    """Write a file's table anew after `change`, with the digests that it had."""
    table = pq.ParquetFile(path).read()
    pq.write_table(change(table).replace_schema_metadata(table.schema.metadata), path)


CHANGES = {
    "a value": lambda table: table.set_column(0, "a", pa.array([1, 2, 4])),
    "a null": lambda table: table.set_column(0, "a", pa.array([1, 2, None])),
    "the type": lambda table: table.set_column(0, "a", pa.array([1, 2, 3], pa.int32())),
    "a name": lambda table: table.rename_columns(["c", "b"]),
    "rows": lambda table: table.slice(0, 2),
    "columns": lambda table: table.select(["a"]),
    "order": lambda table: table.select(["b", "a"]),
    "metadata of a field": lambda table: table.cast(
        pa.schema([table.schema.field("a").with_metadata({"unit": "s"}), table.schema.field("b")])
    ),
}


@pytest.mark.parametrize("what", CHANGES)
def test_what_was_changed_since_it_was_written_is_told(tmp_path, what):
    path = tmp_path / "x.parquet"
    write_frame(path, pd.DataFrame({"a": [1, 2, 3], "b": [0.5, 1.5, 2.5]}))
    rewrite(path, lambda table: table)
    assert read_frame(path)["a"].tolist() == [1, 2, 3]
    rewrite(path, CHANGES[what])
    with pytest.raises(StudyError, match=r"x\.parquet is damaged \(.+\); delete it and run snakemake again"):
        read_frame(path)


def test_only_the_columns_that_are_read_are_checked(tmp_path):
    path = tmp_path / "x.parquet"
    write_frame(path, pd.DataFrame({"a": [1, 2, 3], "b": [0.5, 1.5, 2.5]}))
    rewrite(path, CHANGES["a value"])
    assert read_frame(path, ["b"])["b"].tolist() == [0.5, 1.5, 2.5]
    with pytest.raises(StudyError, match="the column a does not have the digest"):
        read_frame(path, ["a"])


def test_a_file_that_the_study_did_not_write_is_refused(tmp_path):
    """Such as one whose rows somebody changed with pandas: it would count as the run's own."""
    pd.DataFrame({"a": [1, 2]}).to_parquet(tmp_path / "pandas.parquet")
    pq.write_table(pa.table({"a": [1]}), tmp_path / "arrow.parquet")
    for path in sorted(tmp_path.glob("*.parquet")):
        with pytest.raises(StudyError, match=f"{path.name} is damaged .*no digests"):
            read_frame(path)


def test_a_name_with_a_colour_stands_for_the_columns_of_all_colours(tmp_path):
    """In the table's order, and for no column that names something other than a colour."""
    there = ["seed", "share_yellow", "share_blue", "share_other", "share_blue_se", "my_share_red", "share.red"]
    found = expanded(["seed", "share_<colour>", "share_<colour>_se", "return_<colour>", "not_there"], there)
    assert found == {
        "seed": ["seed"],
        "share_<colour>": ["share_yellow", "share_blue"],
        "share_<colour>_se": ["share_blue_se"],
        "return_<colour>": [],
        "not_there": ["not_there"],
    }
    path = tmp_path / "t.parquet"
    write_frame(path, pd.DataFrame({name: [1] for name in there}))
    assert list(read_frame(path, ["share_<colour>", "seed"])) == ["share_yellow", "share_blue", "seed"]


def test_a_missing_column_or_file_is_named(tmp_path):
    write_frame(tmp_path / "run.parquet", pd.DataFrame({"arm": ["onehot"]}))
    with pytest.raises(StudyError, match=r"run\.parquet lacks the column episode_share_blue; delete it"):
        read_frame(tmp_path / "run.parquet", ["arm", "episode_share_blue"])
    with pytest.raises(StudyError, match=r"there is no table .*none\.parquet; make it with snakemake"):
        read_frame(tmp_path / "none.parquet")


def test_folders_named_like_partitions_add_no_columns(tmp_path):
    path = tmp_path / "arm=onehot" / "seed=1" / "x.parquet"
    write_frame(path, pd.DataFrame({"a": [1]}))
    assert read_frame(path).columns.tolist() == ["a"]


def test_the_metadata_that_was_checked_is_what_counts(tmp_path):
    """A file holds pandas' description of the columns twice; damage of the copy that is not checked changes nothing."""
    path = tmp_path / "x.parquet"
    write_frame(path, pd.DataFrame({"phase": [1, 2, 3]}))
    path.write_bytes(path.read_bytes().replace(b'"name": "phase"', b'"name": "qhase"', 1))
    assert pq.ParquetFile(path).read().to_pandas().columns.tolist() == ["qhase"]
    assert read_frame(path).columns.tolist() == ["phase"]
