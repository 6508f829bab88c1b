"""Edits of activations, written as edits of weights.

Activation patching (interchange intervention; Geiger et al. 2021, "Causal Abstractions of Neural Networks"): all of a
layer's activations are the donor's on the same observation. What lies upstream of them is then the donor's and what
lies downstream is the recipient's, so the network is the splice of all layers up to that one.

Steering vector (Turner et al. 2023, "Activation Addition"): the mean, over observations, of the donor's minus the
recipient's activations is added to the recipient's. Added after layer l it passes layer l+1's weights as a constant, so
it is an edit of layer l+1's bias.
"""

from goalsplice.agent.network import ACTOR_LAYERS, Weights, forward
from goalsplice.agent.products import product
from goalsplice.edits.edit import Context, Edit, Make
from goalsplice.edits.layers import spliced


def add_mean_difference(layer: str) -> Make:
    """Add the mean difference of the activations after a hidden layer, over what recipient and donor meet."""
    following = ACTOR_LAYERS[ACTOR_LAYERS.index(layer) + 1]

    def make(context: Context) -> Weights:
        (recipient, donor), inputs = context.actors, context.inputs
        difference = forward(donor, inputs)[layer] - forward(recipient, inputs)[layer]
        added = product(recipient[f"{following}.weight"], product(context.frequency, difference))
        return {**recipient, f"{following}.bias": recipient[f"{following}.bias"] + added}

    return make


def activation_edits() -> list[Edit]:
    """Activation patching and steering vector after each hidden layer."""
    edits = []
    for number, layer in enumerate(ACTOR_LAYERS[:-1], start=1):
        edits += [
            Edit(
                "activations",
                f"activation patching after {layer}",
                spliced(ACTOR_LAYERS[:number]),
                controls=("same_goal_donor", "other_seed_donor", "untrained_donor"),
            ),
            Edit(
                "activations",
                f"steering vector after {layer}",
                add_mean_difference(layer),
                controls=("sign_flipped", "gaussian", "same_goal_donor", "other_seed_donor"),
            ),
        ]
    return edits
