"""All edits that the study tries on a recipient and a donor."""

from goalsplice.agent.recipe import Recipe
from goalsplice.edits.activations import activation_edits
from goalsplice.edits.attribution import Observations, attribution
from goalsplice.edits.edit import Edit, Weights
from goalsplice.edits.inputs import input_edits
from goalsplice.edits.layers import layer_edits
from goalsplice.edits.path import path_edits
from goalsplice.edits.rank import rank_edits
from goalsplice.edits.single_weights import weight_edits
from goalsplice.edits.units import unit_edits


def all_edits(recipient: Weights, donor: Weights, met: Observations, recipe: Recipe) -> list[Edit]:
    """Every family's edits. Those that are chosen by attribution are for this recipient and donor only.

    Args:
        met: observations that recipient and donor meet, for attributions and mean activations.
    """
    attributions = attribution(recipient, donor, met)
    return [
        *layer_edits(),
        *input_edits(recipe.world),
        *unit_edits(attributions),
        *weight_edits(attributions),
        *rank_edits(recipient),
        *path_edits(),
        *activation_edits(met),
    ]
