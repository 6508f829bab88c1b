"""Small subjects to be edited, in both encodings, and what tells whether an edit left them alone."""

from dataclasses import replace

import numpy as np
import torch

from goalsplice.agent.fast.policy import Policy
from goalsplice.agent.network import Agent
from goalsplice.agent.recipe import Recipe
from goalsplice.edits.edit import Weights
from goalsplice.edits.least_squares import seen
from goalsplice.edits.retargets import Settings, Subject

SETTINGS = Settings("yellow", "green", strength=1.3, share=0.02, below="layers 2 to 3", draws=2, evaluations=4)


def opinionated(recipe: Recipe, seed: int) -> Weights:
    """An actor with opinions, no bias of which is zero."""
    generator = torch.Generator().manual_seed(seed)
    weights = Agent(recipe.world.inputs, recipe.hidden_size, generator).actor.state_dict()
    weights["layer4.weight"] *= 100
    return {name: part + 0.1 * torch.randn(part.shape, generator=generator) for name, part in weights.items()}


def subject_of(recipe: Recipe, encoding: str = "onehot") -> tuple[Subject, Recipe]:
    """A subject that has all that an edit may take, and its recipe."""
    recipe = replace(recipe, encoding=encoding)
    actors = [opinionated(recipe, seed) for seed in range(6)]
    key = ("arm", 99, 19)
    met = seen(actors[0], recipe, "three_colours", key)
    switches = [(actors[1], actors[0]), (actors[2], actors[3])]
    return Subject(
        actors[0], "purple", "blue", met, actors[1], switches, (actors[4], actors[5]), actors[3], key
    ), recipe


def logits(policy: Policy, rows: np.ndarray) -> np.ndarray:
    """Logits (n, 7) for observations given as rows."""
    values = policy.table[rows].sum(axis=1)
    for weight, bias in zip(policy[1::2], policy[2::2], strict=True):
        values = values.clip(0) @ weight + bias
    return values


def copies(actor: Weights) -> Weights:
    return {name: part.clone() for name, part in actor.items()}


def equal(one: Weights, other: Weights) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)
