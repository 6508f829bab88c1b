"""Recoveries from tables of splices whose answer is known."""

from itertools import product

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from goalsplice.analysis.recovery import (
    effects,
    recoveries,
    smallest,
    with_recovery,
)
from goalsplice.analysis.statistics import interquartile_mean
from goalsplice.io.tables import table_schema
from goalsplice.settings.labels import FAIR, SUFFICIENT
from goalsplice.settings.recovery import SMALLEST_GAP

COLOURS = ("blue", "purple")
WHOLE = "layer1+layer2+layer3+layer4"
shares = st.floats(0, 1)


def network(share, edit="layer1", control="no_control", seed=1, pair=(18, 19), family="layers", dose=np.nan, **others):
    """A row of the splices table: one that takes the donor's colour in `share` of the episodes."""
    recipient, donor = (COLOURS[phase % 2] for phase in pair)
    return {
        "arm": "onehot",
        "seed": seed,
        "recipient_phase": pair[0],
        "donor_phase": pair[1],
        "recipient_objective": recipient,
        "donor_objective": donor,
        "family": family,
        "edit": edit,
        "dose": dose,
        "control": control,
        "draw": 0,
        "size": 10,
        "norm": 1.0,
        "episode_share_donor": share,
        "episode_share_crash": 0.25,
        "episode_share_timeout": 0.0625,
        "mean_length": 12.0,
        **others,
    }


def bounds(floor=0.0, ceiling=1.0, **where):
    """The rows that scale the others."""
    return [network(floor, "unedited", **where), network(ceiling, WHOLE, **where)]


def recovered(rows):
    """Rows with their recovery; edit and control as index."""
    return with_recovery(pd.DataFrame(rows)).set_index(["edit", "control"])


def table(values, bounded=None):
    """A splices table of floor 0 and ceiling 1, so that recoveries are shares.

    Args:
        values: a `network`'s arguments each.
        bounded: seeds and pairs that have bounds; by default those of `values`.
    """
    where = bounded or sorted({(value.get("seed", 1), value.get("pair", (18, 19))) for value in values})
    rows = [row for seed, pair in where for row in bounds(seed=seed, pair=pair)]
    return with_recovery(pd.DataFrame(rows + [network(**value) for value in values]))


@settings(max_examples=30)
@given(shares, shares, shares)
def test_the_floor_is_0_the_ceiling_1_and_between_it_is_linear(floor, ceiling, at):
    assume(ceiling - floor >= SMALLEST_GAP)
    found = recovered([*bounds(floor, ceiling), network(floor + at * (ceiling - floor))])["recovery"]
    assert found["unedited", "no_control"] == 0
    assert found[WHOLE, "no_control"] == 1
    assert found["layer1", "no_control"] == pytest.approx(at, abs=1e-9)


def test_it_may_be_beyond_both():
    rows = [*bounds(0.2, 0.6), network(0.1), network(0.8, "layer2")]
    found = recovered(rows)["recovery"]
    assert found["layer1", "no_control"] == pytest.approx(-0.25)
    assert found["layer2", "no_control"] == pytest.approx(1.5)


@settings(max_examples=30)
@given(shares, shares, shares)
def test_edits_and_controls_are_of_the_same_pairs_and_scale(floor, ceiling, share):
    rows = [network(share), network(share, control="gaussian")]
    found = recovered([*bounds(floor, ceiling), *rows])["recovery"].loc["layer1"]
    assert np.isfinite(found).all() if ceiling - floor >= SMALLEST_GAP else np.isnan(found).all()
    np.testing.assert_array_equal(found["no_control"], found["gaussian"])


def test_where_floor_and_ceiling_hardly_differ_nothing_is_said():
    narrow, wide = 0.5 + 0.99 * SMALLEST_GAP, 0.5 + 1.01 * SMALLEST_GAP
    rows = [network(0.5), network(0.5, control="gaussian")]
    assert recovered([*bounds(0.5, narrow), *rows])["recovery"].isna().all()
    assert recovered([*bounds(0.5, wide), *rows])["recovery"].notna().all()
    assert recovered([*bounds(0.9, 0.1), *rows])["recovery"].isna().all()


