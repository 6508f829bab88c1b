"""Values over seeds, and edits against their controls: what must hold of any numbers."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from goalsplice.analysis import over_seeds as module
from goalsplice.analysis import statistics
from goalsplice.analysis.over_seeds import against_controls, summarise, with_runs
from goalsplice.analysis.statistics import exact_paired_tests, holm, interquartile_mean, over_pairs, over_seeds

NUMBERS = st.floats(-10, 10).map(lambda value: round(value, 3))
TABLES = st.integers(1, 6).flatmap(
    lambda seeds: st.lists(st.lists(NUMBERS, min_size=seeds, max_size=seeds), min_size=1, max_size=4)
)
few = settings(max_examples=8)


@pytest.fixture(scope="module", autouse=True)
def few_resamples():
    """What holds of any numbers holds of any resamples; fewer take less time."""
    with pytest.MonkeyPatch.context() as patch:
        for found in (module, statistics):
            patch.setattr(found, "_RESAMPLES", 500)
        yield


def long(values, **known):
    """A row a group and seed: the groups' doses are missing, 1, 2, ..."""
    doses = [np.nan, *range(1, len(values))]
    rows = [
        {**known, "dose": dose, "seed": 10 - number, "value": value}
        for dose, of_group in zip(doses, values, strict=True)
        for number, value in enumerate(of_group)
    ]
    return pd.DataFrame(rows)


