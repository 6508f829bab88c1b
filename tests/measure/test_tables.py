"""Tables are held to their schema, and damage is told in one sentence."""

import pandas as pd
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from goalsplice.errors import StudyError
from goalsplice.frames import read_frame, write_frame
from goalsplice.measure.tables import table_schema, write_table

COLUMNS = {"arm": ["onehot"], "seed": [99], "rollout": [1], "seconds": [0.5]}


@pytest.fixture
def schemas(pytestconfig):
    return pytestconfig.rootpath / "workflow/schemas/tables.yaml"


def test_round_trip_in_the_schemas_order_with_its_words(tmp_path, schemas):
    path = tmp_path / "timing.parquet"
    write_table(path, pd.DataFrame(COLUMNS)[["seconds", "rollout", "seed", "arm"]], schemas, "timing")
    assert read_frame(path).to_dict("list") == COLUMNS
    schema = pq.read_schema(path)
    assert schema.names == list(COLUMNS)
    assert schema.field("seconds").metadata[b"unit"] == b"s"
    assert schema.equals(table_schema(schemas, "timing"))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda frame: frame.drop(columns="seconds"), "the timing table lacks the column seconds"),
        (lambda frame: frame.assign(minutes=1), "does not know, minutes"),
        (lambda frame: frame.assign(seconds="long"), "the timing table does not fit .*tables.yaml"),
    ],
)
def test_what_does_not_fit_is_refused_and_leaves_no_file(tmp_path, schemas, change, message):
    with pytest.raises(StudyError, match=message):
        write_table(tmp_path / "timing.parquet", change(pd.DataFrame(COLUMNS)), schemas, "timing")
    assert not list(tmp_path.iterdir())


def test_a_missing_column_is_named(tmp_path):
    write_frame(tmp_path / "run.parquet", pd.DataFrame(COLUMNS))
    with pytest.raises(StudyError, match=r"run\.parquet lacks the column share_blue; delete it"):
        read_frame(tmp_path / "run.parquet", ["arm", "share_blue"])
    with pytest.raises(StudyError, match=r"there is no table .*none\.parquet; make it with snakemake"):
        read_frame(tmp_path / "none.parquet")


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_file_cut_anywhere_is_refused(tmp_path, data):
    write_frame(tmp_path / "whole.parquet", pd.DataFrame(COLUMNS))
    whole = (tmp_path / "whole.parquet").read_bytes()
    cut = tmp_path / "cut.parquet"
    cut.write_bytes(whole[: data.draw(st.integers(0, len(whole) - 1))])
    with pytest.raises(StudyError, match=r"cut\.parquet is not a whole Parquet file"):
        read_frame(cut)


def test_folders_named_like_partitions_add_no_columns(tmp_path):
    path = tmp_path / "arm=onehot" / "seed=1" / "x.parquet"
    write_frame(path, pd.DataFrame({"a": [1]}))
    assert read_frame(path).columns.tolist() == ["a"]
