"""Every edit of the retargets, by its promises: names, size and place of the change, and what it may look at."""

from collections import Counter
from math import isnan

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from edits.subjects import SETTINGS, copies, equal, logits, subject_of
from goalsplice.agent.fast.policy import Policy, policy_of
from goalsplice.edits import goal_vectors
from goalsplice.edits.edit import change, flat, norm, size
from goalsplice.edits.graft import graft
from goalsplice.edits.inputs import exchange_colours
from goalsplice.edits.least_squares import refitted
from goalsplice.edits.relabelling import exchanged_rows
from goalsplice.edits.retargets import (
    ENTRY_SHARES,
    LOWER,
    RANKS,
    STEPS,
    STRENGTHS,
    UNITS,
    all_retargets,
    below,
    chosen_controls,
    few_weights,
    fixed,
    perception,
)
from goalsplice.edits.single_weights import SHARES
from goalsplice.settings.labels import BELOW, FEW

FAMILIES = {
    "contrast": 3 * len(STRENGTHS) + len(ENTRY_SHARES) + len(UNITS) + len(RANKS),
    "switch": 4 * len(STRENGTHS),
    "analogy": 1,
    "layer 1": 1,
    "below": len(LOWER),
    "extrapolation": len(STEPS),
    "graft": len(SHARES),
}
"""Edits of each family for a subject that has everything, of one-hot inputs."""
VECTORS = ("contrast", "switch", "analogy")
"""Families that need a colour's own inputs."""
SWITCHES = ("one switch", "mean of the run's", "other run's", "other run's, units matched")
ALONE = ("turned", "unrelated", "absent", "equal_effort")
DRAWN = ("noise", "shuffled")


class Score:
    """A score that counts how often it was asked, and of what."""

    def __init__(self):
        self.asked = []

    def __call__(self, actor):
        self.asked.append(flat(actor))
        return float(flat(actor).sum())


@pytest.fixture(params=["onehot", "integers"], scope="module")
def subject(request, recipe):
    """A subject that has all that an edit may take, and its recipe."""
    return subject_of(recipe, request.param)


@pytest.fixture(scope="module")
def onehot(recipe):
    return subject_of(recipe)


def names(edits):
    return [(edit.family, edit.edit, edit.control, edit.draw) for edit in edits]


def same(one, other):
    """Whether two edited agents are the same, to the bit."""
    if isinstance(one, Policy):
        return all(np.array_equal(part, twin) for part, twin in zip(one, other, strict=True))
    return equal(one, other)


def every(subject, recipe, score):
    """All that there is for a subject."""
    yield from fixed(subject, recipe, SETTINGS)
    yield from all_retargets(subject, recipe, SETTINGS)
    yield from chosen_controls(subject, recipe, SETTINGS, score)


def controls_of(subject, recipe, edit):
    """The controls of a chosen edit, by their names, with that edit."""
    found = {}
    for one in chosen_controls(subject, recipe, SETTINGS, Score()):
        if one.edit == edit:
            found.setdefault(one.control, []).append(one.actor)
    return {FEW: few_weights, BELOW: below}[edit](subject, recipe, SETTINGS), found


def changed_inputs(before, after):
    return (before["layer1.weight"] != after["layer1.weight"]).any(dim=0).numpy()


def test_the_edits_of_every_phase(subject):
    mine, recipe = subject
    chosen = [FEW, BELOW] if recipe.encoding == "onehot" else [BELOW]
    found = list(fixed(mine, recipe, SETTINGS))
    assert names(found) == [
        ("bounds", "none", "none", 0),
        ("perception", "swap", "none", 0),
        *[("chosen", edit, "none", 0) for edit in chosen],
    ]
    assert all(isnan(edit.dose) for edit in found)
    assert equal(found[0].actor, mine.actor)
    assert [isinstance(edit.actor, Policy) for edit in found] == [False, True, *[False] * len(chosen)]


