"""The straight path through recipient and donor, and beyond both."""

from goalsplice.agent.network import Weights
from goalsplice.edits.delta import WeightDelta
from goalsplice.edits.edit import Context, Edit, Make
from goalsplice.edits.weights import add
from goalsplice.settings.labels import INTERPOLATION

STEPS = (-1.0, -0.5, -0.25, 0.25, 0.5, 0.75, 1.0, 1.25, 1.5, 2.0)
"""Multiples of the difference; 0 would be the recipient, 1 is the donor."""


def along(step: float) -> Make:
    """The recipient plus `step` times the difference."""

    def make(context: Context) -> Weights:
        recipient, donor = context.actors
        return add(recipient, WeightDelta(recipient, donor).tensors, step)

    return make


def path_edits() -> list[Edit]:
    """Steps of the whole actor along the difference; another donor's or a random one of the same norm as control."""
    return [
        Edit(
            INTERPOLATION,
            "whole actor",
            along(step),
            step,
            ("permuted", "gaussian", "same_goal_donor", "other_seed_donor"),
        )
        for step in STEPS
    ]
