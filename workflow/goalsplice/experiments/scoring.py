"""What an edit and its controls do on fixed levels: the rows of the splices table for one recipient and donor."""

from collections.abc import Iterator
from typing import NamedTuple

from goalsplice.agent.recipe import Recipe
from goalsplice.agent.seeding import Key, generator
from goalsplice.edits import controls
from goalsplice.edits.attribution import Observations
from goalsplice.edits.edit import Edit, Weights, norm, size
from goalsplice.edits.effort import GRADIENTS, optimised_at_random
from goalsplice.experiments.evaluation import evaluate
from goalsplice.settings.labels import BOUND, NO_CONTROL, NO_EDIT
from goalsplice.world.simulator import Worlds

DRAWN = ("random_sites", "shuffled", "noise", "equal_effort")
"""Controls that are drawn at random, several times. `longer_effort` is so too, but only once: it takes long."""


class Pair(NamedTuple):
    """A recipient and a donor, and what stands in for the donor in controls.

    Attributes:
        recipient, donor: actors.
        met: observations that both meet.
        stand_ins: other actors by the names of the controls that take them: `same_goal`, another phase of the
            recipient's goal; `other_seed`, the donor's phase in another run; `untrained`.
        key: arm, seed and phases, from which random draws derive.
    """

    recipient: Weights
    donor: Weights
    met: Observations
    stand_ins: dict[str, Weights]
    key: Key


class Levels(NamedTuple):
    """What networks are tested on.

    Attributes:
        edits: levels for edits.
        controls: the first of them, for controls, of which there are many more.
        layouts, policy: as in the evaluation table.
    """

    edits: Worlds
    controls: Worlds
    layouts: str
    policy: str


def first(worlds: Worlds, count: int) -> Worlds:
    """The first `count` of some worlds."""
    return Worlds(*(field[:count] for field in worlds))


def control(pair: Pair, edit: Edit, edited: Weights, name: str, draw: int) -> Weights:
    """The network of one control of `edit`, which made `edited` of the pair."""
    if name in pair.stand_ins:
        return edit.make(pair.recipient, pair.stand_ins[name])
    if name == "turned":
        return controls.turned(pair.recipient, edited)
    if name == "complement":
        return controls.complement(pair.recipient, pair.donor, edited)
    numbers = generator(*pair.key, "splice", edit.family, edit.name, edit.dose, name, draw)
    if name == "random_sites" and edit.at_random is not None:
        return edit.at_random(numbers)(pair.recipient, pair.donor)
    if name == "random_sites":
        return controls.random_sites(pair.recipient, pair.donor, edited, numbers)
    if name in GRADIENTS:
        count = size(pair.recipient, edited)
        return optimised_at_random(pair.recipient, pair.donor, count, pair.met, GRADIENTS[name], numbers)
    return {"shuffled": controls.shuffled, "noise": controls.noise}[name](pair.recipient, edited, numbers)


def _row(pair: Pair, edit: Edit, name: str, draw: int, network: Weights, on: Levels, recipe: Recipe) -> dict:
    played = on.edits if name == NO_CONTROL else on.controls
    return {
        "family": edit.family,
        "edit": edit.name,
        "dose": edit.dose,
        "control": name,
        "draw": draw,
        "size": size(pair.recipient, network),
        "norm": norm(pair.recipient, network),
        "layouts": on.layouts,
        "policy": on.policy,
        "levels": len(played.agent),
        **evaluate(network, recipe, played, on.policy),
    }


def score(pair: Pair, edit: Edit, on: Levels, draws: int, recipe: Recipe) -> Iterator[dict]:
    """Rows of the splices table, but for what identifies the pair: the edit's, then its controls'.

    Controls whose stand-in the pair lacks are left out: a study of one seed has no other.

    Args:
        draws: of each control that is drawn at random.
    """
    edited = edit.make(pair.recipient, pair.donor)
    yield _row(pair, edit, NO_CONTROL, 0, edited, on, recipe)
    for name in edit.controls:
        if name in ("same_goal", "other_seed", "untrained") and name not in pair.stand_ins:
            continue
        for draw in range(draws if name in DRAWN else 1):
            yield _row(pair, edit, name, draw, control(pair, edit, edited, name, draw), on, recipe)


def bounds(pair: Pair, on: Levels, recipe: Recipe) -> Iterator[dict]:
    """Floor and ceiling on the controls' levels: rows of family `bounds`, edit `none` and `donor`.

    Controls play fewer levels than edits, so their recovery is scaled by these.
    """
    for name, network in ((NO_EDIT, pair.recipient), ("donor", pair.donor)):
        yield _row(pair, Edit("bounds", name, lambda *_: {}), BOUND, 0, network, on, recipe)