def test_all_edits_of_a_subject_that_has_everything(subject):
    mine, recipe = subject
    found = list(all_retargets(mine, recipe, SETTINGS))
    expected = {name: count for name, count in FAMILIES.items() if recipe.encoding == "onehot" or name not in VECTORS}
    assert Counter(edit.family for edit in found) == expected
    assert {(edit.control, edit.draw) for edit in found} == {("none", 0)}
    doses = {}
    for edit in found:
        doses.setdefault((edit.family, edit.edit), []).append(edit.dose)
    below = {("below", name): [None] for name in LOWER}
    vectors = {
        ("contrast", "full"): list(STRENGTHS),
        ("contrast", "added only"): list(STRENGTHS),
        ("contrast", FEW): list(STRENGTHS),
        ("contrast", "largest"): list(ENTRY_SHARES),
        ("contrast", "units"): list(UNITS),
        ("contrast", "rank"): list(RANKS),
        **{("switch", name): list(STRENGTHS) for name in SWITCHES},
        ("analogy", "all of layer 1"): [None],
    }
    assert {name: [None if isnan(dose) else dose for dose in own] for name, own in doses.items()} == {
        **(vectors if recipe.encoding == "onehot" else {}),
        ("layer 1", "least squares"): [None],
        **below,
        ("extrapolation", "path"): list(STEPS),
        ("graft", "by size"): list(SHARES),
    }


@pytest.mark.parametrize(
    ("lacking", "families", "switches"),
    [
        ({"neighbour": None}, {"analogy", "extrapolation"}, {"one switch"}),
        ({"switches": []}, set(), {"mean of the run's"}),
        ({"other_switch": None}, set(), {"other run's", "other run's, units matched"}),
        ({"trained_further": None}, {"graft"}, set()),
        (
            {"neighbour": None, "switches": [], "other_switch": None, "trained_further": None},
            {"analogy", "extrapolation", "graft", "switch"},
            set(SWITCHES),
        ),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, dict) else "",
)
def test_what_a_subject_lacks_has_no_edits_and_changes_no_others(onehot, lacking, families, switches):
    mine, recipe = onehot
    whole, found = (
        {(edit.family, edit.edit, str(edit.dose)): edit.actor for edit in all_retargets(one, recipe, SETTINGS)}
        for one in (mine, mine._replace(**lacking))
    )
    gone = {name for name in whole if name[0] in families or (name[0] == "switch" and name[1] in switches)}
    assert found.keys() == whole.keys() - gone
    assert all(equal(actor, whole[name]) for name, actor in found.items())


def test_the_chosen_edits_controls(subject):
    mine, recipe = subject
    chosen = [BELOW, FEW] if recipe.encoding == "onehot" else [BELOW]
    found = names(chosen_controls(mine, recipe, SETTINGS, Score()))
    one_by_one = [(control, 0) for control in ALONE] + [
        (name, draw) for name in DRAWN for draw in range(SETTINGS.draws)
    ]
    assert sorted(found) == sorted(("chosen", edit, *control) for edit in chosen for control in one_by_one)


def test_no_two_rows_have_the_same_name(subject):
    mine, recipe = subject
    found = Counter((*name, str(edit.dose)) for edit in every(mine, recipe, Score()) for name in names([edit]))
    assert set(found.values()) == {1}


def test_edits_are_the_same_every_time_and_leave_the_subject_alone(subject):
    mine, recipe = subject

    def tensors():
        pairs = [*mine.switches, mine.other_switch]
        return [mine.actor, mine.neighbour, mine.trained_further, *[actor for pair in pairs for actor in pair]]

    before, rows, counts = [copies(actor) for actor in tensors()], mine.seen.rows.copy(), mine.seen.counts.copy()
    one, again = (list(every(mine, recipe, Score())) for _ in range(2))
    assert len(one) == len(again)
    for edit, twin in zip(one, again, strict=True):
        assert names([edit]) == names([twin])
        assert same(edit.actor, twin.actor), edit.edit
    assert all(equal(actor, copy) for actor, copy in zip(tensors(), before, strict=True))
    np.testing.assert_array_equal(mine.seen.rows, rows)
    np.testing.assert_array_equal(mine.seen.counts, counts)


