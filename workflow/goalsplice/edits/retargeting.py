"""Edits that are to make an agent fetch a colour that it was never rewarded for, and what they are compared with.

Each is made from a run's own checkpoints. None uses a reward or a gradient for the new colour, but for those of family
`graft`, which take weights of an actor that was fine-tuned on it, and are there as a reference. That actor is the
context's donor; other edits need none.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import NamedTuple

import numpy as np
from torch import Tensor

from goalsplice.agent.fast.policy import Policy, policy_of
from goalsplice.agent.network import Weights
from goalsplice.agent.runs import Run
from goalsplice.agent.seeding import generator
from goalsplice.edits import colour_vectors, controls
from goalsplice.edits.alignment import match, permute
from goalsplice.edits.controlled import FLOOR
from goalsplice.edits.delta import WeightDelta
from goalsplice.edits.edit import Context, Edit, Edited
from goalsplice.edits.graft import graft
from goalsplice.edits.hill_climbing import climbed
from goalsplice.edits.least_squares import refitted
from goalsplice.edits.relabelling import perceiving
from goalsplice.edits.single_weights import SHARES
from goalsplice.edits.weights import add, flat
from goalsplice.settings.labels import DOWNSTREAM, SPARSE
from goalsplice.settings.sections import Retargeting

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

DRAWN = ("gaussian", "permuted")


class Switches(NamedTuple):
    """Switches of the objective to the colour that the recipient wants, each as the actors before and after it.

    Attributes:
        own: of the same run, in late phases.
        other: of another run; None if there is none.
    """

    own: Sequence[tuple[Weights, Weights]] = ()
    other: tuple[Weights, Weights] | None = None


def switch_to(run: Run, phase: int) -> tuple[Weights, Weights] | None:
    """The actors before and after a phase that changed the objective; None if it did not, or if one is not there."""
    before, after = (run.checkpoints.get(number) for number in (phase - 1, phase))
    if before is None or after is None or before.objective == after.objective:
        return None
    return before.actor, after.actor


def switches_to(run: Run, phase: int, late: Sequence[int], other: Run | None) -> Switches:
    """The late switches to the colour that a phase's checkpoint wants.

    Args:
        late: the late phases.
        other: another run of the arm.
    """
    wanted = run.checkpoints[phase].objective
    same = [number for number in late if run.checkpoints[number].objective == wanted]
    own = (switch_to(run, number) for number in same)
    others = (switch_to(other, number) for number in (phase, *same)) if other else iter(())
    return Switches([switch for switch in own if switch], next((switch for switch in others if switch), None))


def former(context: Context) -> str:
    """The other colour that the recipient's run was trained on; the wanted one if there is no other."""
    wanted = context.recipient.objective
    return next((colour for colour in context.recipe.objectives if colour != wanted), wanted)


def contrast(context: Context) -> Tensor:
    """The contrast vector of the colour that the recipient wants."""
    return colour_vectors.contrastive_direction(context.recipient.actor, context.encoding, context.recipient.objective)


def retargeted(context: Context, vector: Tensor, target: str, strength: float, take: bool = True) -> Weights:
    """A task vector added to the target's columns, and taken from the wanted colour's unless `take` is false."""
    recipient = context.recipient
    return colour_vectors.retargeted(
        recipient.actor, context.encoding, vector, target, recipient.objective, strength, take
    )


def entries(context: Context, share: float) -> int:
    """Entries of a task vector such that adding and taking them changes this share of the actor's weights."""
    return max(1, int(share * len(flat(context.recipient.actor)) / 2))


def sparse(context: Context, settings: Retargeting) -> Weights:
    """The largest entries of the contrast vector, moved from the wanted colour's columns to the target's."""
    kept = colour_vectors.top_k(contrast(context), entries(context, settings.weight_share))
    return retargeted(context, kept, settings.target, settings.strength)


def exchanged_in(context: Context, layers: Sequence[str], one: str, other: str) -> Weights:
    """Some layers, refitted to act as if two colours were exchanged."""
    return refitted(context.recipient.actor, context.encoding, context.observations, one, other, layers)


