"""Every edit of the retargeting, by its promises: names, size and place of the change, and what it may look at."""

from collections import Counter
from dataclasses import replace
from math import isnan

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from edits.subjects import SETTINGS, copies, equal, logits, subject_of
from goalsplice.agent.fast.policy import Policy, policy_of
from goalsplice.edits import colour_vectors
from goalsplice.edits.delta import WeightDelta
from goalsplice.edits.edit import Edited
from goalsplice.edits.graft import grafted
from goalsplice.edits.inputs import exchange_colours
from goalsplice.edits.least_squares import refitted
from goalsplice.edits.relabelling import exchanged_rows
from goalsplice.edits.retargeting import (
    ENTRY_SHARES,
    LOWER,
    RANKS,
    STEPS,
    STRENGTHS,
    UNITS,
    Switches,
    all_retargets,
    below,
    chosen_controls,
    fixed,
    perception,
    sparse,
    switches_to,
)
from goalsplice.edits.single_weights import SHARES
from goalsplice.edits.weights import flat
from goalsplice.settings.labels import DOWNSTREAM, SPARSE

FAMILIES = {
    "contrastive direction": 3 * len(STRENGTHS) + len(ENTRY_SHARES) + len(UNITS) + len(RANKS),
    "task vector": 4 * len(STRENGTHS),
    "analogy": 1,
    "layer 1": 1,
    "downstream": len(LOWER),
    "extrapolation": len(STEPS),
    "sparse graft": len(SHARES),
}
"""Edits of each family for a subject that has everything, of one-hot inputs."""
VECTORS = ("contrastive direction", "task vector", "analogy")
"""Families that need a colour's own inputs."""
SWITCHES = ("one switch", "mean of the run's", "other run's", "other run's, units matched")
ALONE = ("sign_flipped", "unrelated", "absent", "optimised_same_budget")
DRAWN = ("gaussian", "permuted")


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


def names(edited):
    return [(one.edit.family, one.edit.name, one.control, one.draw) for one in edited]


def size(one, other):
    return WeightDelta(one, other).size


def norm(one, other):
    return WeightDelta(one, other).norm


def change(one, other):
    return WeightDelta(one, other).tensors


def made(subject, edits):
    """What edits make of a subject."""
    return [Edited(edit, edit.make(subject.context)) for edit in edits]


def fixed_of(subject):
    return made(subject, fixed(subject.context.recipe.encoding, SETTINGS))


def all_of(subject):
    return made(subject, all_retargets(subject.context, SETTINGS, subject.switches))


def same(one, other):
    """Whether two edited agents are the same, to the bit."""
    if isinstance(one, Policy):
        return all(np.array_equal(part, twin) for part, twin in zip(one, other, strict=True))
    return equal(one, other)


def every(subject, score):
    """All that there is for a subject."""
    yield from fixed_of(subject)
    yield from all_of(subject)
    yield from chosen_controls(subject.context, SETTINGS, score)


def controls_of(subject, edit):
    """The controls of a chosen edit, by their names, with that edit."""
    found = {}
    for one in chosen_controls(subject.context, SETTINGS, Score()):
        if one.edit.name == edit:
            found.setdefault(one.control, []).append(one.network)
    return {SPARSE: sparse, DOWNSTREAM: below}[edit](subject.context, SETTINGS), found


def changed_inputs(before, after):
    return (before["layer1.weight"] != after["layer1.weight"]).any(dim=0).numpy()


def test_the_edits_of_every_phase(subject):
    mine, recipe = subject
    chosen = [SPARSE, DOWNSTREAM] if recipe.encoding == "onehot" else [DOWNSTREAM]
    found = fixed_of(mine)
    assert names(found) == [
        ("bounds", "unedited", "no_control", 0),
        ("perception", "swap", "no_control", 0),
        *[("preregistered", edit, "no_control", 0) for edit in chosen],
    ]
    assert all(isnan(one.edit.dose) for one in found)
    assert equal(found[0].network, mine.actor)
    assert [isinstance(one.network, Policy) for one in found] == [False, True, *[False] * len(chosen)]