def test_controls_that_ask_something_else_need_not_be_beaten():
    assert not {"complement", "other_seed_donor", "optimised_8x_budget"} & set(FAIR)


def test_each_pair_has_its_own_bounds():
    where = [{"seed": seed, "pair": pair} for seed in (1, 2) for pair in ((18, 19), (19, 18))]
    rows = [row for number, place in enumerate(where) for row in bounds(0.1 * number, 0.5 + 0.1 * number, **place)]
    rows += [network(0.25 + 0.1 * number, **place) for number, place in enumerate(where)]
    found = with_recovery(pd.DataFrame(rows).sample(frac=1, random_state=0))
    assert found.loc[found["edit"] == "layer1", "recovery"].to_numpy() == pytest.approx(0.5)


def test_a_run_has_the_mean_over_pairs_and_draws():
    """A pair that says nothing counts into the shares, and not into the recovery."""
    rows = [*bounds(pair=(18, 19)), *bounds(pair=(19, 20)), *bounds(0.5, 0.5, pair=(20, 19))]
    rows += [network(0.25, pair=(18, 19)), network(0.75, pair=(19, 20)), network(0.5, pair=(20, 19))]
    rows += [network(0.125, control="gaussian", draw=draw, size=10 + draw) for draw in range(2)]
    rows += [network(0.5, family="units", dose=dose, edit="incoming") for dose in (1, 2)]
    by_seed = recoveries(with_recovery(pd.DataFrame(rows)))
    layer1 = by_seed[by_seed["edit"] == "layer1"].set_index("control")
    own, gaussian = layer1.loc["no_control"], layer1.loc["gaussian"]
    assert (own["recovery"], own["episode_share_donor"], own["networks"], own["networks_with_recovery"]) == (
        0.5,
        0.5,
        3,
        2,
    )
    assert (gaussian["recovery"], gaussian["networks"], gaussian["networks_with_recovery"], gaussian["size"]) == (
        0.125,
        2,
        2,
        10.5,
    )
    assert by_seed.loc[by_seed["family"] == "units", "dose"].tolist() == [1, 2]


def runs(values, **others):
    """By-seed recoveries of one edit or control, one value a seed."""
    return [{"share": value, "seed": seed, **others} for seed, value in enumerate(values, start=1)]


@pytest.mark.parametrize("seeds", [1, 2, 3, 6])
def test_an_edit_that_wins_in_all_seeds_has_the_smallest_p_there_is(seeds):
    better, worse = np.linspace(0.6, 0.9, seeds), np.linspace(0.1, 0.5, seeds)
    found = effects(
        recoveries(table(runs(better) + runs(worse, control="gaussian") + runs(better, control="sign_flipped")))
    )
    found = found[found["edit"] == "layer1"].set_index("control")
    assert found["p"]["gaussian"] == pytest.approx(2.0**-seeds)
    assert found["p"]["sign_flipped"] == 1
    assert found["p"].isna().to_dict() == {"no_control": True, "gaussian": False, "sign_flipped": False}
    exchanged = effects(recoveries(table(runs(worse) + runs(better, control="gaussian"))))
    assert exchanged.set_index(["edit", "control"])["p"]["layer1", "gaussian"] == 1