def below(context: Context, settings: Retargeting) -> Weights:
    """The settings' layers after the first, refitted to act as if the wanted colour and the target were exchanged."""
    layers = LOWER[settings.downstream[context.recipe.encoding]]
    return exchanged_in(context, layers, context.recipient.objective, settings.target)


def perception(context: Context, target: str) -> Policy:
    """The unedited actor, which sees the wanted colour and the target exchanged."""
    recipient = context.recipient
    return perceiving(policy_of(recipient.actor, context.encoding), context.encoding, recipient.objective, target)


def chosen(encoding: str, settings: Retargeting) -> dict[str, Edit]:
    """The edits that were chosen on other runs than those reported, by their names."""
    made = {SPARSE: sparse, DOWNSTREAM: below}
    names = (SPARSE, DOWNSTREAM) if encoding == "onehot" else (DOWNSTREAM,)
    return {name: Edit("preregistered", name, partial(made[name], settings=settings)) for name in names}


def fixed(encoding: str, settings: Retargeting) -> list[Edit]:
    """What is tried in every phase: no edit, the ceiling, and the edits that were chosen."""
    ceiling = Edit("perception", "swap", partial(perception, target=settings.target))
    return [FLOOR, ceiling, *chosen(encoding, settings).values()]


def _contrasts(settings: Retargeting) -> Iterator[Edit]:
    """What the contrast vector does, in whole and in parts."""
    target = settings.target

    def whole(strength: float, take: bool) -> Callable[[Context], Weights]:
        return lambda context: retargeted(context, contrast(context), target, strength, take)

    def part(of: Callable[[Tensor, int], Tensor], count: int) -> Callable[[Context], Weights]:
        return lambda context: retargeted(context, of(contrast(context), count), target, settings.strength)

    for strength in STRENGTHS:
        yield Edit("contrastive direction", "full", whole(strength, True), strength)
        yield Edit("contrastive direction", "added only", whole(strength, False), strength)
        stronger = replace(settings, strength=strength)
        yield Edit("contrastive direction", SPARSE, partial(sparse, settings=stronger), strength)
    for share in ENTRY_SHARES:
        yield Edit(
            "contrastive direction", "top-k", partial(sparse, settings=replace(settings, weight_share=share)), share
        )
    for count in UNITS:
        yield Edit("contrastive direction", "units", part(colour_vectors.of_units, count), count)
    for rank in RANKS:
        yield Edit("contrastive direction", "rank", part(colour_vectors.of_rank, rank), rank)


def _vectors(context: Context, settings: Retargeting, switches: Switches) -> Iterator[Edit]:
    """Edits that need a colour's own inputs."""
    world, recipient, target = context.encoding, context.recipient, settings.target
    wanted, before = recipient.objective, switch_to(context.run, context.phase)
    yield from _contrasts(settings)
    vectors = {}
    if before is not None:
        vectors["one switch"] = colour_vectors.task_vector(*before, world, wanted)
        colours = wanted, former(context), target
        yield Edit(
            "analogy",
            "all of layer 1",
            lambda context: colour_vectors.analogy(context.recipient.actor, before[0], world, *colours),
        )
    if switches.own:
        every = [colour_vectors.task_vector(*switch, world, wanted) for switch in switches.own]
        vectors["mean of the run's"] = sum(every) / len(every)
    if switches.other is not None:
        vectors["other run's"] = colour_vectors.task_vector(*switches.other, world, wanted)
        order = match(recipient.actor, switches.other[1])
        matched = (permute(one, order) for one in switches.other)
        vectors["other run's, units matched"] = colour_vectors.task_vector(*matched, world, wanted)
    for name, vector in vectors.items():
        for strength in STRENGTHS:
            added = partial(retargeted, vector=vector, target=target, strength=strength)
            yield Edit("task vector", name, added, strength)


