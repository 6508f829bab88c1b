"""Tables are held to their schema."""

import pandas as pd
import pyarrow.parquet as pq
import pytest

from goalsplice.io.errors import StudyError
from goalsplice.io.frames import read_frame
from goalsplice.io.tables import table_schema, write_table

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


def test_the_columns_of_colours_are_those_that_the_table_has(schemas):
    there = ["episode_share_red", "return_red", "return_red_se", "episode_share_green"]
    names = table_schema(schemas, "evaluation", there).names
    assert [name for name in names if "red" in name or "green" in name] == [
        *("episode_share_red", "episode_share_green", "return_red", "return_red_se")
    ]
    assert not [name for name in names if "<" in name or "blue" in name]


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
