"""What networks meet is other than what evaluations play, and depends on actor and key alone."""

import numpy as np
import pytest
import torch
import yaml

from goalsplice.agent import observations
from goalsplice.agent.network import Agent
from goalsplice.agent.recipe import Recipe
from goalsplice.experiments.evaluation import levels
from goalsplice.experiments.observing import met, met_alone
from goalsplice.world.simulator import create


@pytest.fixture(scope="module")
def recipe(pytestconfig) -> Recipe:
    """The published recipe with small layers and a small view."""
    config = yaml.safe_load((pytestconfig.rootpath / "config.yaml").read_text())
    return Recipe(**{**config["recipe"], **config["arms"]["onehot"], "view_size": 3, "hidden_size": 8})


def actor(recipe, seed):
    """An actor whose policy is not uniform."""
    weights = Agent(recipe.world.inputs, recipe.hidden_size, torch.Generator().manual_seed(seed)).actor.state_dict()
    return {**weights, "layer4.weight": 100 * weights["layer4.weight"]}


def test_what_is_met_alone_depends_on_actor_layouts_and_key_alone(recipe):
    one, again = (met_alone(actor(recipe, 0), recipe, "three_colours", ("arm", 99, 18)) for _ in range(2))
    for field, same in zip(one, again, strict=True):
        np.testing.assert_array_equal(field, same)
    others = [
        met_alone(actor(recipe, 0), recipe, "three_colours", ("arm", 99, 19)),
        met_alone(actor(recipe, 1), recipe, "three_colours", ("arm", 99, 18)),
        met_alone(actor(recipe, 0), recipe, "training", ("arm", 99, 18)),
    ]
    for other in others:
        assert not np.array_equal(one.codes, other.codes)
        assert one.counts.sum() == other.counts.sum() > 2000


def test_what_several_meet_depends_on_all_of_them_layouts_and_key_alone(recipe):
    actors = [actor(recipe, seed) for seed in (0, 1)]

    def found(*actors, level_distribution="three_colours", seed=0):
        return met(actors, recipe, level_distribution, ("arm", seed))

    one, again = found(*actors), found(*actors)
    assert one.counts.sum() == 2 * 32 * 16
    for field, same in zip(one, again, strict=True):
        np.testing.assert_array_equal(field, same)
    others = [
        found(*actors, seed=1),
        found(actors[0], actors[0]),
        found(actors[1], actors[1]),
        found(*actors, level_distribution="training"),
    ]
    assert not any(np.array_equal(other.codes, one.codes) for other in others)


def test_levels_are_others_than_those_of_evaluations(recipe, monkeypatch):
    streams = []

    def spied(*arguments):
        worlds = create(*arguments)
        streams.extend(worlds.stream.tolist())
        return worlds

    monkeypatch.setattr(observations, "create", spied)
    for key in (("arm", 0), ("arm", 5), ("arm", 99, 18), ("arm", 99, 19)):
        met_alone(actor(recipe, 0), recipe, "three_colours", key)
        met([actor(recipe, 0), actor(recipe, 1)], recipe, "three_colours", key)
    assert len(set(streams)) == len(streams) > 0
    for seed in (0, 1, 5, 6):
        assert not set(levels("three_colours", 256, seed).stream.tolist()) & set(streams)
