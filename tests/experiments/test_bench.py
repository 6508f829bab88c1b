"""A bench's rows say what a network is and what it does, on the levels that it is to play."""

import numpy as np
import pytest

from goalsplice.agent.fast.policy import policy_of
from goalsplice.edits.delta import WeightDelta
from goalsplice.edits.edit import Edit, Edited
from goalsplice.edits.layers import spliced
from goalsplice.edits.relabelling import perceiving
from goalsplice.experiments.bench import Bench
from goalsplice.experiments.evaluation import evaluate, levels
from goalsplice.settings.sections import Splices

SETTINGS = Splices(
    ((18, 19),),
    **{"levels": 64, "control_levels": 24, "control_precision": 0.0, "draws": 1},
    **{"level_distribution": "three_colours", "action_selection": "sampling"},
)


@pytest.fixture(scope="module")
def bench(recipe):
    return Bench.of(recipe, SETTINGS, 5)


@pytest.fixture(scope="module")
def edit():
    return Edit("layers", "layer2", spliced(("layer2",)), dose=0.5)


def test_a_bench_of_settings_has_the_evaluations_levels(bench, recipe):
    for own, expected in zip(bench.levels, levels("three_colours", 64, 5, recipe.grid_size), strict=True):
        np.testing.assert_array_equal(own, expected)
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
        },
        **evaluate(network, recipe, levels("three_colours", count, 5, recipe.grid_size), "sampling"),
    }
    assert list(row) == list(expected)
    assert row == expected
    assert row["levels"] == count


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


def test_a_control_stops_when_it_is_known_well_enough(context, bench, edit):
    """By the rule, and with the levels that it would play anyway."""
    network = edit.make(context)
    many = bench._replace(levels=levels("three_colours", 512, 5), control_levels=384)
    whole = many.evaluate(network, "gaussian")
    assert whole["levels"] == 384
    assert many._replace(control_precision=1.0).evaluate(network, "gaussian") == evaluate(
        network, bench.recipe, many.levels.part(0, 128), "sampling"
    )
    assert many._replace(control_precision=1.0).evaluate(network)["levels"] == 512