def test_every_edit_is_an_actor_of_the_same_shapes(subject):
    mine, recipe = subject
    for edit in every(mine, recipe, Score()):
        if isinstance(edit.actor, Policy):
            continue
        assert edit.actor.keys() == mine.actor.keys()
        for name, part in edit.actor.items():
            assert (part.dtype, part.shape) == (torch.float32, mine.actor[name].shape)
            assert torch.isfinite(part).all(), edit
        # A search may find nothing better than the start.
        if edit.family != "bounds" and edit.control != "equal_effort":
            assert size(mine.actor, edit.actor) > 0


def test_only_equal_effort_asks_for_the_targets_return(subject):
    """As often as it may. Nothing else depends on the answers."""
    mine, recipe = subject
    score, found, last = Score(), [], 0
    for edit in every(mine, recipe, score):
        found.append(edit)
        asked, last = len(score.asked) - last, len(score.asked)
        assert asked == (SETTINGS.evaluations if edit.control == "equal_effort" else 0), edit.edit
    for edit, other in zip(found, every(mine, recipe, lambda actor: -float(flat(actor).sum())), strict=True):
        assert same(edit.actor, other.actor) == (edit.control != "equal_effort"), edit.edit


def test_only_grafts_take_from_what_was_trained_on_the_target(subject):
    mine, recipe = subject
    other = mine._replace(trained_further={name: -part for name, part in mine.trained_further.items()})
    pairs = zip(every(mine, recipe, Score()), every(other, recipe, Score()), strict=True)
    for edit, twin in pairs:
        assert same(edit.actor, twin.actor) == (edit.family != "graft")
    grafts = [edit for edit in all_retargets(mine, recipe, SETTINGS) if edit.family == "graft"]
    for edit in grafts:
        assert equal(edit.actor, graft(edit.dose)(mine.actor, mine.trained_further))


def test_extrapolation_goes_beyond_the_checkpoint(subject):
    mine, recipe = subject
    whole = norm(mine.neighbour, mine.actor)
    for edit in all_retargets(mine, recipe, SETTINGS):
        if edit.family == "extrapolation":
            assert norm(mine.neighbour, edit.actor) == pytest.approx(edit.dose * whole, rel=1e-4)
            assert norm(mine.actor, edit.actor) == pytest.approx((edit.dose - 1) * whole, rel=1e-4)


def test_layers_below_are_refitted_alone(subject):
    mine, recipe = subject
    for edit in all_retargets(mine, recipe, SETTINGS):
        if edit.family in ("below", "layer 1"):
            layers = LOWER[edit.edit] if edit.family == "below" else ("layer1",)
            changed = {name.split(".")[0] for name, part in change(mine.actor, edit.actor).items() if part.any()}
            assert changed == set(layers)
    chosen = next(edit for edit in fixed(mine, recipe, SETTINGS) if edit.edit == BELOW)
    pair = ("purple", "yellow")
    assert equal(chosen.actor, refitted(mine.actor, recipe, mine.seen, *pair, ("layer2", "layer3")))


def test_perception_is_the_unedited_actor_that_sees_the_colours_exchanged(subject):
    mine, recipe = subject
    rows = mine.seen.rows
    expected = logits(policy_of(mine.actor, recipe.world), exchanged_rows(recipe.world, rows, "purple", "yellow"))
    np.testing.assert_array_equal(logits(perception(mine, recipe, SETTINGS), rows), expected)


@settings(deadline=None, max_examples=40)
@given(share=st.floats(1e-5, 0.3), strength=st.floats(0.1, 3))
def test_few_weights_are_no_more_than_the_share_in_two_colours_columns(onehot, share, strength):
    mine, recipe = onehot
    edited = few_weights(mine, recipe, SETTINGS._replace(share=share, strength=strength))
    changed, total = size(mine.actor, edited), flat(mine.actor).size
    assert changed <= max(2, share * total)
    # There are no more than two colours' columns; an entry may be lost in rounding.
    assert changed >= min(share * total - 2, 2 * 16 * recipe.world.cells) - 2
    columns = [goal_vectors.columns(recipe.world, colour) for colour in ("purple", "yellow")]
    assert set(np.flatnonzero(changed_inputs(mine.actor, edited))) <= set(np.concatenate(columns))
    assert equal({**edited, "layer1.weight": mine.actor["layer1.weight"]}, mine.actor)
    added = (edited["layer1.weight"] - mine.actor["layer1.weight"])[:, np.stack(columns)]
    torch.testing.assert_close(added[:, 0], -added[:, 1], rtol=1e-4, atol=1e-5)


