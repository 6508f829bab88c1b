"""Directions of differences: equal ones are found, and chance is known."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from goalsplice.agent.runs import Checkpoint, Run
from goalsplice.experiments.similarity import (
    BETWEEN_COLUMNS,
    COSINE_COLUMNS,
    DRAWS,
    WITHIN_COLUMNS,
    between_runs,
    cosines,
    differences,
    orientations,
    parts,
    permuted,
    within_run,
)

SHAPES = {"layer1.weight": (40, 50), "layer1.bias": (40,), "layer2.weight": (7, 40), "layer2.bias": (7,)}


def noise(seed):
    """Random weights of a small network."""
    generator = torch.Generator().manual_seed(seed)
    return {name: torch.randn(shape, generator=generator) for name, shape in SHAPES.items()}


def mixture(*parts):
    """Sum of networks, each with its factor."""
    return {name: sum(factor * weights[name] for factor, weights in parts) for name in SHAPES}


def run_of(actors, seed=1, objectives=("blue", "purple")):
    """A run of these actors whose objectives alternate."""
    checkpoints = {
        phase: Checkpoint(seed, phase, objectives[phase % len(objectives)], actor) for phase, actor in enumerate(actors)
    }
    return Run("a", seed, SimpleNamespace(objectives=objectives), checkpoints)


def flipping(count, goal=0.0, drift=0.0, chance=0.0, seed=0):
    """Checkpoints with a goal that flips, a drift that does not, and something of their own."""
    direction, away = noise(1000 + seed), noise(2000 + seed)
    return [
        mixture((goal * (phase % 2), direction), (drift * phase, away), (chance, noise(100 * seed + phase)))
        for phase in range(count)
    ]


def cosine(rows, part="actor", **having):
    """Mean cosine of the rows that have these values."""
    return np.mean([row["cosine"] for row in rows if row["part"] == part and having.items() <= row.items()])


def test_a_switch_leads_to_the_later_of_the_recipes_objectives_or_back():
    """Whatever the colours: the recipe's order counts."""
    alike = [noise(0)] * 5
    assert orientations(run_of(alike)) == [1, -1, 1, -1]
    assert orientations(run_of(alike, objectives=("blue", "purple", "yellow"))) == [1, 1, -1, 1]
    assert orientations(run_of(alike, objectives=("purple", "blue"))) == [1, -1, 1, -1]
    assert orientations(run_of(alike[:2], objectives=("blue",))) == [1], "no switch counts as one to the later"


def test_differences_have_the_sign_that_leads_to_the_later_objective():
    actors = [noise(seed) for seed in range(3)]
    found = differences(run_of(actors))
    name = "layer2.weight"
    np.testing.assert_allclose(found[name][0], (actors[1][name] - actors[0][name]).flatten(), atol=1e-6)
    np.testing.assert_allclose(found[name][1], (actors[1][name] - actors[2][name]).flatten(), atol=1e-6)


def test_a_goal_that_flips_is_one_direction():
    rows = within_run(run_of(flipping(5, goal=1)))
    assert len(rows) == 6 * 3
    assert [row["cosine"] for row in rows] == pytest.approx([1] * len(rows))
    assert all(list(row) == WITHIN_COLUMNS + COSINE_COLUMNS for row in rows)


def test_a_drift_turns_with_the_switch():
    """What all phases have in common is for one switch and against the next: that is how to tell it from a goal."""
    rows = within_run(run_of(flipping(6, drift=1)))
    assert {round(row["cosine"], 5) for row in rows if row["same_way"]} == {1}
    assert {round(row["cosine"], 5) for row in rows if not row["same_way"]} == {-1}
    assert {row["other_phase"] - row["phase"] for row in rows if row["same_way"]} == {2, 4}


def test_unrelated_checkpoints_have_a_half_with_the_next_and_nothing_beyond():
    rows = within_run(run_of(flipping(8, chance=1)))
    near = [row["cosine"] for row in rows if row["part"] == "actor" and row["other_phase"] - row["phase"] == 1]
    far = [row["cosine"] for row in rows if row["part"] == "actor" and row["other_phase"] - row["phase"] > 1]
    assert near == pytest.approx([0.5] * len(near), abs=0.06)
    assert far == pytest.approx([0] * len(far), abs=0.08)


def test_the_null_is_chance():
    rows = within_run(run_of(flipping(5, goal=1)))
    for row in rows:
        assert row["null_low"] <= row["null_mean"] <= row["null_high"]
        assert row["null_sd"] == pytest.approx(row["weights"] ** -0.5, rel=0.6)
        assert row["null_high"] < 0.5 < row["cosine"]


def test_the_null_keeps_each_tensors_values():
    one = {name: values[:1] for name, values in differences(run_of([noise(0), noise(1)])).items()}
    mixed = permuted(one, np.random.default_rng(0))
    for name, values in one.items():
        assert mixed[name].shape == (DRAWS, values.shape[1])
        np.testing.assert_array_equal(np.sort(mixed[name], axis=1), np.tile(np.sort(values), (DRAWS, 1)))
        assert not (mixed[name][0] == mixed[name][1]).all()


@settings(max_examples=20)
@given(st.integers(0, 50), st.floats(0.01, 100))
def test_cosines_are_numpys_and_do_not_depend_on_length(seed, factor):
    left, right = ({name: t.numpy().reshape(1, -1) for name, t in noise(number).items()} for number in (seed, seed + 1))
    found = cosines({name: factor * values for name, values in left.items()}, right)
    for part, names in parts(SHAPES).items():
        one, other = (np.concatenate([side[name][0] for name in names]) for side in (left, right))
        assert found[part][0, 0] == pytest.approx(one @ other / np.linalg.norm(one) / np.linalg.norm(other), abs=1e-5)
    assert list(found) == ["actor", "layer1", "layer2"]


def test_runs_are_compared_phase_by_phase():
    shared, own = flipping(3, goal=1), flipping(3, goal=1, seed=7)
    switch = {seed: differences(run_of(actors[:2])) for seed, actors in {5: shared, 6: shared, 7: own}.items()}
    rows = between_runs(switch, {5: [], 6: [5], 7: [5, 6]}, "a", 4)
    assert len(rows) == 3 * 3
    assert all(list(row) == BETWEEN_COLUMNS + COSINE_COLUMNS for row in rows)
    assert cosine(rows, seed=5, other_seed=6) == pytest.approx(1)
    assert cosine(rows, seed=5, other_seed=7) == pytest.approx(0, abs=0.08)
    assert {row["phase"] for row in rows} == {4}
    # A pair's row does not depend on which others there are.
    fewer = between_runs(switch, {7: [6]}, "a", 4)
    assert fewer == [pytest.approx(row) for row in rows if (row["seed"], row["other_seed"]) == (6, 7)]
    another = between_runs(switch, {7: [6]}, "a", 5)
    assert [row["cosine"] for row in another] == [row["cosine"] for row in fewer]
    assert another[0]["null_mean"] != fewer[0]["null_mean"]


def test_the_same_run_gives_the_same_rows_and_another_seed_another_null():
    actors = flipping(4, goal=1, chance=0.5)
    first, again, other = (within_run(run_of(actors, seed)) for seed in (1, 1, 2))
    assert first == again
    assert [row["cosine"] for row in first] == [row["cosine"] for row in other]
    assert first[0]["null_mean"] != other[0]["null_mean"]


def test_too_few_phases_or_seeds_have_no_rows():
    assert within_run(run_of(flipping(2, goal=1))) == []
    assert between_runs({1: differences(run_of(flipping(2, goal=1)))}, {1: []}, "a", 0) == []