def test_all_edits_of_a_subject_that_has_everything(subject):
    mine, recipe = subject
    found = all_of(mine)
    expected = {name: count for name, count in FAMILIES.items() if recipe.encoding == "onehot" or name not in VECTORS}
    assert Counter(one.edit.family for one in found) == expected
    assert {(one.control, one.draw) for one in found} == {("no_control", 0)}
    doses = {}
    for one in found:
        doses.setdefault((one.edit.family, one.edit.name), []).append(one.edit.dose)
    below = {("downstream", name): [None] for name in LOWER}
    vectors = {
        ("contrastive direction", "full"): list(STRENGTHS),
        ("contrastive direction", "added only"): list(STRENGTHS),
        ("contrastive direction", SPARSE): list(STRENGTHS),
        ("contrastive direction", "top-k"): list(ENTRY_SHARES),
        ("contrastive direction", "units"): list(UNITS),
        ("contrastive direction", "rank"): list(RANKS),
        **{("task vector", name): list(STRENGTHS) for name in SWITCHES},
        ("analogy", "all of layer 1"): [None],
    }
    assert {name: [None if isnan(dose) else dose for dose in own] for name, own in doses.items()} == {
        **(vectors if recipe.encoding == "onehot" else {}),
        ("layer 1", "least squares"): [None],
        **below,
        ("extrapolation", "linear"): list(STEPS),
        ("sparse graft", "by size"): list(SHARES),
    }


def without_neighbour(subject):
    run, phase = subject.context.run, subject.context.phase
    return subject._replace(
        context=subject.context._replace(run=replace(run, checkpoints={phase: run.checkpoints[phase]}))
    )


LACKING = {
    "neighbour": (without_neighbour, {"analogy", "extrapolation"}, {"one switch"}),
    "own switches": (lambda mine: mine._replace(switches=mine.switches._replace(own=[])), set(), {"mean of the run's"}),
    "another run": (
        lambda mine: mine._replace(switches=mine.switches._replace(other=None)),
        set(),
        {"other run's", "other run's, units matched"},
    ),
    "training on the target": (
        lambda mine: mine._replace(context=mine.context._replace(donor=None)),
        {"sparse graft"},
        set(),
    ),
    "all of these": (
        lambda mine: without_neighbour(mine._replace(context=mine.context._replace(donor=None), switches=Switches())),
        {"analogy", "extrapolation", "sparse graft", "task vector"},
        set(SWITCHES),
    ),
}


@pytest.mark.parametrize("lacking", LACKING)
def test_what_a_subject_lacks_has_no_edits_and_changes_no_others(onehot, lacking):
    mine, _ = onehot
    less, families, switches = LACKING[lacking]
    whole, found = (
        {(edited.edit.family, edited.edit.name, str(edited.edit.dose)): edited.network for edited in all_of(one)}
        for one in (mine, less(mine))
    )
    gone = {name for name in whole if name[0] in families or (name[0] == "task vector" and name[1] in switches)}
    assert found.keys() == whole.keys() - gone
    assert all(equal(actor, whole[name]) for name, actor in found.items())


def test_switches_are_the_late_ones_to_the_wanted_colour(onehot):
    """An early switch, one to the other colour, and two phases of one colour in a row are none of them."""
    mine, _ = onehot
    wanted = ["blue", "purple", "blue", "purple", "purple", "blue", "purple"]
    own, other = (
        [
            mine.context.recipient._replace(phase=phase, objective=objective, actor={"number": shift + phase})
            for phase, objective in enumerate(wanted)
        ]
        for shift in (0, 100)
    )
    run = replace(mine.context.run, checkpoints=dict(enumerate(own)))
    beside = replace(run, checkpoints=dict(enumerate(other)))

    def numbers(found):
        pairs = [*found.own, *([found.other] if found.other else [])]
        return [tuple(actor["number"] for actor in pair) for pair in pairs]

    late = [2, 3, 4, 5, 6]
    assert numbers(switches_to(run, 3, late, None)) == [(2, 3), (5, 6)]
    assert numbers(switches_to(run, 3, late, beside)) == [(2, 3), (5, 6), (102, 103)]
    assert numbers(switches_to(run, 4, late, beside)) == [(2, 3), (5, 6), (102, 103)]
    assert numbers(switches_to(run, 2, [2, 3], beside)) == [(1, 2), (101, 102)]
    lonely = replace(beside, checkpoints={5: other[5], 6: other[6]})
    assert numbers(switches_to(run, 3, late, lonely)) == [(2, 3), (5, 6), (105, 106)]


def test_the_preregistered_edits_controls(subject):
    mine, recipe = subject
    chosen = [DOWNSTREAM, SPARSE] if recipe.encoding == "onehot" else [DOWNSTREAM]
    found = names(chosen_controls(mine.context, SETTINGS, Score()))
    one_by_one = [(control, 0) for control in ALONE] + [
        (name, draw) for name in DRAWN for draw in range(SETTINGS.draws)
    ]
    assert sorted(found) == sorted(("preregistered", edit, *control) for edit in chosen for control in one_by_one)


