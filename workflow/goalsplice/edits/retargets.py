"""Edits that are to make an agent fetch a colour that it was never rewarded for, and what they are compared with.

Each makes an actor from a run's own checkpoints. None uses a reward or a gradient for the new colour, but for those of
family `graft`, which take weights of an actor that was trained further on it, and are there as a reference.
"""

from collections.abc import Callable, Iterator, Sequence
from math import nan
from typing import NamedTuple

import numpy as np

from goalsplice.agent.fast.policy import Policy, policy_of
from goalsplice.agent.recipe import Recipe
from goalsplice.agent.seeding import Key, generator
from goalsplice.edits import controls, goal_vectors
from goalsplice.edits.alignment import match, permute
from goalsplice.edits.edit import Weights, add, change, flat
from goalsplice.edits.graft import graft
from goalsplice.edits.hill_climbing import climbed
from goalsplice.edits.least_squares import Seen, refitted
from goalsplice.edits.relabelling import perceiving
from goalsplice.edits.single_weights import SHARES
from goalsplice.settings.labels import BELOW, FEW

STRENGTHS = (0.5, 1.0, 1.3, 1.5, 2.0, 2.5, 3.0)
ENTRY_SHARES = (3e-4, 1e-3, 2e-3, 5e-3, 1e-2, 2e-2)
UNITS = (4, 8, 16, 32, 64, 128)
RANKS = (1, 2, 3, 4, 8)
STEPS = (1.5, 2.0, 3.0)
"""Beyond the donor, on the path from the neighbour to the checkpoint."""

LOWER = {
    "layer 2": ("layer2",),
    "layers 2 to 3": ("layer2", "layer3"),
    "layers 2 to 4": ("layer2", "layer3", "layer4"),
    "layer 3": ("layer3",),
    "layers 3 to 4": ("layer3", "layer4"),
    "layer 4": ("layer4",),
}
"""Which layers `below` refits."""

DRAWN = ("noise", "shuffled")


class Settings(NamedTuple):
    """What was chosen on other runs than those reported: config.yaml's `retargets`.

    Attributes:
        target: the new colour.
        absent: a colour that no key of the test levels has.
        strength: of the few weights, and wherever it is not the dose.
        share: of the actor's weights that the few weights are.
        below: which of `LOWER`.
        draws: of controls that are drawn at random.
        evaluations: how often the control `equal_effort` may look at the new colour's return.
    """

    target: str
    absent: str
    strength: float
    share: float
    below: str
    draws: int
    evaluations: int


class Subject(NamedTuple):
    """A checkpoint that is edited, and what it is edited with.

    Attributes:
        actor: the checkpoint's.
        wanted, former: the colour that it wants, and the other one that its run was trained on.
        seen: what the actor meets.
        neighbour: the actor of the phase before, which wants `former`; None for the first.
        switches: actors before and after late switches of the same run to the wanted colour.
        other_switch: such a pair of another run; None if there is no other.
        trained_further: an actor trained on the target from this checkpoint; None if there is none.
        key: arm, seed and phase, from which random draws derive.
    """

    actor: Weights
    wanted: str
    former: str
    seen: Seen
    neighbour: Weights | None
    switches: Sequence[tuple[Weights, Weights]]
    other_switch: tuple[Weights, Weights] | None
    trained_further: Weights | None
    key: Key


class Retarget(NamedTuple):
    """One edited agent: a row of the retargets table, but for its test.

    Attributes:
        family, edit, dose: as in the table.
        actor: the edited weights, or a policy that sees other colours with the weights unchanged.
        control, draw: as in the table.
    """

    family: str
    edit: str
    dose: float
    actor: Weights | Policy
    control: str = "none"
    draw: int = 0


def few_weights(subject: Subject, recipe: Recipe, settings: Settings, share: float | None = None) -> Weights:
    """The largest entries of the contrast vector, moved from the wanted colour's columns to the target's."""
    vector = goal_vectors.contrast(subject.actor, recipe.world, subject.wanted)
    kept = goal_vectors.largest(vector, _entries(subject, settings.share if share is None else share))
    return _aimed(subject, recipe, settings, kept)


