"""A bench's rows say what a network is and what it does, on the levels that it is to play."""

import numpy as np
import pytest

from goalsplice.agent.fast.policy import policy_of
from goalsplice.edits.controlled import bounds
from goalsplice.edits.delta import WeightDelta
from goalsplice.edits.edit import Edit, Edited
from goalsplice.edits.layers import spliced
from goalsplice.edits.relabelling import perceiving
from goalsplice.experiments.bench import Bench
from goalsplice.experiments.evaluation import evaluate, levels
from goalsplice.settings.sections import Splices

SETTINGS = Splices(
    ((18, 19),), levels=64, control_levels=24, draws=1, level_distribution="three_colours", action_selection="sampling"
)


@pytest.fixture(scope="module")
def bench(recipe):
    return Bench.of(recipe, SETTINGS, 5)


@pytest.fixture(scope="module")
def edit():
    return Edit("layers", "layer2", spliced(("layer2",)), dose=0.5)


def test_a_bench_of_settings_has_the_evaluations_levels_and_controls_the_first_of_them(bench, recipe):
    for own, expected in zip(bench.levels, levels("three_colours", 64, 5, recipe.grid_size), strict=True):
        np.testing.assert_array_equal(own, expected)
    for part, whole in zip(bench.control_levels, bench.levels, strict=True):
        np.testing.assert_array_equal(part, whole[:24])
    assert (bench.level_distribution, bench.action_selection) == ("three_colours", "sampling")


@pytest.mark.parametrize(("control", "count"), [("no_control", 64), ("gaussian", 24)])
def test_rows_say_what_a_network_is_and_does(context, bench, edit, recipe, control, count):
    recipient, network = context.recipient.actor, edit.make(context)
    row = bench.row(recipient, Edited(edit, network, control, 3))
    delta = WeightDelta(recipient, network)
    expected = {
        **{"family": "layers", "edit": "layer2", "dose": 0.5, "control": control, "draw": 3},
        **{
            "size": delta.size,
            "norm": delta.norm,
            "level_distribution": "three_colours",
            "action_selection": "sampling",
            "levels": count,
        },
        **evaluate(network, recipe, levels("three_colours", count, 5, recipe.grid_size), "sampling"),
    }
    assert list(row) == list(expected)
    assert row == expected


def test_a_greedy_bench_plays_greedily(context, bench, edit, recipe):
    edited = Edited(edit, edit.make(context))
    greedy = bench._replace(action_selection="greedy").row(context.recipient.actor, edited)
    assert greedy["action_selection"] == "greedy"
    assert greedy["mean_length"] == evaluate(edited.network, recipe, bench.levels, "greedy")["mean_length"]
    assert greedy["mean_length"] != bench.row(context.recipient.actor, edited)["mean_length"]


def test_a_network_that_sees_otherwise_has_its_recipients_weights(context, bench, edit, recipe):
    recipient = context.recipient.actor
    seeing = perceiving(policy_of(recipient, recipe.world), recipe.world, "blue", "purple")
    row = bench.row(recipient, Edited(edit, seeing))
    assert row["size"] == row["norm"] == 0
    measured = evaluate(seeing, recipe, bench.levels, "sampling")
    assert {name: row[name] for name in measured} == measured
    assert measured != bench.evaluate(recipient)


def test_bounds_play_the_controls_levels(context, bench, recipe):
    recipient, donor = context.actors
    floor, ceiling = (bench.row(recipient, edited) for edited in bounds(context))
    assert floor["levels"] == ceiling["levels"] == 24
    assert floor["size"] == floor["norm"] == 0
    assert ceiling["size"] == sum(part.numel() for part in donor.values())
    for row, actor in ((floor, recipient), (ceiling, donor)):
        expected = evaluate(actor, recipe, bench.control_levels, "sampling")
        assert {measure: row[measure] for measure in expected} == expected