def test_p_values_are_corrected_for_all_edits_of_the_family_with_that_control():
    def with_gaussian(better, edit, **others):
        worse = [0.5] * len(better)
        return [*runs(better, edit=edit, **others), *runs(worse, edit=edit, control="gaussian", **others)]

    values = with_gaussian([0.9] * 6, "layer1")
    values += with_gaussian([0.9] * 5 + [0.25], "layer2")
    values += with_gaussian([0.25] * 6, "layer3")
    values += with_gaussian([0.9] * 6, "incoming", family="units", dose=1)
    values += with_gaussian([0.9] * 5 + [0.25], "incoming", family="units", dose=2)
    values += runs([0.5] * 6, edit="layer2", control="sign_flipped")
    found = effects(recoveries(table(values))).set_index(["family", "control", "edit", "dose"]).sort_index()
    gaussian = found.loc["layers", "gaussian"].droplevel("dose")
    assert gaussian["tried"].to_dict() == {"layer1": 3, "layer2": 3, "layer3": 3}
    assert gaussian["p"]["layer1"] == pytest.approx(1 / 64)
    assert gaussian["p_holm"]["layer1"] == pytest.approx(3 / 64)
    assert gaussian["p_holm"]["layer2"] == pytest.approx(2 * gaussian["p"]["layer2"])
    units = found.loc["units", "gaussian", "incoming"]
    assert units["tried"].tolist() == [2, 2]
    assert units["p_holm"].tolist() == pytest.approx([2 / 64, units["p"][2.0]])
    flipped = found.loc["layers", "sign_flipped", "layer2"].iloc[0]
    assert flipped["tried"] == 1
    assert flipped["p_holm"] == flipped["p"]


def test_edits_are_tested_against_the_same_seeds_control():
    """In whatever order rows are; a seed without the control does not count."""
    own = {1: 0.9, 2: 0.5, 3: 0.7, 4: 0.1}
    gaussian = {3: 0.6, 1: 0.8, 2: 0.4}
    values = [{"share": share, "seed": seed} for seed, share in own.items()]
    values += [{"share": share, "seed": seed, "control": "gaussian"} for seed, share in gaussian.items()]
    found = effects(recoveries(table(values))).set_index(["edit", "control"])
    assert found["p"]["layer1", "gaussian"] == pytest.approx(1 / 8)
    assert found["seeds"].loc["layer1"].to_dict() == {"no_control": 4, "gaussian": 3}
    assert found["recovery"]["layer1", "gaussian"] == pytest.approx(0.6)


def test_a_seed_without_the_control_leaves_its_other_measures():
    values = [*runs([0.9, 0.5, 0.7]), *runs([0.8, 0.4], control="gaussian")]
    found = effects(recoveries(table(values))).set_index(["edit", "control"])
    measures = ["episode_share_crash", "episode_share_timeout", "mean_length"]
    assert found.loc[("layer1", "gaussian"), measures].tolist() == [0.25, 0.0625, 12]


def test_effects_are_statistics_over_seeds():
    values = [0.1, 0.5, 0.6, 0.7, 0.2, 0.9, 0.4, 0.8]
    found = effects(recoveries(table(runs(values)))).set_index("edit").loc["layer1"]
    assert found["recovery"] == pytest.approx(float(interquartile_mean(np.array(values))))
    assert found["mean_recovery"] == pytest.approx(np.mean(values))
    assert found["episode_share_donor"] == pytest.approx(found["recovery"])
    for name in ("recovery", "mean_recovery", "episode_share_donor"):
        assert found[f"{name}_low"] < found[name] < found[f"{name}_high"]
    assert (found["seeds"], found["size"], found["norm"]) == (8, 10, 1)
    assert (found["episode_share_crash"], found["episode_share_timeout"], found["mean_length"]) == (0.25, 0.0625, 12)


FIRST, SECOND = (18, 19), (19, 20)


def by_half(found, scored, others=0.5, dose=1.0, seeds=4, pairs=(FIRST, SECOND)):
    """Recoveries of a dose on the half where it is looked for, the half where it is scored, and in neither."""
    values = []
    for (number, pair), seed in product(enumerate(pairs), range(seeds)):
        halves = {number % 2 if len(pairs) > 1 else None, seed % 2 if seeds > 1 else None} - {None}
        share = {frozenset({0}): found, frozenset({1}): scored}.get(frozenset(halves), others)
        for direction in (pair, pair[::-1]):
            values.append({"share": share, "seed": seed, "pair": direction, "family": "units", "dose": dose})
    return [{**value, "edit": "incoming", "size": int(10 * dose)} for value in values]


def only(frame):
    (row,) = frame.to_dict("records")
    return row