def _entries(subject: Subject, share: float) -> int:
    """Entries of a goal vector such that adding and taking them changes this share of the actor's weights."""
    return max(1, int(share * len(flat(subject.actor)) / 2))


def _aimed(subject: Subject, recipe: Recipe, settings: Settings, vector, target: str | None = None) -> Weights:
    return goal_vectors.aim(
        subject.actor, recipe.world, vector, target or settings.target, subject.wanted, settings.strength
    )


def below(subject: Subject, recipe: Recipe, settings: Settings, one: str | None = None, other: str | None = None):
    """Layers after the first, refitted to act as if two colours were exchanged: by default wanted and target."""
    one, other = one or subject.wanted, other or settings.target
    return refitted(subject.actor, recipe, subject.seen, one, other, LOWER[settings.below])


def perception(subject: Subject, recipe: Recipe, settings: Settings) -> Policy:
    """The unedited actor, which sees the wanted colour and the target exchanged."""
    policy = policy_of(subject.actor, recipe.world)
    return perceiving(policy, recipe.world, subject.wanted, settings.target)


def fixed(subject: Subject, recipe: Recipe, settings: Settings) -> Iterator[Retarget]:
    """What is tried in every phase: no edit, the ceiling, and the edits that were chosen."""
    yield Retarget("bounds", "none", nan, subject.actor)
    yield Retarget("perception", "swap", nan, perception(subject, recipe, settings))
    if recipe.encoding == "onehot":
        yield Retarget("chosen", FEW, nan, few_weights(subject, recipe, settings))
    yield Retarget("chosen", BELOW, nan, below(subject, recipe, settings))


def _vectors(subject: Subject, recipe: Recipe, settings: Settings) -> Iterator[Retarget]:
    world, actor, wanted, target = recipe.world, subject.actor, subject.wanted, settings.target
    contrast = goal_vectors.contrast(actor, world, wanted)
    for strength in STRENGTHS:
        yield Retarget("contrast", "full", strength, goal_vectors.aim(actor, world, contrast, target, wanted, strength))
        yield Retarget(
            "contrast",
            "added only",
            strength,
            goal_vectors.aim(actor, world, contrast, target, wanted, strength, take=False),
        )
        yield Retarget("contrast", FEW, strength, few_weights(subject, recipe, settings._replace(strength=strength)))
    for share in ENTRY_SHARES:
        yield Retarget("contrast", "largest", share, few_weights(subject, recipe, settings, share))
    for count in UNITS:
        kept = goal_vectors.of_units(contrast, count)
        yield Retarget("contrast", "units", count, _aimed(subject, recipe, settings, kept))
    for rank in RANKS:
        kept = goal_vectors.of_rank(contrast, rank)
        yield Retarget("contrast", "rank", rank, _aimed(subject, recipe, settings, kept))

    switches = {}
    if subject.neighbour is not None:
        switches["one switch"] = goal_vectors.switch(subject.neighbour, actor, world, wanted)
        yield Retarget(
            "analogy",
            "all of layer 1",
            nan,
            goal_vectors.analogy(actor, subject.neighbour, world, wanted, subject.former, target),
        )
    if subject.switches:
        every = [goal_vectors.switch(before, after, world, wanted) for before, after in subject.switches]
        switches["mean of the run's"] = sum(every) / len(every)
    if subject.other_switch is not None:
        switches["other run's"] = goal_vectors.switch(*subject.other_switch, world, wanted)
        order = match(actor, subject.other_switch[1])
        matched = (permute(one, order) for one in subject.other_switch)
        switches["other run's, units matched"] = goal_vectors.switch(*matched, world, wanted)
    for name, vector in switches.items():
        for strength in STRENGTHS:
            yield Retarget("switch", name, strength, goal_vectors.aim(actor, world, vector, target, wanted, strength))


