"""Two actors as an edit takes them."""

import torch

from goalsplice.agent.network import Agent, Weights
from goalsplice.agent.recipe import Recipe
from goalsplice.agent.runs import Checkpoint, Run
from goalsplice.edits.edit import Context
from goalsplice.world.observation import Observations

PHASE, DONOR_PHASE = 18, 19


def checkpoint(actor: Weights, phase: int = DONOR_PHASE, objective: str = "purple", seed: int = 99) -> Checkpoint:
    """An actor as a run's checkpoint."""
    return Checkpoint(seed, phase, objective, actor)


def context_of(
    recipient: Weights, donor: Weights, recipe: Recipe | None = None, observations: Observations | None = None
) -> Context:
    """Recipient and donor as neighbouring phases of one run; a recipe and observations for edits that look at them."""
    checkpoints = {PHASE: checkpoint(recipient, PHASE, "blue"), DONOR_PHASE: checkpoint(donor)}
    return Context(Run("onehot", 99, recipe, checkpoints), PHASE, checkpoints[DONOR_PHASE], observations)


def donors_of(context: Context, *controls: str) -> dict[str, Checkpoint]:
    """For each of these controls an actor of the context's shape in place of the donor."""
    inputs, hidden = context.encoding.inputs, context.recipe.hidden_size
    return {
        name: checkpoint(Agent(inputs, hidden, torch.Generator().manual_seed(seed)).actor.state_dict(), 100 + seed)
        for seed, name in enumerate(controls, start=2)
    }
