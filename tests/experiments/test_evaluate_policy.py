"""An actor as the compiled loops take it plays as its weights do."""

from dataclasses import replace

import numpy as np
import pytest
import torch
import yaml

from goalsplice.agent.fast.policy import policy_of
from goalsplice.agent.network import Agent
from goalsplice.agent.recipe import Recipe
from goalsplice.edits.relabelling import perceiving
from goalsplice.experiments.evaluation import evaluate, levels
from goalsplice.world.simulator import BLUE_THING, PURPLE_THING, THIRD_THING

THINGS = {"blue": BLUE_THING, "purple": PURPLE_THING, "yellow": THIRD_THING}


@pytest.fixture(params=["onehot", "integers"], scope="module")
def recipe(request, pytestconfig) -> Recipe:
    config = yaml.safe_load((pytestconfig.rootpath / "config.yaml").read_text())
    recipe = Recipe(**{**config["recipe"], **config["arms"]["onehot"], "hidden_size": 16})
    return replace(recipe, encoding=request.param)


@pytest.fixture(scope="module")
def actor(recipe):
    """An actor whose policy is not uniform."""
    weights = Agent(recipe.world.inputs, recipe.hidden_size, torch.Generator().manual_seed(0)).actor.state_dict()
    return {**weights, "layer4.weight": 100 * weights["layer4.weight"]}


@pytest.mark.parametrize("action_selection", ["sampling", "greedy"])
def test_a_policy_plays_as_its_weights_do_and_levels_stay(recipe, actor, action_selection):
    on = levels("three_colours", 200, 0)
    before = [field.copy() for field in on]
    found = evaluate(policy_of(actor, recipe.world), recipe, on, action_selection)
    assert found == evaluate(actor, recipe, on, action_selection)
    for field, copy in zip(on, before, strict=True):
        np.testing.assert_array_equal(field, copy)
    other = {"sampling": "greedy", "greedy": "sampling"}[action_selection]
    assert found != evaluate(actor, recipe, on, other)


@pytest.mark.parametrize("pair", [("blue", "purple"), ("purple", "yellow"), ("yellow", "blue")], ids="-".join)
def test_seeing_two_colours_exchanged_is_playing_with_their_keys_exchanged(recipe, actor, pair):
    """Level by level the agent does the same, and comes to the one colour where it would have come to the other."""
    one, other = pair
    on = levels("three_colours", 400, 0)
    things = on.things.copy()
    things[:, [THINGS[one], THINGS[other]]] = things[:, [THINGS[other], THINGS[one]]]
    plain = evaluate(actor, recipe, on, "sampling")
    perceived = perceiving(policy_of(actor, recipe.world), recipe.world, one, other)
    found = evaluate(perceived, recipe, on._replace(things=things), "sampling")
    names = {name: name.replace(one, "?").replace(other, one).replace("?", other) for name in plain}
    assert found == pytest.approx({names[name]: value for name, value in plain.items()}, abs=1e-12)
    assert plain[f"episode_share_{one}"] > 0
    assert plain != evaluate(actor, recipe, on._replace(things=things), "sampling")