@pytest.mark.parametrize("others", [0.0, 0.5, 1.0])
def test_the_smallest_dose_is_found_on_one_half_and_scored_on_the_other(others):
    """What is neither does not count."""
    values = by_half(0.5, 1.0, others, dose=1) + by_half(1.0, 0.25, others, dose=2) + by_half(1.0, 0.75, others, dose=4)
    row = only(smallest(table(values)))
    assert (row["family"], row["edit"], row["dose"], row["size"], row["seeds"]) == ("units", "incoming", 2, 20, 2)
    assert row["found_recovery"] == pytest.approx(1)
    assert row["recovery"] == row["low"] == row["high"] == pytest.approx(0.25)


def test_doses_need_not_come_in_order():
    values = by_half(1.0, 0.25, dose=4) + by_half(1.0, 0.5, dose=2) + by_half(0.5, 1.0, dose=1)
    row = only(smallest(table(values)))
    assert (row["dose"], row["recovery"]) == (2, pytest.approx(0.5))


@pytest.mark.parametrize(("seeds", "pairs"), [(1, (FIRST, SECOND)), (4, (FIRST,)), (3, (FIRST, SECOND, (20, 21)))])
def test_few_runs_or_pairs_are_halved_too(seeds, pairs):
    row = only(smallest(table(by_half(1.0, 0.25, seeds=seeds, pairs=pairs))))
    assert row["found_recovery"] == pytest.approx(1)
    assert row["recovery"] == pytest.approx(0.25)
    assert row["seeds"] == max(1, seeds // 2)


def test_without_a_dose_that_is_enough_the_numbers_are_missing():
    """Also when it is enough where it would have been scored."""
    row = only(smallest(table(by_half(SUFFICIENT - 0.01, 1.0) + by_half(0.5, 1.0, dose=2))))
    assert np.isnan([row[name] for name in ("dose", "size", "found_recovery", "recovery", "low", "high")]).all()
    assert row["seeds"] == 0
    assert only(smallest(table(by_half(SUFFICIENT + 0.01, 1.0))))["dose"] == 1


def test_a_seed_without_recovery_is_not_one_on_which_it_was_scored():
    """Seed 3's recipient and donor do the same where it would count."""
    values = by_half(1.0, 0.5)
    splices = table(values)
    splices.loc[(splices["seed"] == 3), "recovery"] = np.nan
    row = only(smallest(splices))
    assert row["recovery"] == pytest.approx(0.5)
    assert row["seeds"] == 1


def test_only_edits_on_a_scale_have_a_smallest_dose():
    values = by_half(1.0, 1.0)
    values += [{**value, "family": "linear interpolation", "edit": "whole actor"} for value in values]
    values += [{**value, "control": "gaussian", "dose": 0.5} for value in by_half(1.0, 1.0)]
    assert smallest(table(values))["edit"].tolist() == ["incoming"]


@settings(max_examples=20)
@given(st.randoms(use_true_random=False))
def test_the_order_of_edits_within_a_pair_does_not_matter(random):
    """Runs and pairs stand in the table's order, from which the halves follow; the rest may stand anyhow."""
    values = by_half(1.0, 0.25, dose=2) + by_half(0.5, 1.0, dose=1)
    random.shuffle(values)
    values.sort(key=lambda value: (value["seed"], max(value["pair"])))
    row = only(smallest(table(values)))
    assert (row["dose"], row["recovery"]) == (2, pytest.approx(0.25))


def test_tables_have_the_columns_of_their_schema(pytestconfig):
    schemas = pytestconfig.rootpath / "workflow/schemas/tables.yaml"
    splices = table(by_half(1.0, 0.5) + runs([0.5, 0.75]) + runs([0.5, 0.75], control="gaussian"))
    by_seed = recoveries(splices)
    found = {"recoveries": by_seed, "edit_effects": effects(by_seed), "smallest_edits": smallest(splices)}
    for name, frame in found.items():
        assert sorted(frame) == sorted(table_schema(schemas, name).names)
