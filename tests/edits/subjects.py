"""Small subjects to be edited, in both encodings, and what tells whether an edit left them alone."""

from dataclasses import replace
from typing import NamedTuple

import numpy as np
import torch

from goalsplice.agent.fast.policy import Policy
from goalsplice.agent.network import Agent, Weights
from goalsplice.agent.observations import observations
from goalsplice.agent.recipe import Recipe
from goalsplice.agent.runs import Checkpoint, Run
from goalsplice.agent.seeding import sequence
from goalsplice.edits.edit import Context
from goalsplice.edits.retargeting import Switches
from goalsplice.settings.sections import Retargeting
from goalsplice.world.observation import Observations

SETTINGS = Retargeting(
    target="yellow",
    absent="green",
    strength=1.3,
    weight_share=0.02,
    downstream={"onehot": "layers 2 to 3", "integers": "layers 2 to 3"},
    draws=2,
    evaluations=4,
    levels=12,
    control_levels=5,
    control_precision=0.0,
    level_distributions=("three_colours",),
    action_selection="sampling",
)


class Subject(NamedTuple):
    """A checkpoint that wants purple, after one that wants blue, and switches to purple."""

    context: Context
    switches: Switches

    @property
    def actor(self) -> Weights:
        return self.context.recipient.actor

    @property
    def neighbour(self) -> Weights:
        return self.context.run.checkpoints[self.context.phase - 1].actor

    @property
    def met(self) -> Observations:
        return self.context.observations

    def of(self, actor: Weights) -> "Subject":
        """The same of another actor."""
        run, phase = self.context.run, self.context.phase
        recipient = self.context.recipient._replace(actor=actor)
        run = replace(run, checkpoints={**run.checkpoints, phase: recipient})
        return self._replace(context=self.context._replace(run=run))

    def of_seed(self, seed: int) -> "Subject":
        """The same of another run."""
        return self._replace(context=self.context._replace(run=replace(self.context.run, seed=seed)))


def met_by(actor: Weights, recipe: Recipe, level_distribution: str = "three_colours", seed: int = 0) -> Observations:
    """What an actor meets in some thousand steps."""
    return observations([actor], recipe, level_distribution, 64, 64, [sequence("arm", seed, "met")])


def non_uniform(recipe: Recipe, seed: int) -> Weights:
    """An actor whose policy is not uniform, no bias of which is zero."""
    generator = torch.Generator().manual_seed(seed)
    weights = Agent(recipe.world.inputs, recipe.hidden_size, generator).actor.state_dict()
    weights["layer4.weight"] *= 100
    return {name: part + 0.1 * torch.randn(part.shape, generator=generator) for name, part in weights.items()}


def subject_of(recipe: Recipe, encoding: str = "onehot") -> tuple[Subject, Recipe]:
    """A subject that has all that an edit may take, and its recipe."""
    recipe = replace(recipe, encoding=encoding)
    actors = [non_uniform(recipe, seed) for seed in range(6)]
    checkpoints = {18: Checkpoint(99, 18, "blue", actors[1]), 19: Checkpoint(99, 19, "purple", actors[0])}
    tuned = Checkpoint(99, 19, "yellow", actors[3])
    context = Context(Run("arm", 99, recipe, checkpoints), 19, tuned, met_by(actors[0], recipe))
    own = [(actors[1], actors[0]), (actors[2], actors[3])]
    return Subject(context, Switches(own, (actors[4], actors[5]))), recipe


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
