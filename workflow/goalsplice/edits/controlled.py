"""An edit and its controls: the networks that a row each of a table is of."""

from collections.abc import Iterator

from goalsplice.agent.fast.policy import Policy
from goalsplice.agent.network import Weights
from goalsplice.agent.seeding import Key, generator
from goalsplice.edits import controls
from goalsplice.edits.delta import WeightDelta
from goalsplice.edits.edit import Context, Donors, Edit, Edited
from goalsplice.edits.effort import GRADIENTS, optimised_at_random
from goalsplice.settings.labels import NO_EDIT

DRAWN = ("random_weights", "permuted", "gaussian", "optimised_same_budget")
"""Controls that are drawn at random, several times. `optimised_8x_budget` is so too, but only once: it takes long."""

FLOOR = Edit("bounds", NO_EDIT, lambda context: context.recipient.actor)
CEILING = Edit("bounds", "donor", lambda context: context.donor.actor)
"""What every edit is between."""

OF_OTHER_DONORS = ("same_goal_donor", "other_seed_donor", "untrained_donor")
"""Controls that are the edit itself, made with another donor."""


def control(
    context: Context, edit: Edit, edited: Weights, name: str, donors: Donors, draw: int, key: Key
) -> Weights | Policy:
    """The network of one control of `edit`, which made `edited` in this context.

    Args:
        name: which control.
        donors: the donors of the controls that take others.
        draw: which of several, where the control is drawn at random.
        key: what random draws derive from.
    """
    if name in OF_OTHER_DONORS:
        return edit.make(context._replace(donor=donors[name]))
    recipient, donor = context.actors
    if name == "sign_flipped":
        return controls.sign_flipped(recipient, edited)
    if name == "complement":
        return controls.complement(recipient, donor, edited)
    numbers = generator(*key, "splice", edit.family, edit.name, edit.dose, name, draw)
    if name == "random_weights" and edit.at_random is not None:
        return edit.at_random(numbers)(context)
    if name == "random_weights":
        return controls.random_weights(recipient, donor, edited, numbers)
    if name in GRADIENTS:
        return optimised_at_random(context, WeightDelta(recipient, edited).size, GRADIENTS[name], numbers)
    return {"permuted": controls.permuted, "gaussian": controls.gaussian}[name](recipient, edited, numbers)


def controlled(context: Context, edit: Edit, donors: Donors, draws: int, key: Key | None = None) -> Iterator[Edited]:
    """What an edit makes, then its controls.

    Controls whose donor is not there are left out: a study of one seed has no other.

    Args:
        donors: the donors of the controls that take others.
        draws: of each control that is drawn at random.
        key: what random draws derive from; by default the context's.
    """
    key = key or context.key
    edited = edit.make(context)
    yield Edited(edit, edited)
    for name in edit.controls:
        if name in OF_OTHER_DONORS and name not in donors:
            continue
        for draw in range(draws if name in DRAWN else 1):
            yield Edited(edit, control(context, edit, edited, name, donors, draw, key), name, draw)
