"""Which checkpoints and runs stand in for a donor."""

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from goalsplice.settings.schedule import objective_of
from goalsplice.settings.study import (
    HYPERPARAMETERS,
    REFERENCE,
    SCHEDULE,
    WORLD,
    ablation_arms,
    ablation_recipe,
    compared,
    group_of,
    late_phases,
    neighbours,
    other_seed,
    recipe_of,
    same_goal_phase,
    source_runs,
    spliced_phases,
    whole_phases,
)

COLOURS = ("blue", "purple", "yellow")


def recipe(phases, objectives=COLOURS[:2]):
    return {
        "schedule": "alternation",
        "objectives": list(objectives),
        "rollouts": 15 * phases + 6,
        "phase_rollouts": 15,
    }


@pytest.mark.parametrize(("phase", "stand_in"), [(0, 2), (1, 3), (2, 0), (18, 16), (19, 17), (22, 20), (23, 21)])
def test_same_goal_phases_by_hand(phase, stand_in):
    """Of two as near, the earlier."""
    assert same_goal_phase(recipe(24), phase) == stand_in


def test_phases_of_the_study(pytestconfig):
    config = yaml.safe_load((pytestconfig.rootpath / "config.yaml").read_text())
    for arm in config["arms"]:
        mine = recipe_of(config, arm)
        assert whole_phases(mine) == 24
        assert same_goal_phase(mine, 20) == 18
        assert spliced_phases(mine, [[18, 19], [22, 23]]) == [16, 17, 18, 19, 20, 21, 22, 23]


@given(st.integers(1, 30), st.integers(0, 29), st.integers(1, 3))
def test_same_goal_phases_are_the_nearest_others_of_that_goal(phases, phase, goals):
    mine = recipe(phases, COLOURS[:goals])

    def goal(phase):
        return objective_of("alternation", phase, COLOURS[:goals], seed=0)

    phase %= phases
    found = same_goal_phase(mine, phase)
    others = [other for other in range(phases) if other != phase and goal(other) == goal(phase)]
    assert (found is None) == (not others)
    if others:
        assert found in others
        assert all((abs(found - phase), found) <= (abs(other - phase), other) for other in others)


def test_a_goal_that_comes_once_has_none():
    assert same_goal_phase(recipe(2), 0) is None
    assert same_goal_phase(recipe(3), 1) is None
    assert same_goal_phase(recipe(3), 0) == 2
    assert spliced_phases(recipe(2), [[0, 1]]) == [0, 1]


@given(st.lists(st.tuples(st.integers(0, 23), st.integers(0, 23)), max_size=6))
def test_spliced_phases_are_the_pairs_and_their_stand_ins(pairs):
    found = spliced_phases(recipe(24), [list(pair) for pair in pairs])
    named = {phase for pair in pairs for phase in pair}
    assert found == sorted(set(found))
    assert set(found) == named | {same_goal_phase(recipe(24), phase) for phase in named}


def test_late_phases_are_those_of_pairs_and_need_not_follow_on_each_other():
    found = late_phases([[18, 19], [9, 12], [19, 20]])
    assert found == [9, 12, 18, 19, 20]
    assert neighbours(found) == [(18, 19), (19, 20)]


@given(st.lists(st.integers(0, 99), unique=True, min_size=2))
def test_every_run_stands_in_for_one_other(seeds):
    found = [other_seed(seeds, seed) for seed in seeds]
    assert sorted(found) == sorted(seeds)
    assert all(other != seed for other, seed in zip(found, seeds, strict=True))
    assert found[0] == seeds[1]
    assert found[-1] == seeds[0]


def test_a_run_that_is_alone_has_no_other():
    assert other_seed([99], 99) is None


