"""All edits that the study tries on a recipient and a donor."""

from goalsplice.edits.activations import activation_edits
from goalsplice.edits.attribution import attribution
from goalsplice.edits.edit import Context, Edit
from goalsplice.edits.inputs import input_edits
from goalsplice.edits.layers import layer_edits
from goalsplice.edits.path import path_edits
from goalsplice.edits.rank import rank_edits
from goalsplice.edits.single_weights import weight_edits
from goalsplice.edits.units import unit_edits


def all_edits(context: Context) -> list[Edit]:
    """Every family's edits. Those that are chosen by attribution are for this recipient and donor only."""
    attributions = attribution(context)
    return [
        *layer_edits(),
        *input_edits(context.encoding),
        *unit_edits(attributions),
        *weight_edits(attributions),
        *rank_edits(context.recipient.actor),
        *path_edits(),
        *activation_edits(),
    ]
