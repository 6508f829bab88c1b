"""Task vectors are what they are said to be, and go to their target."""

from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from minigrid.core.constants import COLOR_TO_IDX, OBJECT_TO_IDX

from edits.subjects import copies, equal
from goalsplice.edits import colour_vectors
from goalsplice.edits.colour_vectors import FIRST
from goalsplice.edits.inputs import exchange_colours
from goalsplice.world.observation import Encoding

ENCODING = Encoding("onehot", 3)
KEYS = ("red", "green", "blue", "purple", "yellow")
HIDDEN = 6

seeds = st.integers(0, 2**32 - 1)
colours = st.permutations(KEYS)
strengths = st.floats(-3, 3, width=32)
close = {"rtol": 1e-4, "atol": 1e-4}


def layer(seed: int) -> dict[str, torch.Tensor]:
    """A first layer and something that follows."""
    generator = torch.Generator().manual_seed(seed)
    shapes = {FIRST: (HIDDEN, ENCODING.inputs), "layer1.bias": (HIDDEN,), "layer2.weight": (HIDDEN, HIDDEN)}
    return {name: torch.randn(shape, generator=generator) for name, shape in shapes.items()}


actors = seeds.map(layer)
vectors = st.tuples(st.integers(1, 8), st.integers(1, 9), seeds).map(
    lambda drawn: torch.randn(drawn[:2], generator=torch.Generator().manual_seed(drawn[2]))
)


def untouched(before, after, *colours):
    """Whether two actors differ in these colours' columns at most."""
    rest = np.ones(ENCODING.inputs, dtype=bool)
    for colour in colours:
        rest[colour_vectors.columns(ENCODING, colour)] = False
    first = torch.equal(before[FIRST][:, rest], after[FIRST][:, rest])
    return first and all(torch.equal(before[name], after[name]) for name in before if name != FIRST)


@pytest.mark.parametrize("colour", COLOR_TO_IDX)
def test_a_colour_has_one_input_in_each_cell(colour):
    places = np.unravel_index(colour_vectors.columns(ENCODING, colour), (ENCODING.cells, ENCODING.channels))
    np.testing.assert_array_equal(places[0], np.arange(ENCODING.cells))
    assert set(places[1]) == {len(OBJECT_TO_IDX) + COLOR_TO_IDX[colour]}


def test_grey_is_no_unwanted_colour():
    for wanted in KEYS:
        assert sorted((*colour_vectors.unwanted(wanted), wanted)) == sorted(KEYS)


@given(actors, colours)
def test_the_contrastive_direction_is_a_colour_less_the_mean_of_the_others(actor, order):
    wanted, *others = order
    mine, *rest = (actor[FIRST].numpy()[:, colour_vectors.columns(ENCODING, colour)] for colour in order)
    found = colour_vectors.contrastive_direction(actor, ENCODING, wanted)
    assert found.shape == (HIDDEN, ENCODING.cells)
    np.testing.assert_allclose(found, mine - np.mean(rest, axis=0), **close)
    np.testing.assert_array_equal(
        colour_vectors.contrastive_direction(actor, ENCODING, wanted, others[:1]), mine - rest[0]
    )


@given(actors, actors, colours)
def test_what_all_colours_share_has_no_contrastive_direction(actor, other, order):
    """So a colour-blind network has none."""
    shared = other[FIRST][:, : ENCODING.cells]
    blind, more = actor[FIRST].clone(), actor[FIRST].clone()
    for colour in KEYS:
        blind[:, colour_vectors.columns(ENCODING, colour)] = shared
        more[:, colour_vectors.columns(ENCODING, colour)] += shared
    contrast = colour_vectors.contrastive_direction(actor, ENCODING, order[0])
    zero = torch.zeros_like(contrast)
    torch.testing.assert_close(
        colour_vectors.contrastive_direction({FIRST: blind}, ENCODING, order[0]), zero, rtol=0, atol=1e-6
    )
    torch.testing.assert_close(
        colour_vectors.contrastive_direction({FIRST: more}, ENCODING, order[0]), contrast, **close
    )


@given(actors, colours)
def test_contrastive_directions_of_all_colours_cancel(actor, order):
    total = sum(colour_vectors.contrastive_direction(actor, ENCODING, colour) for colour in order)
    torch.testing.assert_close(total, torch.zeros_like(total), rtol=0, atol=1e-4)


@given(actors, colours)
def test_the_contrastive_direction_from_the_target_alone_exchanges_the_two_colours(actor, order):
    """But for rounding, and whatever the columns are."""
    target, wanted, *_ = order
    vector = colour_vectors.contrastive_direction(actor, ENCODING, wanted, [target])
    retargeted = colour_vectors.retargeted(actor, ENCODING, vector, target, wanted)
    exchanged = exchange_colours(actor, ENCODING, target, wanted)
    torch.testing.assert_close(retargeted, dict(exchanged), rtol=0, atol=1e-5)
    # What the target gets is the wanted colour's, also where nothing is taken from that one.
    added = colour_vectors.retargeted(actor, ENCODING, vector, target, wanted, take=False)
    wanted_columns = colour_vectors.colour_weights(actor, ENCODING, wanted)
    torch.testing.assert_close(
        colour_vectors.colour_weights(added, ENCODING, target), wanted_columns, rtol=0, atol=1e-5
    )
    assert untouched(actor, added, target)


