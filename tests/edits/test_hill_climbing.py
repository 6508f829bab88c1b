"""The search never loses, changes what it may and no more, and asks as often as it was allowed."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from edits.subjects import copies, equal
from goalsplice.edits.delta import WeightDelta
from goalsplice.edits.hill_climbing import climbed
from goalsplice.edits.weights import flat, unflat


@st.composite
def actors(draw):
    """An actor some weights of which are zero, as weight decay leaves them."""
    generator = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    vector = generator.standard_normal(40).astype(np.float32)
    vector[generator.permutation(40)[: draw(st.integers(0, 30))]] = 0
    return unflat(vector, {"a.weight": torch.zeros(6, 5), "a.bias": torch.zeros(10)})


class Asked:
    """A score that remembers what it was asked: minus the distance from a random place, or what is given."""

    def __init__(self, seed=0, values=None):
        self.aim = np.random.default_rng(seed).standard_normal(40).astype(np.float32)
        self.values, self.actors, self.found = values, [], []

    def __call__(self, actor):
        number = len(self.actors)
        self.actors.append(copies(actor))
        if self.values is None:
            self.found.append(-float(np.linalg.norm(flat(actor) - self.aim)))
        else:
            self.found.append(self.values(number))
        return self.found[-1]


problems = st.tuples(actors(), st.integers(1, 40), st.floats(0.01, 3), st.integers(0, 60), st.integers(0, 2**32 - 1))


@given(problems)
def test_the_best_that_was_asked_comes_back_and_the_start_was_asked_first(problem):
    actor, count, step, evaluations, seed = problem
    before, score = copies(actor), Asked(seed)
    best = climbed(actor, count, step, score, evaluations, np.random.default_rng(seed))
    assert equal(actor, before)
    assert len(score.actors) == evaluations
    if evaluations == 0:
        assert equal(best, actor)
        return
    assert equal(score.actors[0], actor)
    assert equal(best, score.actors[int(np.argmax(score.found))])
    assert Asked(seed)(best) == max(score.found) >= score.found[0]


@given(problems)
def test_the_same_sparse_weights_are_changed_throughout_and_none_that_is_zero(problem):
    actor, count, step, evaluations, seed = problem
    score = Asked(seed)
    climbed(actor, count, step, score, evaluations, np.random.default_rng(seed))
    start = flat(actor)
    changed = np.zeros(len(start), dtype=bool)
    for other in score.actors:
        changed |= flat(other) != start
    assert changed.sum() <= min(count, np.count_nonzero(start))
    assert not changed[start == 0].any()


def test_as_many_weights_as_are_asked_for_are_changed(recipient):
    best = climbed(recipient, 50, 1.0, Asked(values=float), 3, np.random.default_rng(0))
    assert WeightDelta(recipient, best).size == 50
    assert all(best[name].shape == part.shape and best[name].dtype == part.dtype for name, part in recipient.items())


@given(problems)
def test_the_generator_decides(problem):
    actor, count, step, evaluations, seed = problem
    one, again = (climbed(actor, count, step, Asked(seed), evaluations, np.random.default_rng(seed)) for _ in range(2))
    assert equal(one, again)


def test_another_generator_looks_elsewhere(recipient):
    one, other = (climbed(recipient, 50, 1.0, Asked(values=float), 3, np.random.default_rng(n)) for n in range(2))
    places = [set(np.flatnonzero(flat(found) != flat(recipient))) for found in (one, other)]
    assert len(places[0] & places[1]) < 25


@pytest.mark.parametrize(
    ("values", "factor"), [(float, 1.5), (lambda _: 0.0, 1.5**-0.25)], ids=["successes", "failures"]
)
def test_steps_grow_with_success_and_shrink_without(recipient, values, factor):
    score = Asked(values=values)
    climbed(recipient, 200, 2.0, score, 8, np.random.default_rng(0))
    origins = score.actors if factor > 1 else [recipient] * 8
    steps = [WeightDelta(origin, trial).norm for origin, trial in zip(origins[:-1], score.actors[1:], strict=False)]
    assert steps == pytest.approx([2.0 * factor**number for number in range(7)], rel=1e-4)


def test_it_climbs(recipient):
    """Most of the way to a place at distance 1."""
    actor = {"a": torch.from_numpy(flat(recipient)[:30].copy())}
    goal = flat(actor) + 1 / 30**0.5

    def score(other):
        return -float(np.linalg.norm(flat(other) - goal))

    best = climbed(actor, 30, 0.3, score, 400, np.random.default_rng(0))
    assert score(actor) == pytest.approx(-1, abs=1e-5)
    assert score(best) > -0.3