def test_no_two_rows_have_the_same_name(subject):
    mine, _ = subject
    found = Counter((*name, str(one.edit.dose)) for one in every(mine, Score()) for name in names([one]))
    assert set(found.values()) == {1}


def test_edits_are_the_same_every_time_and_leave_the_subject_alone(subject):
    mine, _ = subject

    def tensors():
        pairs = [*mine.switches.own, mine.switches.other]
        return [mine.actor, mine.neighbour, mine.context.donor.actor, *[actor for pair in pairs for actor in pair]]

    before, met = [copies(actor) for actor in tensors()], [part.copy() for part in mine.met]
    one, again = (list(every(mine, Score())) for _ in range(2))
    assert len(one) == len(again)
    for edited, twin in zip(one, again, strict=True):
        assert names([edited]) == names([twin])
        assert same(edited.network, twin.network), edited.edit
    assert all(equal(actor, copy) for actor, copy in zip(tensors(), before, strict=True))
    for part, copy in zip(mine.met, met, strict=True):
        np.testing.assert_array_equal(part, copy)


def test_every_edit_is_an_actor_of_the_same_shapes(subject):
    mine, _ = subject
    for edit in every(mine, Score()):
        if isinstance(edit.network, Policy):
            continue
        assert edit.network.keys() == mine.actor.keys()
        for name, part in edit.network.items():
            assert (part.dtype, part.shape) == (torch.float32, mine.actor[name].shape)
            assert torch.isfinite(part).all(), edit
        # A search may find nothing better than the start.
        if edit.edit.family != "bounds" and edit.control != "optimised_same_budget":
            assert size(mine.actor, edit.network) > 0


def test_only_optimised_same_budget_asks_for_the_targets_return(subject):
    """As often as it may. Nothing else depends on the answers."""
    mine, _ = subject
    score, found, last = Score(), [], 0
    for edit in every(mine, score):
        found.append(edit)
        asked, last = len(score.asked) - last, len(score.asked)
        assert asked == (SETTINGS.evaluations if edit.control == "optimised_same_budget" else 0), edit.edit.name
    for edit, other in zip(found, every(mine, lambda actor: -float(flat(actor).sum())), strict=True):
        assert same(edit.network, other.network) == (edit.control != "optimised_same_budget"), edit.edit.name


def test_only_grafts_take_from_what_was_trained_on_the_target(subject):
    mine, _ = subject
    tuned = mine.context.donor
    turned = tuned._replace(actor={name: -part for name, part in tuned.actor.items()})
    other = mine._replace(context=mine.context._replace(donor=turned))
    pairs = zip(every(mine, Score()), every(other, Score()), strict=True)
    for edit, twin in pairs:
        assert same(edit.network, twin.network) == (edit.edit.family != "sparse graft")
    grafts = [edit for edit in all_of(mine) if edit.edit.family == "sparse graft"]
    for edit in grafts:
        assert equal(edit.network, grafted(mine.actor, tuned.actor, edit.edit.dose))


def test_extrapolation_goes_beyond_the_checkpoint(subject):
    mine, _ = subject
    whole = norm(mine.neighbour, mine.actor)
    for edit in all_of(mine):
        if edit.edit.family == "extrapolation":
            assert norm(mine.neighbour, edit.network) == pytest.approx(edit.edit.dose * whole, rel=1e-4)
            assert norm(mine.actor, edit.network) == pytest.approx((edit.edit.dose - 1) * whole, rel=1e-4)


def test_layers_downstream_are_refitted_alone(subject):
    mine, recipe = subject
    for edit in all_of(mine):
        if edit.edit.family in ("downstream", "layer 1"):
            layers = LOWER[edit.edit.name] if edit.edit.family == "downstream" else ("layer1",)
            changed = {name.split(".")[0] for name, part in change(mine.actor, edit.network).items() if part.any()}
            assert changed == set(layers)
    chosen = next(edit for edit in fixed_of(mine) if edit.edit.name == DOWNSTREAM)
    pair = ("purple", "yellow")
    assert equal(chosen.network, refitted(mine.actor, recipe.world, mine.met, *pair, ("layer2", "layer3")))