def test_few_weights_take_from_the_wanted_colour_what_they_give_the_target(onehot):
    """All entries are the whole contrast vector, and a share that is given counts in place of the settings'."""
    mine, recipe = onehot
    contrast = goal_vectors.contrast(mine.actor, recipe.world, "purple")
    whole = goal_vectors.aim(mine.actor, recipe.world, contrast, "yellow", "purple", 1.3)
    assert equal(few_weights(mine, recipe, SETTINGS._replace(share=1.0)), whole)
    assert equal(few_weights(mine, recipe, SETTINGS, 1.0), whole)
    assert equal(few_weights(mine, recipe, SETTINGS, 0.01), few_weights(mine, recipe, SETTINGS._replace(share=0.01)))


def test_where_unwanted_colours_look_alike_the_contrast_vector_is_the_exchange(onehot):
    """All of it, at strength 1."""
    mine, recipe = onehot
    weight = mine.actor["layer1.weight"].clone()
    alike = goal_vectors.colour_weights(mine.actor, recipe.world, "yellow")
    for colour in goal_vectors.unwanted("purple"):
        weight[:, goal_vectors.columns(recipe.world, colour)] = alike
    actor = {**mine.actor, "layer1.weight": weight}
    edited = few_weights(mine._replace(actor=actor), recipe, SETTINGS._replace(share=1.0, strength=1.0))
    expected = exchange_colours(recipe.world, "purple", "yellow")(actor, actor)
    torch.testing.assert_close(edited, dict(expected), rtol=0, atol=1e-5)


def test_entries_units_and_ranks_are_as_many_as_the_dose_says(onehot):
    mine, recipe = onehot
    columns = goal_vectors.columns(recipe.world, "yellow")
    total = flat(mine.actor).size
    for edit in all_retargets(mine, recipe, SETTINGS):
        if edit.family != "contrast":
            continue
        added = change(mine.actor, edit.actor)["layer1.weight"][:, columns]
        if edit.edit == "largest":
            assert size(mine.actor, edit.actor) <= max(2, edit.dose * total)
        elif edit.edit == "units":
            assert int(added.any(dim=1).sum()) == min(edit.dose, len(added))
        elif edit.edit == "rank":
            assert torch.linalg.matrix_rank(added, rtol=1e-4) <= edit.dose
        elif edit.edit == "added only":
            assert set(np.flatnonzero(changed_inputs(mine.actor, edit.actor))) == set(columns)


def test_a_switch_that_is_aimed_at_the_target_is_the_wanted_colours(onehot):
    """What the last switch did to the wanted colour's columns goes to the target's, and is undone there."""
    mine, recipe = onehot
    world = recipe.world
    edits = {
        (edit.edit, edit.dose): edit.actor for edit in all_retargets(mine, recipe, SETTINGS) if edit.family == "switch"
    }
    undone = goal_vectors.colour_weights(edits["one switch", 1.0], world, "purple")
    before = goal_vectors.colour_weights(mine.neighbour, world, "purple")
    torch.testing.assert_close(undone, before, rtol=0, atol=1e-5)
    one = change(mine.actor, edits["one switch", 1.0])["layer1.weight"]
    other = goal_vectors.switch(*mine.switches[1], world, "purple")
    mean = change(mine.actor, edits["mean of the run's", 1.0])["layer1.weight"]
    columns = goal_vectors.columns(world, "yellow")
    torch.testing.assert_close(mean[:, columns], (one[:, columns] + other) / 2, rtol=0, atol=1e-4)


