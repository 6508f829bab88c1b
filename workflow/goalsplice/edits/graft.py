"""Sparse grafts: the largest changes that fine-tuning on a new objective made, and no others.

The donor is an actor that was fine-tuned from the recipient itself (`agent/finetuning.py`), so a graft may use
a reward that no other edit may, and bounds how few weights can be enough.
"""

from goalsplice.agent.network import Weights
from goalsplice.edits.delta import WeightDelta
from goalsplice.edits.edit import Make
from goalsplice.edits.single_weights import top_masks
from goalsplice.edits.weights import take


def grafted(recipient: Weights, donor: Weights, share: float) -> Weights:
    """Take this share of the weights that differ, at least one, from the donor: those with the largest |change|.

    A share of 1 gives the donor. The share is of the weights that differ, not of all as in `single_weights.py`: many
    inputs never occur, and their weights have decayed to zero and stay there.
    """
    sizes = {name: part.abs() for name, part in WeightDelta(recipient, donor).tensors.items()}
    changed = sum(int((part > 0).sum()) for part in sizes.values())
    every = sum(part.numel() for part in sizes.values())
    return take(recipient, donor, top_masks(sizes, share * changed / every))


def graft(share: float) -> Make:
    """`grafted` as an edit's `make`."""
    return lambda context: grafted(*context.actors, share)
