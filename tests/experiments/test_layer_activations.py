"""Activations are those of the network that plays, and observations are what networks meet."""

import numpy as np
import pytest
import torch
import yaml

from goalsplice.agent.fast.policy import policy_of
from goalsplice.agent.network import Agent
from goalsplice.agent.recipe import Recipe
from goalsplice.experiments.activations import LAYERS, activations, drawn_observations
from goalsplice.experiments.evaluation import levels
from goalsplice.world.simulator import observe


@pytest.fixture(params=[("onehot", 5), ("integers", 7)], ids=["onehot", "integers"])
def recipe(request, pytestconfig) -> Recipe:
    """The published recipe, for both encodings."""
    config = yaml.safe_load((pytestconfig.rootpath / "config.yaml").read_text())
    encoding, view_size = request.param
    return Recipe(**{**config["recipe"], "encoding": encoding, "view_size": view_size})


@pytest.fixture
def actors(recipe) -> list[dict]:
    """Two actors whose policies are far from uniform, and from each other."""
    agents = [Agent(recipe.world.inputs, recipe.hidden_size, torch.Generator().manual_seed(seed)) for seed in (0, 1)]
    with torch.no_grad():
        for agent in agents:
            agent.actor.layer4.weight *= 300
            for layer in (agent.actor.layer1, agent.actor.layer2, agent.actor.layer3):
                layer.bias += torch.linspace(-1, 1, recipe.hidden_size)
    return [agent.actor.state_dict() for agent in agents]


def first_codes(recipe, count=200):
    """What is seen at the start of levels."""
    on = levels("three_colours", count, 5, recipe.grid_size)
    return np.array([observe(on, i, recipe.world.geometry) for i in range(count)])


def test_activations_are_what_the_modules_put_out(recipe, actors):
    inputs = recipe.world.inputs_of(recipe.world.rows(first_codes(recipe)))
    agent = Agent(recipe.world.inputs, recipe.hidden_size)
    agent.actor.load_state_dict(actors[0])
    put_out = {}
    for name in ("relu1", "relu2", "relu3", "layer4"):
        agent.actor.get_submodule(name).register_forward_hook(
            lambda module, given, value, name=name: put_out.__setitem__(name, value.detach().numpy())
        )
    agent.actor(torch.from_numpy(inputs))
    before = {name: tensor.clone() for name, tensor in actors[0].items()}
    found = activations(actors[0], inputs)
    assert tuple(found) == LAYERS
    np.testing.assert_array_equal(found["inputs"], inputs)
    for layer, module in zip(LAYERS[1:], put_out, strict=True):
        np.testing.assert_allclose(found[layer], put_out[module], rtol=1e-3, atol=1e-5)
        assert found[layer].dtype == np.float32
    assert all(torch.equal(actors[0][name], before[name]) for name in before)


def test_inputs_are_what_the_compiled_policy_sums(recipe, actors):
    """The first layer from dense inputs is the first layer from rows of its table."""
    codes = first_codes(recipe)
    found = activations(actors[0], recipe.world.inputs_of(recipe.world.rows(codes)))["layer1"]
    table = policy_of(actors[0], recipe.world).table
    np.testing.assert_allclose(found, table[recipe.world.rows(codes)].sum(axis=1).clip(min=0), rtol=1e-4, atol=1e-4)


def test_what_is_seen_depends_on_the_arguments_alone_and_is_seen_once(recipe, actors):
    def draw(seed, which=actors):
        return drawn_observations(which, recipe, "three_colours", 300, np.random.SeedSequence(seed))

    codes = draw(0)
    assert codes.shape == np.unique(codes).shape == (300,)
    np.testing.assert_array_equal(codes, draw(0))
    assert np.isin(codes, draw(1)).mean() < 0.5
    assert np.isin(codes, draw(0, actors[:1])).mean() < 0.9, "the second actor must play a part"
    assert (np.diff(codes) < 0).any(), "a part of the codes must be no particular part"


def test_no_more_is_seen_than_there_is(recipe, actors):
    still = [{name: torch.zeros_like(tensor) for name, tensor in actors[0].items()}]
    still[0]["layer4.bias"] = torch.tensor([0, 0, 0, 0, 0, 0, 100.0])
    steps = 3 * 30_000 // 64
    codes = drawn_observations(still, recipe, "three_colours", 30_000, np.random.SeedSequence(0))
    assert len(codes) < 64 * steps
    assert len(codes) == len(np.unique(codes)) < 30_000