@few
@given(TABLES, st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(values, chance):
    rows = long(values)
    order = list(rows.index)
    chance.shuffle(order)
    for put in (
        lambda frame: summarise(frame, ["dose"], ["value"], means=["value"], middles=["value"]),
        lambda frame: with_runs(frame, ["dose"]),
    ):
        keys = [name for name in ("dose", "seed") if name in put(rows)]
        found = [put(frame).sort_values(keys, ignore_index=True) for frame in (rows, rows.loc[order])]
        pd.testing.assert_frame_equal(*found)


@few
@given(TABLES)
def test_each_group_has_the_numbers_of_its_own_seeds(values):
    found = summarise(long(values), ["dose"], ["value"], means=["value"])
    assert list(found["seeds"]) == [len(of_group) for of_group in values]
    for row, of_group in zip(found.itertuples(index=False), values, strict=True):
        # Seeds fall along the rows, and are resampled in order.
        own = over_seeds(np.array(of_group[::-1]))
        assert (row.value, row.value_low, row.value_high) == pytest.approx(tuple(own), nan_ok=True)
        assert row.mean_value == pytest.approx(np.mean(of_group))


@few
@given(NUMBERS, st.integers(2, 12))
def test_equal_seeds_give_an_interval_without_width(value, seeds):
    (row,) = summarise(long([[value] * seeds]), ["dose"], ["value"]).itertuples(index=False)
    assert row.value == pytest.approx(value)
    assert row.value_low == pytest.approx(value)
    assert row.value_high == pytest.approx(value)


def test_a_missing_value_is_a_seed_less():
    rows = long([[1.0, 2.0, np.nan], [np.nan] * 3])
    found = summarise(rows, ["dose"], ["value"], middles=["value"])
    assert list(found["seeds"]) == [2, 0]
    assert found["value"].tolist() == pytest.approx([1.5, np.nan], nan_ok=True)
    assert len(with_runs(rows, ["dose"])) == 2 + 1


def test_two_rows_of_a_seed_are_an_error_where_no_mean_is_meant():
    rows = pd.concat([long([[1.0, 2.0]])] * 2)
    with pytest.raises(ValueError, match="several rows"):
        summarise(rows, ["dose"], ["value"])


@few
@given(TABLES)
def test_runs_stand_beside_what_is_over_them(values):
    rows = pd.concat([long(values), long(values).assign(value=lambda frame: frame["value"] + 1)])
    found = with_runs(rows, ["dose"])
    over, runs = found[found["seed"].isna()], found[found["seed"].notna()]
    assert len(over) == len(values)
    for row, of_group in zip(over.itertuples(index=False), values, strict=True):
        own = runs[runs["dose"].isna() if np.isnan(row.dose) else runs["dose"] == row.dose]
        assert own["value"].tolist() == pytest.approx([value + 0.5 for value in of_group]), "means of a run's rows"
        assert row.value == pytest.approx(float(interquartile_mean(own["value"].to_numpy())))
        assert (row.lowest_seed, row.highest_seed, row.seeds) == (own["value"].min(), own["value"].max(), len(own))
    assert runs["low"].isna().all()


def test_pairs_of_runs_get_the_interval_over_runs():
    """What a source run gives is alike everywhere: seeds' means say nothing of another source."""
    pairs = [(seed, source) for seed in range(6) for source in range(6)]
    rows = pd.DataFrame(pairs, columns=["seed", "source"]).assign(key="a", value=lambda frame: frame["source"] / 10)
    alone = rows.assign(key="b", source=rows["seed"])
    found = with_runs(pd.concat([rows, alone]), ["key"], "source").query("seed.isna()").set_index("key")
    own = rows[rows["seed"] != rows["source"]]
    expected = over_pairs(own["seed"], own["source"], own["value"])
    assert found.loc["a", ["value", "low", "high"]].tolist() == pytest.approx(list(expected))
    assert found.loc["b", "high"] - found.loc["b", "low"] < found.loc["a", "high"] - found.loc["a", "low"] + 1


def controlled(edits, control="gaussian", **known):
    """An edit a dose, each seed 1 in it and less in its control."""
    own = long([[1.0] * len(margins) for margins in edits], control="no_control", **known)
    return pd.concat([own, own.assign(control=control, value=[1 - one for margins in edits for one in margins])])


FAMILY = ["arm", "control"]


@few
@given(TABLES)
def test_margins_and_tests_are_of_the_same_runs(margins):
    found = against_controls(controlled(margins, arm="a"), ["arm", "dose"], "value", FAMILY)
    own, beside = found[found["control"] == "no_control"], found[found["control"] != "no_control"]
    assert own[["margin", "p", "p_holm"]].isna().all(axis=None)
    assert (own["tried"] == 0).all()
    values = np.array(margins)[:, ::-1]
    assert beside["margin"].tolist() == pytest.approx([float(interquartile_mean(row)) for row in values])
    p = exact_paired_tests(np.ones_like(values), 1 - values)
    assert beside["p"].tolist() == pytest.approx(p.tolist())
    assert beside["p_holm"].tolist() == pytest.approx(holm(p).tolist())
    assert (beside["tried"] == len(margins)).all()


@few
@given(TABLES, NUMBERS)
def test_more_edits_cost_more_and_other_controls_nothing(margins, other):
    def p_holm(frame):
        found = against_controls(frame, ["arm", "dose"], "value", FAMILY)
        return found[(found["control"] == "gaussian") & found["dose"].isna()]["p_holm"].item()

    rows = controlled(margins, arm="a")
    alone = rows[rows["dose"].isna()]
    assert p_holm(rows) >= p_holm(alone) - 1e-12
    elsewhere = controlled([[other] * len(margins[0])], control="permuted", arm="a").query("control != 'no_control'")
    assert p_holm(pd.concat([rows, elsewhere])) == pytest.approx(p_holm(rows))
    assert p_holm(pd.concat([rows, rows.assign(arm="b")]).query("arm == 'a'")) == pytest.approx(p_holm(rows))


@given(st.lists(st.floats(0, 1), min_size=1, max_size=8))
def test_holm_keeps_the_order_and_lowers_nothing(p):
    corrected = holm(np.array(p))
    order = np.argsort(p, kind="stable")
    assert (np.diff(corrected[order]) >= -1e-12).all()
    assert (corrected >= np.array(p) - 1e-12).all()
    assert (corrected <= 1).all()