@given(actors, actors, colours, st.tuples(strengths, strengths), st.booleans())
def test_retargeting_adds_and_takes_as_much_as_is_said_and_nowhere_else(actor, other, order, doses, take):
    target, wanted, *_ = order
    before = copies(actor)
    vector = other[FIRST][:, : ENCODING.cells]

    def aim(actor, strength):
        return colour_vectors.retargeted(actor, ENCODING, vector, target, wanted, strength, take)

    once = aim(actor, doses[0])
    assert untouched(actor, once, target, *([wanted] if take else []))
    assert equal(actor, before)
    added = once[FIRST] - actor[FIRST]
    torch.testing.assert_close(added[:, colour_vectors.columns(ENCODING, target)], doses[0] * vector, **close)
    if take:
        torch.testing.assert_close(added[:, colour_vectors.columns(ENCODING, wanted)], -doses[0] * vector, **close)
    torch.testing.assert_close(aim(once, doses[1]), dict(aim(actor, sum(doses))), **close)
    assert equal(aim(actor, 0.0), actor)


@given(actors, actors, colours)
def test_the_task_vector_leads_from_before_to_after(before, after, order):
    wanted = order[0]
    vector = colour_vectors.task_vector(before, after, ENCODING, wanted)
    added = colour_vectors.retargeted(before, ENCODING, vector, wanted, order[1], take=False)
    found, expected = (colour_vectors.colour_weights(actor, ENCODING, wanted) for actor in (added, after))
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-5)
    assert not colour_vectors.task_vector(before, before, ENCODING, wanted).any()
    assert torch.equal(colour_vectors.task_vector(after, before, ENCODING, wanted), -vector)


@given(vectors, st.integers(1, 80))
def test_the_largest_entries_are_kept_and_no_others(vector, count):
    before = vector.clone()
    kept = colour_vectors.top_k(vector, count)
    assert torch.equal(vector, before)
    taken = kept != 0
    assert int(taken.sum()) == min(count, vector.numel())
    assert torch.equal(kept[taken], vector[taken])
    if not taken.all():
        assert vector[taken].abs().min() >= vector[~taken].abs().max()


@given(vectors, st.integers(1, 10))
def test_the_longest_units_are_kept_whole(vector, count):
    kept = colour_vectors.of_units(vector, count)
    taken = (kept != 0).any(dim=1)
    assert int(taken.sum()) == min(count, len(vector))
    assert torch.equal(kept[taken], vector[taken])
    if not taken.all():
        assert vector[taken].norm(dim=1).min() >= vector[~taken].norm(dim=1).max()


@given(vectors)
def test_a_rank_is_never_more_than_there_is_and_the_full_one_is_all(vector):
    left = []
    for rank in range(1, 10):
        part = colour_vectors.of_rank(vector, rank)
        assert torch.linalg.matrix_rank(part, rtol=1e-4) <= rank
        left.append(float((vector - part).norm()))
    torch.testing.assert_close(part, vector, **close)
    assert all(more >= less - 1e-4 for more, less in pairwise(left))


@given(actors, colours)
def test_the_analogy_goes_on_as_before(neighbour, order):
    """Where the actor is the neighbour with its colours moved on by one, they are moved on by two."""
    former, wanted, target, *_ = order

    def moved_on(actor):
        weight = actor[FIRST].clone()
        for source, place in ((former, wanted), (wanted, target), (target, former)):
            weight[:, colour_vectors.columns(ENCODING, place)] = colour_vectors.colour_weights(actor, ENCODING, source)
        return {**actor, FIRST: weight}

    actor = moved_on(neighbour)
    found = colour_vectors.analogy(actor, neighbour, ENCODING, wanted, former, target)
    torch.testing.assert_close(found, moved_on(actor), rtol=0, atol=1e-5)


@given(actors, actors, colours)
def test_the_analogy_adds_the_whole_difference_once_more(actor, neighbour, order):
    former, wanted, target, *_ = order
    before = copies(actor), copies(neighbour)
    found = colour_vectors.analogy(actor, neighbour, ENCODING, wanted, former, target)
    assert equal(actor, before[0])
    assert equal(neighbour, before[1])
    assert torch.equal(found["layer2.weight"], actor["layer2.weight"])
    norms = [
        (after[name] - start[name]).norm()
        for after, start in ((found, actor), (actor, neighbour))
        for name in (FIRST, "layer1.bias")
    ]
    torch.testing.assert_close(norms[:2], norms[2:], rtol=1e-4, atol=1e-5)
    same = colour_vectors.analogy(actor, actor, ENCODING, wanted, former, target)
    torch.testing.assert_close(same, actor, rtol=0, atol=0)
