"""The controls of an edit: which there are, how often, and that every random draw is the edit's own."""

from collections import Counter
from dataclasses import replace

import pytest
import torch

from edits.contexts import checkpoint, donors_of
from goalsplice.edits.controlled import DRAWN, OF_OTHER_DONORS, control, controlled
from goalsplice.edits.edit import Edit
from goalsplice.edits.layers import spliced

DRAWS = 3
ALONE = ("sign_flipped", "complement", *OF_OTHER_DONORS, "optimised_8x_budget")


@pytest.fixture(scope="module")
def donors(context):
    """Three actors in place of the donor."""
    return donors_of(context, *OF_OTHER_DONORS)


@pytest.fixture
def edit():
    """A splice with every control that there is."""
    return Edit("layers", "layer2", spliced(("layer2",)), controls=(*ALONE, *DRAWN))


@pytest.fixture
def drawn(context, edit, donors):
    """The network of a control of the edit, or of a similar edit or context."""

    def drawn(name, context=context, edit=edit, draw=0, key=None):
        return control(context, edit, edit.make(context), name, donors, draw, key or context.key)

    return drawn


def equal(one, other):
    return all(torch.equal(one[name], other[name]) for name in one)


def labels(networks):
    return [(edited.control, edited.draw) for edited in networks]


def test_every_control_is_made_and_those_that_are_drawn_several_times(context, edit, donors):
    networks = list(controlled(context, edit, donors, DRAWS))
    assert labels(networks)[0] == ("no_control", 0)
    assert equal(networks[0].network, edit.make(context))
    found = Counter(edited.control for edited in networks)
    assert found == {"no_control": 1, **dict.fromkeys(ALONE, 1), **dict.fromkeys(DRAWN, DRAWS)}
    for name in DRAWN:
        assert [edited.draw for edited in networks if edited.control == name] == list(range(DRAWS))
    assert all(edited.edit is edit for edited in networks)
    assert labels(controlled(context, edit._replace(controls=()), donors, DRAWS)) == [("no_control", 0)]


def test_other_donors_take_the_donors_place_and_missing_ones_are_left_out(context, edit, donors, drawn):
    for name, donor in donors.items():
        assert equal(drawn(name), edit.make(context._replace(donor=donor)))
    alone = {"untrained_donor": donors["untrained_donor"]}
    found = {edited.control for edited in controlled(context, edit, alone, 1)}
    assert found == {"no_control", *ALONE, *DRAWN} - {"same_goal_donor", "other_seed_donor"}


def test_a_draw_is_repeatable_and_differs_from_others(context, edit, drawn):
    """Other draws, other doses, names, families and contexts: each has random numbers of its own."""
    run = context.run
    others = {
        "draw": {"draw": 1},
        "dose": {"edit": edit._replace(dose=0.5)},
        "name": {"edit": edit._replace(name="layer3")},
        "family": {"edit": edit._replace(family="rank")},
        "run": {"context": context._replace(run=replace(run, seed=1))},
        "arm": {"context": context._replace(run=replace(run, arm="integers"))},
        "donor's phase": {"context": context._replace(donor=checkpoint(context.donor.actor, phase=17))},
        "key": {"key": ("onehot", 99, "another place")},
    }
    for name in (*DRAWN, "optimised_8x_budget"):
        one = drawn(name)
        assert equal(drawn(name), one)
        assert equal(drawn(name, key=context.key), one)
        for what, other in others.items():
            assert not equal(drawn(name, **other), one), (name, what)


def test_a_draw_depends_on_its_own_edit_only(context, edit, donors):
    """Whatever was made before, and whichever controls there are."""

    def found(*edits, draws=2):
        networks = [each for edit in edits for each in controlled(context, edit, donors, draws)]
        return {(each.control, each.draw): each.network for each in networks if each.edit.name == "layer2"}

    whole = found(edit)
    other = edit._replace(name="layer3", make=spliced(("layer3",)))
    for again in (found(other, edit), found(edit, other), found(edit._replace(controls=edit.controls[::-1]))):
        assert again.keys() == whole.keys()
        assert all(equal(again[key], network) for key, network in whole.items())
    for some in (found(edit._replace(controls=("gaussian",))), found(edit, draws=1)):
        assert all(equal(whole[key], network) for key, network in some.items())


def test_random_weights_are_of_the_edits_own_kind_where_it_has_one(context, edit, drawn):
    numbers = []
    own = edit._replace(at_random=lambda generator: numbers.append(generator.random()) or spliced(("layer1",)))
    for draw in (0, 1, 0):
        assert equal(drawn("random_weights", edit=own, draw=draw), spliced(("layer1",))(context))
    assert numbers[0] == numbers[2] != numbers[1]