def all_retargets(context: Context, settings: Retargeting, switches: Switches) -> Iterator[Edit]:
    """Every edit but for those of `fixed`: those for which the context has what they need."""
    if context.recipe.encoding == "onehot":
        yield from _vectors(context, settings, switches)
    colours = {"one": context.recipient.objective, "other": settings.target}
    yield Edit("layer 1", "least squares", partial(exchanged_in, layers=("layer1",), **colours))
    for name, layers in LOWER.items():
        yield Edit("downstream", name, partial(exchanged_in, layers=layers, **colours))
    before = switch_to(context.run, context.phase)
    if before is not None:
        moved = WeightDelta(*before).tensors
        for step in STEPS:
            yield Edit("extrapolation", "linear", lambda context, step=step: add(before[0], moved, step), step)
    if context.donor is not None:
        for share in SHARES:
            yield Edit("sparse graft", "by size", graft(share), share)


def _units_shuffled(context: Context, settings: Retargeting, numbers: np.random.Generator) -> Weights:
    """The entries of the same vector, its units in a random order."""
    kept = colour_vectors.top_k(contrast(context), entries(context, settings.weight_share))
    return retargeted(context, kept[numbers.permutation(len(kept))], settings.target, settings.strength)


def _unrelated(context: Context, settings: Retargeting) -> Weights:
    """As many entries, of the same norm, of the vector that tells the absent colour from others."""
    count = entries(context, settings.weight_share)
    other = colour_vectors.contrastive_direction(context.recipient.actor, context.encoding, settings.absent)
    kept, length = colour_vectors.top_k(other, count), colour_vectors.top_k(contrast(context), count).norm()
    return retargeted(context, kept * (length / kept.norm()), settings.target, settings.strength)


def _of_other_colours(context: Context, settings: Retargeting) -> dict[str, dict[str, Weights]]:
    """By chosen edit and control, the same made of other colours: see `chosen_controls`."""
    absent = replace(settings, target=settings.absent)
    found = {DOWNSTREAM: {"absent": below(context, absent)}}
    if former(context) != context.recipient.objective:
        layers = LOWER[settings.downstream[context.recipe.encoding]]
        found[DOWNSTREAM]["unrelated"] = exchanged_in(context, layers, former(context), settings.target)
    if context.recipe.encoding == "onehot":
        found[SPARSE] = {"unrelated": _unrelated(context, settings), "absent": sparse(context, absent)}
    return found


def chosen_controls(context: Context, settings: Retargeting, score: Callable[[Weights], float]) -> Iterator[Edited]:
    """Controls of the chosen edits.

    `gaussian`, random values of the same norm at the same places. `permuted`, the sparse entries with their units in a
    random order, or the refitted weights' changes at each other's places. `sign_flipped`, the opposite change.
    `unrelated`, the same
    made of other colours: what tells the absent colour from others, or the colour of the other phases in place of the
    one that is wanted. `absent`, for a colour that is not there. `optimised_same_budget`, as many weights at random
    places, optimised for the target's return (`hill_climbing.py`).

    Args:
        score: the target's return on levels other than those of the test.
    """
    actor, key = context.recipient.actor, (context.run.arm, context.run.seed, context.phase)
    of_other_colours = _of_other_colours(context, settings)
    for name, edit in reversed(chosen(context.recipe.encoding, settings).items()):
        edited = edit.make(context)
        yield Edited(edit, controls.sign_flipped(actor, edited), "sign_flipped")
        for control, network in of_other_colours[name].items():
            yield Edited(edit, network, control)
        for control in DRAWN:
            for draw in range(settings.draws):
                numbers = generator(*key, "retarget", name, control, draw)
                if control == "gaussian":
                    network = controls.gaussian(actor, edited, numbers)
                elif name == SPARSE:
                    network = _units_shuffled(context, settings, numbers)
                else:
                    network = controls.permuted(actor, edited, numbers)
                yield Edited(edit, network, control, draw)
        added = flat(edited) - flat(actor)
        count, length = int(np.count_nonzero(added)), float(np.linalg.norm(added))
        numbers = generator(*key, "retarget", name, "optimised_same_budget")
        yield Edited(edit, climbed(actor, count, length, score, settings.evaluations, numbers), "optimised_same_budget")