def test_perception_is_the_unedited_actor_that_sees_the_colours_exchanged(subject):
    mine, recipe = subject
    rows = recipe.world.rows(mine.met.codes)
    expected = logits(policy_of(mine.actor, recipe.world), exchanged_rows(recipe.world, rows, "purple", "yellow"))
    np.testing.assert_array_equal(logits(perception(mine.context, "yellow"), rows), expected)


@settings(max_examples=40)
@given(weight_share=st.floats(1e-5, 0.3), strength=st.floats(0.1, 3))
def test_sparse_edit_is_no_more_than_its_share_in_two_colours_columns(onehot, weight_share, strength):
    mine, recipe = onehot
    edited = sparse(mine.context, replace(SETTINGS, weight_share=weight_share, strength=strength))
    changed, total = size(mine.actor, edited), flat(mine.actor).size
    assert changed <= max(2, weight_share * total)
    # There are no more than two colours' columns; an entry may be lost in rounding.
    assert changed >= min(weight_share * total - 2, 2 * 16 * recipe.world.cells) - 2
    columns = [colour_vectors.columns(recipe.world, colour) for colour in ("purple", "yellow")]
    assert set(np.flatnonzero(changed_inputs(mine.actor, edited))) <= set(np.concatenate(columns))
    assert equal({**edited, "layer1.weight": mine.actor["layer1.weight"]}, mine.actor)
    added = (edited["layer1.weight"] - mine.actor["layer1.weight"])[:, np.stack(columns)]
    torch.testing.assert_close(added[:, 0], -added[:, 1], rtol=1e-4, atol=1e-5)


def test_sparse_edit_takes_from_the_wanted_colour_what_it_gives_the_target(onehot):
    """All entries are the whole contrastive direction."""
    mine, recipe = onehot
    contrast = colour_vectors.contrastive_direction(mine.actor, recipe.world, "purple")
    whole = colour_vectors.retargeted(mine.actor, recipe.world, contrast, "yellow", "purple", 1.3)
    assert equal(sparse(mine.context, replace(SETTINGS, weight_share=1.0)), whole)


def test_where_unwanted_colours_look_alike_the_contrastive_direction_is_the_exchange(onehot):
    """All of it, at strength 1."""
    mine, recipe = onehot
    weight = mine.actor["layer1.weight"].clone()
    alike = colour_vectors.colour_weights(mine.actor, recipe.world, "yellow")
    for colour in colour_vectors.unwanted("purple"):
        weight[:, colour_vectors.columns(recipe.world, colour)] = alike
    actor = {**mine.actor, "layer1.weight": weight}
    edited = sparse(mine.of(actor).context, replace(SETTINGS, weight_share=1.0, strength=1.0))
    expected = exchange_colours(actor, recipe.world, "purple", "yellow")
    torch.testing.assert_close(edited, dict(expected), rtol=0, atol=1e-5)


def test_entries_units_and_ranks_are_as_many_as_the_dose_says(onehot):
    mine, recipe = onehot
    columns = colour_vectors.columns(recipe.world, "yellow")
    total = flat(mine.actor).size
    for edit in all_of(mine):
        if edit.edit.family != "contrastive direction":
            continue
        added = change(mine.actor, edit.network)["layer1.weight"][:, columns]
        if edit.edit.name == "top-k":
            assert size(mine.actor, edit.network) <= max(2, edit.edit.dose * total)
        elif edit.edit.name == "units":
            assert int(added.any(dim=1).sum()) == min(edit.edit.dose, len(added))
        elif edit.edit.name == "rank":
            assert torch.linalg.matrix_rank(added, rtol=1e-4) <= edit.edit.dose
        elif edit.edit.name == "added only":
            assert set(np.flatnonzero(changed_inputs(mine.actor, edit.network))) == set(columns)


def test_a_task_vector_that_goes_to_the_target_is_the_wanted_colours(onehot):
    """What the last switch did to the wanted colour's columns goes to the target's, and is undone there."""
    mine, recipe = onehot
    world = recipe.world
    edits = {
        (edit.edit.name, edit.edit.dose): edit.network for edit in all_of(mine) if edit.edit.family == "task vector"
    }
    undone = colour_vectors.colour_weights(edits["one switch", 1.0], world, "purple")
    before = colour_vectors.colour_weights(mine.neighbour, world, "purple")
    torch.testing.assert_close(undone, before, rtol=0, atol=1e-5)
    one = change(mine.actor, edits["one switch", 1.0])["layer1.weight"]
    other = colour_vectors.task_vector(*mine.switches.own[1], world, "purple")
    mean = change(mine.actor, edits["mean of the run's", 1.0])["layer1.weight"]
    columns = colour_vectors.columns(world, "yellow")
    torch.testing.assert_close(mean[:, columns], (one[:, columns] + other) / 2, rtol=0, atol=1e-4)