def test_another_runs_switch_with_units_matched_is_the_same_where_it_is_the_same_run(onehot):
    """Units in another order change nothing once they are matched, and without that they do."""
    mine, recipe = onehot
    order = torch.randperm(16, generator=torch.Generator().manual_seed(0))

    def reordered(actor):
        first = {name: actor[name][order] for name in ("layer1.weight", "layer1.bias")}
        return {**actor, **first, "layer2.weight": actor["layer2.weight"][:, order]}

    other = tuple(reordered(actor) for actor in (mine.neighbour, mine.actor))
    edits = {
        (edit.edit, edit.dose): edit.actor
        for edit in all_retargets(mine._replace(other_switch=other), recipe, SETTINGS)
        if edit.family == "switch"
    }
    for strength in STRENGTHS:
        assert equal(edits["other run's, units matched", strength], edits["one switch", strength])
        assert norm(edits["other run's", strength], edits["one switch", strength]) > 0.1


def test_controls_have_the_size_and_norm_of_what_they_are_compared_with(onehot):
    mine, recipe = onehot
    for edit in (FEW, BELOW):
        edited, found = controls_of(mine, recipe, edit)
        added = norm(mine.actor, edited)
        for control in ("turned", *DRAWN, *(["unrelated", "absent"] if edit == FEW else [])):
            for actor in found[control]:
                assert size(mine.actor, actor) == pytest.approx(size(mine.actor, edited), rel=0.02), control
                assert norm(mine.actor, actor) == pytest.approx(added, rel=1e-3), control
                assert not equal(actor, edited)
        (effort,) = found["equal_effort"]
        assert size(mine.actor, effort) <= size(mine.actor, edited)


def test_turned_is_the_opposite_change(subject):
    mine, recipe = subject
    edited, found = controls_of(mine, recipe, BELOW)
    (opposite,) = found["turned"]
    np.testing.assert_allclose(flat(opposite) + flat(edited), 2 * flat(mine.actor), atol=1e-4)


def test_draws_differ_and_come_from_the_subjects_key(subject):
    mine, recipe = subject
    _, found = controls_of(mine, recipe, BELOW)
    _, others = controls_of(mine._replace(key=("arm", 99, 20)), recipe, BELOW)
    for control in DRAWN:
        assert not equal(*found[control])
        assert not equal(found[control][0], others[control][0])
    for control in ("turned", "unrelated", "absent"):
        assert equal(found[control][0], others[control][0])


def test_places_of_controls_of_few_weights(onehot):
    """Noise is where the edit is; the absent colour's is in its columns; shuffled units keep their places in view."""
    mine, recipe = onehot
    edited, found = controls_of(mine, recipe, FEW)
    start = flat(mine.actor)
    for actor in found["noise"]:
        np.testing.assert_array_equal(flat(actor) != start, flat(edited) != start)
    columns = {
        colour: set(goal_vectors.columns(recipe.world, colour)) for colour in ("purple", "yellow", SETTINGS.absent)
    }
    changed = {name: set(np.flatnonzero(changed_inputs(mine.actor, actors[0]))) for name, actors in found.items()}
    assert changed["absent"] <= columns["purple"] | columns[SETTINGS.absent]
    assert changed["absent"] & columns[SETTINGS.absent]
    assert changed["unrelated"] <= columns["purple"] | columns["yellow"]
    own = change(mine.actor, edited)["layer1.weight"]
    for actor in found["shuffled"]:
        added = change(mine.actor, actor)["layer1.weight"]
        torch.testing.assert_close(added.sort(dim=0).values, own.sort(dim=0).values, rtol=0, atol=1e-5)
    np.testing.assert_array_equal(
        goal_vectors.colour_weights(found["absent"][0], recipe.world, "purple"),
        goal_vectors.colour_weights(edited, recipe.world, "purple"),
    )


def test_controls_below_are_other_refits(subject):
    mine, recipe = subject
    _, found = controls_of(mine, recipe, BELOW)
    for control, pair in (("unrelated", ("blue", "yellow")), ("absent", ("purple", "green"))):
        expected = refitted(mine.actor, recipe, mine.seen, *pair, LOWER[SETTINGS.below])
        assert equal(found[control][0], expected)
