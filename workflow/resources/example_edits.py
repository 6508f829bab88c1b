"""Two edits that the default configuration scores, as examples for one's own. docs/edits.md says how to add one."""

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor

from goalsplice.edits.inputs import input_groups
from goalsplice.experiments.custom import EditContext, NotApplicable

Actor = Mapping[str, Tensor]


def halfway(recipient: Actor, donor: Actor, context: EditContext, layer: str) -> dict[str, Tensor]:
    """One layer's weights and biases, half way from the recipient's to the donor's."""
    names = (f"{layer}.weight", f"{layer}.bias")
    return {**recipient, **{name: (recipient[name] + donor[name]) / 2 for name in names}}


def colour_columns(recipient: Actor, donor: Actor, context: EditContext, colours: list[str]) -> dict[str, Tensor]:
    """What layer 1 makes of some colours, from the donor: its input columns for them, in all cells of the view."""
    groups = input_groups(context.encoding)
    if not set(colours) <= groups.keys():
        raise NotApplicable(f"with the encoding {context.encoding.name}, no input is for one colour alone")
    columns = torch.from_numpy(np.any([groups[colour] for colour in colours], axis=0))
    name = "layer1.weight"
    return {**recipient, name: torch.where(columns, donor[name], recipient[name])}
