"""Units are taken with the weights that are theirs, the largest or most important first."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from edits.contexts import context_of
from goalsplice.edits.attribution import attribution
from goalsplice.edits.delta import WeightDelta
from goalsplice.edits.units import COUNTS, take_units, unit_edits, unit_totals

HIDDEN = 16
SIDES = {"incoming": (True, False), "outgoing": (False, True), "incoming and outgoing": (True, True)}
units = st.integers(0, 3 * HIDDEN - 1)
sides = st.sampled_from(list(SIDES.values()))


@pytest.fixture(scope="module")
def attributions(context):
    return attribution(context)


@pytest.fixture(scope="module")
def edits(attributions):
    """By name, then by dose."""
    found = {}
    for edit in unit_edits(attributions):
        found.setdefault(edit.name, {})[edit.dose] = edit
    return found


def only(unit):
    chosen = torch.zeros(3 * HIDDEN, dtype=torch.bool)
    chosen[unit] = True
    return chosen


def places(recipient, edited):
    return {name: edited[name] != recipient[name] for name in recipient}


def taken(recipient, edited, side) -> int:
    """How many units an edit took, counted in the weights."""
    layers, along = (("layer1", "layer2", "layer3"), 1) if "incoming" in side else (("layer2", "layer3", "layer4"), 0)
    changed = places(recipient, edited)
    if side == "incoming and outgoing":
        return sum(int(changed[f"{layer}.bias"].sum()) for layer in layers)
    return sum(int(changed[f"{layer}.weight"].all(dim=along).sum()) for layer in layers)


@given(units)
def test_one_unit_has_a_row_a_bias_and_a_column(recipient, donor, unit):
    number, place = divmod(unit, HIDDEN)
    layer, following = f"layer{number + 1}", f"layer{number + 2}"
    incoming, outgoing = ({name: part.clone() for name, part in recipient.items()} for _ in range(2))
    incoming[f"{layer}.weight"][place] = donor[f"{layer}.weight"][place]
    incoming[f"{layer}.bias"][place] = donor[f"{layer}.bias"][place]
    outgoing[f"{following}.weight"][:, place] = donor[f"{following}.weight"][:, place]
    both = {name: torch.where(incoming[name] != recipient[name], incoming[name], outgoing[name]) for name in recipient}
    for side, expected in zip(SIDES.values(), (incoming, outgoing, both), strict=True):
        torch.testing.assert_close(take_units(recipient, donor, only(unit), *side), expected, rtol=0, atol=0)


def test_all_units_are_all_but_what_no_unit_has(recipient, donor):
    everything = torch.ones(3 * HIDDEN, dtype=torch.bool)
    without = {
        "incoming": ("layer4.weight", "layer4.bias"),
        "outgoing": ("layer1.weight", "layer1.bias", "layer2.bias", "layer3.bias", "layer4.bias"),
        "incoming and outgoing": ("layer4.bias",),
    }
    for side, left in without.items():
        expected = {name: recipient[name] if name in left else donor[name] for name in recipient}
        torch.testing.assert_close(take_units(recipient, donor, everything, *SIDES[side]), expected, rtol=0, atol=0)


@given(units, sides)
def test_totals_are_of_what_would_be_taken(recipient, donor, unit, side):
    squares = {name: part.square() for name, part in WeightDelta(recipient, donor).tensors.items()}
    totals = unit_totals(squares, *side)
    assert totals.shape == (3 * HIDDEN,)
    edited = take_units(recipient, donor, only(unit), *side)
    assert WeightDelta(recipient, edited).norm ** 2 == pytest.approx(float(totals[unit]), rel=1e-4)


def test_there_is_every_side_order_and_dose(edits):
    assert set(edits) == {f"{side}, by {order}" for side in SIDES for order in ("size", "attribution")}
    for by_dose in edits.values():
        assert list(by_dose) == [count for count in COUNTS if count <= 3 * HIDDEN]


def test_larger_doses_hold_the_smaller(recipient, donor, edits):
    for name, by_dose in edits.items():
        before = None
        for count, edit in by_dose.items():
            edited = edit.make(context_of(recipient, donor))
            now = places(recipient, edited)
            assert taken(recipient, edited, name.split(",")[0]) == count
            assert before is None or all((now[part] | ~before[part]).all() for part in now)
            before = now


@pytest.mark.parametrize("side", ["incoming", "outgoing"])
def test_by_size_takes_the_largest(recipient, donor, edits, side):
    """On one side no weight belongs to two units, so the norm of the largest units is the largest of all."""
    for edit in edits[f"{side}, by size"].values():
        largest = WeightDelta(recipient, edit.make(context_of(recipient, donor))).norm
        drawn = [
            WeightDelta(recipient, edit.at_random(np.random.default_rng(seed))(context_of(recipient, donor))).norm
            for seed in range(20)
        ]
        assert max(drawn) <= largest
        assert edit.dose >= HIDDEN or min(drawn) < largest


@pytest.mark.parametrize("side", SIDES)
def test_by_attribution_takes_the_highest_and_not_the_farthest_from_nought(recipient, donor, side):
    attributions = {name: torch.zeros_like(part) for name, part in recipient.items()}
    incoming, outgoing = SIDES[side]
    if incoming:
        attributions["layer2.weight"][5, 1], attributions["layer3.bias"][7] = 0.25, -2.0
    if outgoing:
        attributions["layer3.weight"][1, 5], attributions["layer4.weight"][2, 7] = 0.25, -2.0
    (edit,) = (edit for edit in unit_edits(attributions) if edit.name == f"{side}, by attribution" and edit.dose == 1)
    expected = take_units(recipient, donor, only(HIDDEN + 5), incoming, outgoing)
    if side == "incoming and outgoing":
        expected = edit.make(context_of(recipient, donor))
        assert expected["layer2.bias"][5] == donor["layer2.bias"][5]
    torch.testing.assert_close(edit.make(context_of(recipient, donor)), expected, rtol=0, atol=0)


def test_random_units_are_as_many(recipient, donor, edits):
    for name, by_dose in edits.items():
        side = name.split(",")[0]
        for count, edit in by_dose.items():
            drawn = [edit.at_random(np.random.default_rng(seed))(context_of(recipient, donor)) for seed in (0, 0, 1, 2)]
            assert {taken(recipient, network, side) for network in drawn} == {count}
            torch.testing.assert_close(drawn[0], drawn[1], rtol=0, atol=0)
            assert count >= HIDDEN or any(WeightDelta(network, drawn[0]).size > 0 for network in drawn[2:])


def in_layers(units):
    """How many of some units, bool (3 H,), are in each hidden layer."""
    return units.view(3, HIDDEN).sum(dim=1).tolist()


def units_of(recipient, edited, side):
    """Which units an edit took, bool (3 H,): those all of whose weights on a side differ."""
    changed = places(recipient, edited)
    if side == "incoming":
        return torch.cat([changed[f"layer{number}.bias"] for number in (1, 2, 3)])
    return torch.cat([changed[f"layer{number}.weight"].all(dim=0) for number in (2, 3, 4)])


@given(st.integers(0, 2**32 - 1), st.sampled_from(("incoming", "outgoing")), st.sampled_from(COUNTS[:5]))
def test_random_units_are_in_the_layers_of_the_edits_own(recipient, donor, seed, side, count):
    scores = np.random.default_rng(seed)
    attributions = {name: torch.from_numpy(scores.standard_normal(part.shape)) for name, part in recipient.items()}
    for edit in unit_edits(attributions):
        if edit.dose == count and edit.name.startswith(f"{side},"):
            own = units_of(recipient, edit.make(context_of(recipient, donor)), side)
            drawn = units_of(recipient, edit.at_random(np.random.default_rng(seed))(context_of(recipient, donor)), side)
            assert in_layers(drawn) == in_layers(own)
            assert sum(in_layers(own)) == count


def test_random_units_are_any_of_their_layer_but_dead_ones(recipient, donor):
    """Layer 2 has three units in use, and the largest is taken; over many draws each of the three is drawn."""
    sizes = torch.full((HIDDEN,), 1e-9)
    sizes[[3, 5, 11]] = torch.tensor([0.5, 1.0, 0.7])
    alike = {**recipient, "layer2.bias": recipient["layer2.bias"] + sizes}
    (edit,) = (
        edit
        for edit in unit_edits({name: torch.zeros_like(part) for name, part in recipient.items()})
        if edit.name == "incoming, by size" and edit.dose == 1
    )
    expected = take_units(recipient, alike, only(HIDDEN + 5), True, False)
    torch.testing.assert_close(edit.make(context_of(recipient, alike)), expected, rtol=0, atol=0)
    found = set()
    for seed in range(40):
        drawn = edit.at_random(np.random.default_rng(seed))(context_of(recipient, alike))
        (unit,) = (drawn["layer2.bias"] != recipient["layer2.bias"]).nonzero()[:, 0].tolist()
        found.add(unit)
    assert found == {3, 5, 11}


def test_with_another_donor_by_attribution_keeps_its_units(recipient, donor, edits):
    other = {
        name: part * torch.linspace(0.1, 3, len(part)).view(-1, *[1] * (part.dim() - 1)) for name, part in donor.items()
    }
    for name, by_dose in edits.items():
        side, _, order = name.partition(", by ")
        if order == "attribution" and side != "incoming and outgoing":
            for edit in by_dose.values():
                own, stand_in = (
                    units_of(recipient, edit.make(context_of(recipient, actor)), side) for actor in (donor, other)
                )
                assert torch.equal(own, stand_in)
                assert {"same_goal_donor", "sign_flipped", "permuted", "gaussian"} <= set(edit.controls)
