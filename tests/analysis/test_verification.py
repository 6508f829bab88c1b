"""Files made again are held to the published digests, each under its kind and part."""

import pytest

from goalsplice.analysis.verification import by_kind, compared, part_of, reasons

EXPECTED = {
    "runs/arm=onehot/seed=1/checkpoints/phase=00.safetensors": "a",
    "runs/arm=onehot/seed=1/checkpoints/phase=01.safetensors": "b",
    "runs/arm=onehot/seed=1/evaluation.parquet": "c",
    "tables/summary.parquet": "d",
    "figures/seeds.svg": "e",
}


def test_equal_files_are_equal():
    kinds = by_kind(compared(EXPECTED, EXPECTED))
    assert list(kinds.index) == ["checkpoints", "evaluation", "tables", "figures"]
    assert kinds["equal"].tolist() == [2, 1, 1, 1]
    assert (kinds[["differs", "missing"]] == 0).all(axis=None)
    assert set(kinds["first that differs"]) == {""}


def test_the_first_that_differs_is_named_with_run_and_phase():
    found = EXPECTED | {name: "other" for name in EXPECTED if "phase=01" in name or "summary" in name}
    del found["figures/seeds.svg"]
    kinds = by_kind(compared(EXPECTED, found | {"figures/new.svg": "f"}))
    assert kinds.loc["checkpoints"].tolist() == [1, 1, 0, "onehot, seed 1, phase 01"]
    assert kinds.loc["tables", "first that differs"] == "summary.parquet"
    assert kinds.loc["figures", ["equal", "differs", "missing"]].tolist() == [0, 0, 2]


def test_a_damaged_file_differs():
    assert set(compared(EXPECTED, EXPECTED | {"tables/summary.parquet": None})["state"]) == {"equal", "differs"}


@pytest.mark.parametrize(
    ("path", "part"),
    [
        ("runs/arm=onehot/seed=1/training.parquet", "study"),
        ("runs/arm=onehot/seed=7/checkpoints/phase=03.safetensors", "tuning"),
        ("runs/arm=decay_0/seed=201/switches.parquet", "ablations"),
        ("tables/summary.parquet", "study"),
        ("tables/ablations.parquet", "ablations"),
        ("figures/schedules.svg", "ablations"),
        ("tuning/retargeting_effects.parquet", "tuning"),
    ],
)
def test_each_file_has_its_part(path, part):
    assert part_of(path, {"arms": {"onehot": {}}, "seeds": [1]}, {"ablations", "schedules"}) == part


def test_reasons_name_what_is_other():
    here = {"configuration": "c", "arithmetic": "portable", "libraries": {"numpy": "2.0", "torch": "3"}}
    assert len(reasons(here, here)) == 1
    assert "code is another one" in reasons(here, here)[0]
    other = {"configuration": "d", "arithmetic": "native", "libraries": {"numpy": "2.1", "torch": "3"}}
    said = " ".join(reasons(here, other))
    assert "configuration" in said
    assert "native" in said
    assert "numpy 2.1 instead of 2.0" in said
    assert "torch" not in said