def all_retargets(subject: Subject, recipe: Recipe, settings: Settings) -> Iterator[Retarget]:
    """Every edit, without controls, but for those of `fixed`."""
    if recipe.encoding == "onehot":
        yield from _vectors(subject, recipe, settings)
    pair = (subject.wanted, settings.target)
    yield Retarget("layer 1", "least squares", nan, refitted(subject.actor, recipe, subject.seen, *pair, ("layer1",)))
    for name, layers in LOWER.items():
        yield Retarget("below", name, nan, refitted(subject.actor, recipe, subject.seen, *pair, layers))
    if subject.neighbour is not None:
        difference = change(subject.neighbour, subject.actor)
        for step in STEPS:
            yield Retarget("extrapolation", "path", step, add(subject.neighbour, difference, step))
    if subject.trained_further is not None:
        for share in SHARES:
            yield Retarget("graft", "by size", share, graft(share)(subject.actor, subject.trained_further))


def _units_shuffled(subject: Subject, recipe: Recipe, settings: Settings, numbers: np.random.Generator) -> Weights:
    """The few weights of the same vector, its units in a random order."""
    vector = goal_vectors.contrast(subject.actor, recipe.world, subject.wanted)
    kept = goal_vectors.largest(vector, _entries(subject, settings.share))
    return _aimed(subject, recipe, settings, kept[numbers.permutation(len(kept))])


def _unrelated(subject: Subject, recipe: Recipe, settings: Settings) -> Weights:
    """As many entries, of the same norm, of the vector that tells the absent colour from others."""
    world = recipe.world
    mine = goal_vectors.contrast(subject.actor, world, subject.wanted)
    other = goal_vectors.contrast(subject.actor, world, settings.absent)
    count = _entries(subject, settings.share)
    kept, length = goal_vectors.largest(other, count), goal_vectors.largest(mine, count).norm()
    return _aimed(subject, recipe, settings, kept * (length / kept.norm()))


def _absent(subject: Subject, recipe: Recipe, settings: Settings) -> Weights:
    """The same few weights, aimed at a colour that is not there."""
    vector = goal_vectors.contrast(subject.actor, recipe.world, subject.wanted)
    kept = goal_vectors.largest(vector, _entries(subject, settings.share))
    return _aimed(subject, recipe, settings, kept, settings.absent)


def chosen_controls(
    subject: Subject, recipe: Recipe, settings: Settings, score: Callable[[Weights], float]
) -> Iterator[Retarget]:
    """Controls of the chosen edits.

    `noise`, random values of the same norm at the same places. `shuffled`, the few weights with their units in a random
    order, or the refitted weights' changes at each other's places. `turned`, the opposite change. `unrelated`, the same
    made of other colours: what tells the absent colour from others, or the colour of the other phases in place of the
    one that is wanted. `absent`, aimed at a colour that is not there. `equal_effort`, as
    many weights at random places, optimised for the target's return (`hill_climbing.py`).

    Args:
        score: the target's return on levels other than those of the test.
    """
    edits = {BELOW: below(subject, recipe, settings)}
    special = {BELOW: {"absent": below(subject, recipe, settings, other=settings.absent)}}
    if subject.former != subject.wanted:
        special[BELOW]["unrelated"] = below(subject, recipe, settings, subject.former, settings.target)
    if recipe.encoding == "onehot":
        edits[FEW] = few_weights(subject, recipe, settings)
        special[FEW] = {
            "unrelated": _unrelated(subject, recipe, settings),
            "absent": _absent(subject, recipe, settings),
        }
    for name, edited in edits.items():
        for control, actor in (("turned", controls.turned(subject.actor, edited)), *special[name].items()):
            yield Retarget("chosen", name, nan, actor, control)
        for control in DRAWN:
            for draw in range(settings.draws):
                numbers = generator(*subject.key, "retarget", name, control, draw)
                if control == "noise":
                    actor = controls.noise(subject.actor, edited, numbers)
                elif name == FEW:
                    actor = _units_shuffled(subject, recipe, settings, numbers)
                else:
                    actor = controls.shuffled(subject.actor, edited, numbers)
                yield Retarget("chosen", name, nan, actor, control, draw)
        added = flat(edited) - flat(subject.actor)
        actor = climbed(
            subject.actor,
            int(np.count_nonzero(added)),
            float(np.linalg.norm(added)),
            score,
            settings.evaluations,
            generator(*subject.key, "retarget", name, "equal_effort"),
        )
        yield Retarget("chosen", name, nan, actor, "equal_effort")
