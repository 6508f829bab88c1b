"""What training a checkpoint further does: how far the actor moves, and where."""

from goalsplice.agent.network import Weights
from goalsplice.edits.delta import WeightDelta


def movement(origin: Weights, actor: Weights) -> dict[str, float]:
    """The continued table's columns on how far an actor moved: distance, layer1_share and layer1_effective_rank.

    The latter two are NaN where it did not.
    """
    delta = WeightDelta(origin, actor)
    return {
        "distance": delta.norm,
        "layer1_share": delta.layer_share("layer1"),
        "layer1_effective_rank": delta.effective_rank("layer1.weight"),
    }
