"""Snakemake's records become the benchmarks table."""

import sys
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest

from goalsplice.cli import benchmarks
from goalsplice.io.errors import StudyError
from goalsplice.io.frames import read_frame

HEADER = "s\th:m:s\tmax_rss\tmax_vms\tmax_uss\tmax_pss\tio_in\tio_out\tmean_load\tcpu_time\n"
SEEN = HEADER + "122.39\t0:02:02\t544.45\t1245.80\t487.27\t505.79\t79.80\t7.23\t84.19\t103.49\n"
DAYS = HEADER + "90061.00\t1 day, 1:01:01\t600.00\t1300.00\t-\t-\t-\t-\t99.00\t89000.00\n"
UNSEEN = HEADER + "0.21\t0:00:00\tNA\tNA\tNA\tNA\tNA\tNA\tNA\tNA\n"
COLUMNS = ["stage", "arm", "seed", "seconds", "cpu_seconds", "peak_memory", "mean_load"]


SCHEMAS = Path(__file__).parents[2] / "workflow/schemas/tables.yaml"


@pytest.fixture
def make(tmp_path, monkeypatch):
    """Write these records, run the stage on them, and give back the table's path."""

    def made(records, given=None, runs=()):
        folder = tmp_path / "results/benchmarks"
        for name, text in records.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        output = tmp_path / "results/tables/benchmarks.parquet"
        output.parent.mkdir(exist_ok=True)
        paths = [str(folder / name) for name in given or records]
        arguments = ["--records", *paths, *runs, "--schemas", str(SCHEMAS), "--output", str(output)]
        arguments += ["--costs", str(tmp_path / "results/tables/costs.parquet")]
        monkeypatch.setattr(sys, "argv", ["benchmarks", *arguments])
        benchmarks.main()
        return output

    return made


def test_a_row_a_job_in_the_order_given(make):
    table = make(
        {
            "training/arm=onehot/seed=99.tsv": SEEN,
            "training/arm=onehot/seed=1.tsv": DAYS,
            "evaluation/arm=onehot/seed=99.tsv": UNSEEN,
            "references.tsv": SEEN,
        }
    )
    rows = pq.read_table(table).to_pylist()
    seen = {"seconds": 122.39, "cpu_seconds": 103.49, "peak_memory": 544.45, "mean_load": 84.19}
    days = {"seconds": 90061.0, "cpu_seconds": 89000.0, "peak_memory": 600.0, "mean_load": 99.0}
    unseen = {"seconds": 0.21, "cpu_seconds": None, "peak_memory": None, "mean_load": None}
    assert rows == [
        {"stage": "training", "arm": "onehot", "seed": 99, **seen},
        {"stage": "training", "arm": "onehot", "seed": 1, **days},
        {"stage": "evaluation", "arm": "onehot", "seed": 99, **unseen},
        {"stage": "references", "arm": None, "seed": None, **seen},
    ]


def test_a_pattern_stands_for_all_runs(make):
    records = {f"{stage}/arm={arm}/seed={seed}.tsv": SEEN for stage in "pq" for arm in "ab" for seed in (9, 1)}
    patterns = [f"{stage}/arm={{arm}}/seed={{seed}}.tsv" for stage in "pq"]
    listed = make({**records, "references.tsv": SEEN}).read_bytes()
    named = ["--arms", "a", "b", "--seeds", "9", "1"]
    assert make({}, [*patterns, "references.tsv"], named).read_bytes() == listed


def test_types_are_the_schemas_whatever_is_missing(make):
    for records in ({"references.tsv": UNSEEN}, {"training/arm=onehot/seed=1.tsv": SEEN}):
        schema = pq.read_schema(make(records))
        assert schema.names == COLUMNS
        assert [str(schema.field(name).type) for name in ("arm", "seed", "peak_memory")] == [
            "string",
            "int64",
            "double",
        ]


def test_a_reader_sees_missing_runs_as_missing(make):
    frame = read_frame(make({"references.tsv": SEEN, "training/arm=onehot/seed=1.tsv": SEEN}))
    assert frame["arm"].isna().tolist() == frame["seed"].isna().tolist() == [True, False]


@pytest.mark.parametrize(
    ("records", "given", "fault"),
    [
        (
            {"references.tsv": SEEN},
            ["training/arm=a/seed=1.tsv"],
            r"there is no record .*seed=1\.tsv; make it with snakemake",
        ),
        ({"references.tsv": ""}, None, r"references\.tsv is not a whole record"),
        ({"references.tsv": HEADER}, None, r"references\.tsv has 0 rows"),
        ({"references.tsv": HEADER.replace("cpu_time", "cpu")}, None, r"references\.tsv lacks the column cpu_time"),
    ],
)
def test_bad_records_are_one_sentence_and_leave_no_table(make, tmp_path, records, given, fault):
    with pytest.raises(StudyError, match=fault):
        make(records, given)
    assert not list((tmp_path / "results/tables").iterdir())


def test_the_names_that_snakemake_gives():
    """The record's columns are those of the Snakemake that is installed."""
    from snakemake.benchmark import BenchmarkRecord

    from goalsplice.analysis.costs import RECORDED

    record = BenchmarkRecord(running_time=1.5)
    record.data_collected, record.max_rss, record.cpu_usage, record.cpu_time = True, 512.0, 120.0, 1.4
    row = dict(zip(record.get_header(), record.get_benchmarks(), strict=True))
    frame = pd.DataFrame([row])
    assert {ours: frame[theirs].iloc[0] for theirs, ours in RECORDED.items()} == {
        "seconds": 1.5,
        "cpu_seconds": 1.4,
        "peak_memory": 512.0,
        "mean_load": 80.0,
    }
