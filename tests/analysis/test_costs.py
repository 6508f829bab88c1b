"""Time and memory of jobs, from Snakemake's records."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from goalsplice.analysis.costs import Job, costs_by_stage, job_costs, job_of
from goalsplice.io.errors import StudyError

PATH = "results/benchmarks/training/arm=onehot/seed=3.tsv"
RECORD = {
    "s": 118.22,
    "h:m:s": "0:01:58",
    "max_rss": 545.93,
    "max_vms": 1246.62,
    "mean_load": 87.83,
    "cpu_time": 104.31,
}

jobs = st.lists(
    st.tuples(
        st.sampled_from(["training", "evaluation", "references"]),
        st.sampled_from(["onehot", "integers", None]),
        st.floats(0.1, 1e4),
        st.floats(1, 1e4) | st.just(np.nan),
    ),
    min_size=1,
    max_size=20,
).map(lambda rows: pd.DataFrame(rows, columns=["stage", "arm", "seconds", "peak_memory"]))


@pytest.mark.parametrize(
    ("path", "job"),
    [
        (PATH, Job("training", "onehot", 3)),
        ("../a study/results/benchmarks/splices/arm=no_decay/seed=0.tsv", Job("splices", "no_decay", 0)),
        ("benchmarks/references.tsv", Job("references", None, None)),
    ],
)
def test_the_path_says_whose_job_it_was(path, job):
    assert job_of(path) == job


@pytest.mark.parametrize(
    "path",
    [
        "results/logs/training/arm=onehot/seed=3.tsv",
        "results/benchmarks/training/arm=onehot/seed=three.tsv",
        "results/benchmarks/training/arm=onehot.tsv",
        "results/benchmarks/training/arm=onehot/seed=3.tsv.bak",
    ],
)
def test_another_path_is_one_sentence(path):
    with pytest.raises(StudyError, match=r"does not say whose record it is; name it benchmarks/"):
        job_of(path)


def test_a_record_in_the_studys_words():
    assert job_costs(pd.DataFrame([RECORD]), PATH) == {
        "seconds": 118.22,
        "cpu_seconds": 104.31,
        "peak_memory": 545.93,
        "mean_load": 87.83,
    }


def test_what_snakemake_did_not_see_is_missing():
    unseen = dict.fromkeys(("max_rss", "mean_load", "cpu_time"), np.nan)
    costs = job_costs(pd.DataFrame([{**RECORD, **unseen}]), PATH)
    assert costs.pop("seconds") == 118.22
    assert np.isnan(list(costs.values())).all()


@pytest.mark.parametrize(
    ("record", "fault"),
    [
        (pd.DataFrame([{key: value for key, value in RECORD.items() if key != "max_rss"}]), "lacks the column max_rss"),
        (pd.DataFrame([RECORD]).iloc[:0], "has 0 rows in place of one"),
        (pd.DataFrame([RECORD, RECORD]), "has 2 rows in place of one"),
        (pd.DataFrame([{**RECORD, "cpu_time": "a while"}]), "has a value that is no number"),
        (pd.DataFrame([{**RECORD, "s": np.nan}]), "has no wall-clock time"),
        (pd.DataFrame([{**RECORD, "s": 0.0}]), "has no wall-clock time"),
    ],
)
def test_a_damaged_record_is_one_sentence(record, fault):
    with pytest.raises(StudyError, match=f"{PATH} {fault}.*; delete it and run snakemake again"):
        job_costs(record, PATH)


def test_costs_by_stage():
    table = pd.DataFrame(
        [
            ("training", "onehot", 100.0, 500.0),
            ("training", "onehot", 160.0, 540.0),
            ("training", "onehot", 120.0, np.nan),
            ("training", "integers", 200.0, 550.0),
            ("evaluation", "onehot", 10.0, 400.0),
            ("references", None, 10.0, np.nan),
        ],
        columns=["stage", "arm", "seconds", "peak_memory"],
    )
    costs = costs_by_stage(table)
    assert list(costs["stage"]) == ["training", "training", "evaluation", "references"]
    assert list(costs["jobs"]) == [3, 1, 1, 1]
    assert costs.iloc[0][["lowest", "median", "highest", "total_seconds"]].tolist() == [100, 120, 160, 380]
    assert costs.iloc[0][["median_memory", "peak_memory"]].tolist() == [520, 540]
    assert costs["seconds_share"].tolist() == pytest.approx([380 / 600, 200 / 600, 10 / 600, 10 / 600])
    assert costs["arm"].isna().tolist() == [False, False, False, True]


@settings(max_examples=20)
@given(jobs)
def test_no_job_is_lost_or_counted_twice(table):
    costs = costs_by_stage(table)
    assert costs["jobs"].sum() == len(table)
    assert costs["total_seconds"].sum() == pytest.approx(table["seconds"].sum())
    assert costs["seconds_share"].sum() == pytest.approx(1)
    assert (costs["lowest"] <= costs["median"]).all()
    assert (costs["median"] <= costs["highest"]).all()
    assert (costs["highest"] <= costs["total_seconds"] * (1 + 1e-12)).all()
    pairs = table[["stage", "arm"]].drop_duplicates()
    assert len(costs) == len(pairs)
    assert list(costs["stage"]) == list(pairs["stage"])
    assert list(costs["arm"].isna()) == list(pairs["arm"].isna())
