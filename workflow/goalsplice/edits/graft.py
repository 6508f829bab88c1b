"""Sparse grafts: the largest changes that training further on a new objective made, and no others.

The donor is an actor that was trained further from the recipient itself (`agent/continuation.py`), so a graft may use
a reward that no other edit may, and bounds how few weights can be enough.
"""

from goalsplice.edits.edit import Make, Weights, change, take
from goalsplice.edits.single_weights import top_masks


def graft(share: float) -> Make:
    """Take this share of the weights that differ, at least one, from the donor: those with the largest |change|.

    A share of 1 gives the donor. The share is of the weights that differ, not of all as in `single_weights.py`: many
    inputs never occur, and their weights have decayed to zero and stay there.
    """

    def make(recipient: Weights, donor: Weights) -> Weights:
        sizes = {name: part.abs() for name, part in change(recipient, donor).items()}
        changed = sum(int((part > 0).sum()) for part in sizes.values())
        every = sum(part.numel() for part in sizes.values())
        return take(recipient, donor, top_masks(sizes, share * changed / every))

    return make