def test_another_runs_switch_with_units_matched_is_the_same_where_it_is_the_same_run(onehot):
    """Units in another order change nothing once they are matched, and without that they do."""
    mine, _ = onehot
    order = torch.randperm(16, generator=torch.Generator().manual_seed(0))

    def reordered(actor):
        first = {name: actor[name][order] for name in ("layer1.weight", "layer1.bias")}
        return {**actor, **first, "layer2.weight": actor["layer2.weight"][:, order]}

    other = tuple(reordered(actor) for actor in (mine.neighbour, mine.actor))
    edits = {
        (edit.edit.name, edit.edit.dose): edit.network
        for edit in all_of(mine._replace(switches=mine.switches._replace(other=other)))
        if edit.edit.family == "task vector"
    }
    for strength in STRENGTHS:
        assert equal(edits["other run's, units matched", strength], edits["one switch", strength])
        assert norm(edits["other run's", strength], edits["one switch", strength]) > 0.1


def test_controls_have_the_size_and_norm_of_what_they_are_compared_with(onehot):
    mine, _ = onehot
    for edit in (SPARSE, DOWNSTREAM):
        edited, found = controls_of(mine, edit)
        added = norm(mine.actor, edited)
        for control in ("sign_flipped", *DRAWN, *(["unrelated", "absent"] if edit == SPARSE else [])):
            for actor in found[control]:
                assert size(mine.actor, actor) == pytest.approx(size(mine.actor, edited), rel=0.02), control
                assert norm(mine.actor, actor) == pytest.approx(added, rel=1e-3), control
                assert not equal(actor, edited)
        (effort,) = found["optimised_same_budget"]
        assert size(mine.actor, effort) <= size(mine.actor, edited)


def test_sign_flipped_is_the_opposite_change(subject):
    mine, _ = subject
    edited, found = controls_of(mine, DOWNSTREAM)
    (opposite,) = found["sign_flipped"]
    np.testing.assert_allclose(flat(opposite) + flat(edited), 2 * flat(mine.actor), atol=1e-4)


def test_draws_differ_and_come_from_the_subjects_key(subject):
    mine, _ = subject
    _, found = controls_of(mine, DOWNSTREAM)
    _, others = controls_of(mine.of_seed(100), DOWNSTREAM)
    for control in DRAWN:
        assert not equal(*found[control])
        assert not equal(found[control][0], others[control][0])
    for control in ("sign_flipped", "unrelated", "absent"):
        assert equal(found[control][0], others[control][0])


def test_places_of_the_sparse_edits_controls(onehot):
    """`gaussian` is where the edit is; the absent colour's is in its columns; permuted units keep their places in view."""
    mine, recipe = onehot
    edited, found = controls_of(mine, SPARSE)
    start = flat(mine.actor)
    for actor in found["gaussian"]:
        np.testing.assert_array_equal(flat(actor) != start, flat(edited) != start)
    columns = {
        colour: set(colour_vectors.columns(recipe.world, colour)) for colour in ("purple", "yellow", SETTINGS.absent)
    }
    changed = {name: set(np.flatnonzero(changed_inputs(mine.actor, actors[0]))) for name, actors in found.items()}
    assert changed["absent"] <= columns["purple"] | columns[SETTINGS.absent]
    assert changed["absent"] & columns[SETTINGS.absent]
    assert changed["unrelated"] <= columns["purple"] | columns["yellow"]
    own = change(mine.actor, edited)["layer1.weight"]
    for actor in found["permuted"]:
        added = change(mine.actor, actor)["layer1.weight"]
        torch.testing.assert_close(added.sort(dim=0).values, own.sort(dim=0).values, rtol=0, atol=1e-5)
    np.testing.assert_array_equal(
        colour_vectors.colour_weights(found["absent"][0], recipe.world, "purple"),
        colour_vectors.colour_weights(edited, recipe.world, "purple"),
    )


def test_controls_of_the_downstream_edit_are_other_refits(subject):
    mine, recipe = subject
    _, found = controls_of(mine, DOWNSTREAM)
    for control, pair in (("unrelated", ("blue", "yellow")), ("absent", ("purple", "green"))):
        expected = refitted(mine.actor, recipe.world, mine.met, *pair, LOWER[SETTINGS.downstream[recipe.encoding]])
        assert equal(found[control][0], expected)