@given(st.lists(st.integers(0, 99), unique=True, min_size=1, max_size=30), st.integers(1, 40))
def test_runs_lend_to_the_same_number_of_others_in_a_circle(seeds, others):
    found = {seed: source_runs(seeds, seed, others) for seed in seeds}
    count = min(others, len(seeds) - 1)
    assert all(len(lent) == count and seed not in lent for seed, lent in found.items())
    assert all(sum(seed in lent for lent in found.values()) == count for seed in seeds)
    assert all(lent == sorted(lent, key=seeds.index) for lent in found.values())
    turned = [*seeds[1:], seeds[0]]
    assert all(set(source_runs(turned, seed, others)) == set(lent) for seed, lent in found.items())
    if others == 1 and len(seeds) > 1:
        assert all(lent == [other_seed(seeds, seed)] for seed, lent in found.items())


def test_lenders_by_hand():
    assert source_runs([5, 3, 8, 1], 8, 2) == [5, 1]
    assert source_runs([5, 3, 8, 1], 5, 2) == [3, 8]
    assert source_runs([5], 5, 9) == []


@given(st.lists(st.integers(0, 99), unique=True, min_size=1, max_size=30), st.integers(1, 40))
def test_two_runs_are_compared_once_if_one_lends_to_the_other(seeds, others):
    found = compared(seeds, others)
    assert list(found) == seeds
    for place, seed in enumerate(seeds):
        assert found[seed] == [
            other
            for other in seeds[:place]
            if other in source_runs(seeds, seed, others) or seed in source_runs(seeds, other, others)
        ]


def test_ten_runs_are_all_compared_and_a_hundred_in_proportion(pytestconfig):
    config = yaml.safe_load((pytestconfig.rootpath / "config.yaml").read_text())
    seeds, others = config["seeds"], config["transfer"]["others"]
    assert compared(seeds, others) == {seed: seeds[:place] for place, seed in enumerate(seeds)}
    assert all(set(source_runs(seeds, seed, others)) == set(seeds) - {seed} for seed in seeds)
    counts = {runs: sum(map(len, compared(list(range(runs)), others).values())) for runs in (10, 19, 20, 100, 200)}
    assert counts == {10: 45, 19: 171, 20: 180, 100: 900, 200: 1800}


@pytest.fixture
def ablated(pytestconfig) -> dict:
    """The configuration, with two ablation arms."""
    config = yaml.safe_load((pytestconfig.rootpath / "config.yaml").read_text())
    config["ablations"] |= {
        "rollouts": 30,
        "arms": {
            "same": {"base": "integers", "rollouts": 60},
            "large": {"base": "integers", "hidden_size": 256, "clip_coefficient": 0.1},
        },
    }
    return config


def test_an_ablation_arm_is_its_base_with_its_own_keys(ablated):
    base = recipe_of(ablated, "integers")
    assert ablation_recipe(ablated, "same") == {**base, "rollouts": 60}
    assert ablation_recipe(ablated, "large") == {**base, "rollouts": 30, "hidden_size": 256, "clip_coefficient": 0.1}
    assert ablation_arms(ablated) == {
        "same": {"reference": "same", "group": REFERENCE, "changes": "{}", "rollouts": 60},
        "large": {
            "reference": "same",
            "group": HYPERPARAMETERS,
            "changes": '{"clip_coefficient": 0.1, "hidden_size": 256}',
            "rollouts": 30,
        },
    }


@pytest.mark.parametrize(
    ("changes", "group"),
    [
        ({}, REFERENCE),
        ({"rollouts": 3}, REFERENCE),
        ({"schedule": "random"}, SCHEDULE),
        ({"objectives": ["blue", "yellow"], "level_distribution": "three_colours"}, SCHEDULE),
        ({"level_distribution": "three_colours"}, WORLD),
        ({"walkable_keys": False, "wall_penalty": False}, WORLD),
        ({"decoupled_decay": True, "weight_decay": 0.1}, HYPERPARAMETERS),
    ],
)
def test_arms_are_grouped_by_what_they_change(changes, group):
    assert group_of({"base": "onehot", **changes}) == group
