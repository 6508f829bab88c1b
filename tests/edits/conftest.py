"""Two small actors whose weights differ everywhere, and what they meet."""

import pytest
import torch
import yaml

from edits.contexts import context_of
from goalsplice.agent.network import Agent, Weights
from goalsplice.agent.observations import observations
from goalsplice.agent.recipe import Recipe
from goalsplice.agent.seeding import sequence
from goalsplice.edits.edit import Context
from goalsplice.settings.study import recipe_of


def actor(recipe: Recipe, seed: int) -> Weights:
    """An actor whose policy is not uniform, where a fresh one is close to it, and no bias of zero."""
    generator = torch.Generator().manual_seed(seed)
    weights = Agent(recipe.world.inputs, recipe.hidden_size, generator).actor.state_dict()
    weights["layer4.weight"] *= 100
    return {name: part + 0.1 * torch.randn(part.shape, generator=generator) for name, part in weights.items()}


@pytest.fixture(scope="session")
def recipe(pytestconfig) -> Recipe:
    """The one-hot arm as config.yaml has it, but for a small view and a small network."""
    config = yaml.safe_load((pytestconfig.rootpath / "config.yaml").read_text())
    return Recipe(**{**recipe_of(config, "onehot"), "view_size": 3, "hidden_size": 16})


@pytest.fixture(scope="session")
def recipient(recipe) -> Weights:
    return actor(recipe, 0)


@pytest.fixture(scope="session")
def donor(recipe) -> Weights:
    return actor(recipe, 1)


@pytest.fixture(scope="session")
def context(recipient, donor, recipe) -> Context:
    """Both, with what they meet."""
    sequences = [sequence("arm", 0, "met", number) for number in range(2)]
    met = observations((recipient, donor), recipe, "three_colours", 32, 16, sequences)
    return context_of(recipient, donor, recipe, met)
