"""Whether a goal vector keeps: the difference of two phases' actors, added to an actor that it was not taken from.

Adding a difference of weights is task arithmetic (Ilharco et al. 2023, "Editing Models with Task Arithmetic"). Here it
is the difference of two phases of one run, and it is added to a checkpoint of another phase of that run, or of another
run, whose hidden units may be in another order (`alignment.py`).
"""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from goalsplice.agent.network import ACTOR_LAYERS
from goalsplice.agent.recipe import Recipe
from goalsplice.agent.seeding import generator
from goalsplice.edits.alignment import Order, match, permute, random_order
from goalsplice.edits.controls import shuffled, turned
from goalsplice.edits.edit import Weights, add, change, norm, size
from goalsplice.experiments.evaluation import evaluate
from goalsplice.settings.labels import NO_CONTROL
from goalsplice.world.simulator import Worlds

NOT_ALIGNED, MATCHED, AT_RANDOM = "none", "matched", "random"
"""What is done to the order of the source's hidden units."""

PARTS = {"all": ACTOR_LAYERS, "layer1": ACTOR_LAYERS[:1]}
"""Parts of a difference that are added, and their layers."""


class Checkpoint(NamedTuple):
    """An actor at a phase's end.

    Attributes:
        seed, phase: where it is from.
        objective: the phase's.
        actor: its weights.
    """

    seed: int
    phase: int
    objective: str
    actor: Weights


class Vector(NamedTuple):
    """A goal vector: what a donor has and a recipient of the same run has not.

    Attributes:
        recipient, donor: checkpoints of different objectives.
        same_goal: another checkpoint of the recipient's objective and run, the donor of a control; None if there is
            none.
    """

    recipient: Checkpoint
    donor: Checkpoint
    same_goal: Checkpoint | None


class Bench(NamedTuple):
    """What networks are tested on.

    Attributes:
        arm: its name, from which random draws derive.
        recipe: the arm's.
        edits: levels for edits.
        controls: levels for controls, of which there are fewer.
        layouts, policy: as in the evaluation table.
        draws: how often whatever is random is drawn.
    """

    arm: str
    recipe: Recipe
    edits: Worlds
    controls: Worlds
    layouts: str
    policy: str
    draws: int


def nearest(checkpoints: Mapping[int, Checkpoint], phase: int, objective: str) -> Checkpoint | None:
    """Of a run's checkpoints by phase, that of an objective that is nearest to a phase; of two as near, the later."""
    others = [found for found in checkpoints.values() if found.objective == objective]
    return min(others, key=lambda found: (abs(found.phase - phase), -found.phase), default=None)


def transported(target: Weights, recipient: Weights, donor: Weights, part: str, order: Order | None) -> Weights:
    """The target with a part of donor - recipient added, their hidden units in another order if one is given."""
    difference: Mapping[str, Tensor] = change(recipient, donor)
    if order is not None:
        difference = permute(difference, order)
    return add(
        target,
        {
            name: tensor if name.split(".")[0] in PARTS[part] else torch.zeros_like(tensor)
            for name, tensor in difference.items()
        },
    )


def _networks(
    target: Checkpoint, vector: Vector, part: str, aligned: str, draw: int, bench: Bench
) -> Iterator[tuple[str, int, Weights]]:
    """Control, draw and network of one edit and its controls."""
    recipient, donor = vector.recipient.actor, vector.donor.actor

    def numbers(control: str, draw: int) -> np.random.Generator:
        source = (vector.recipient.seed, vector.recipient.phase, vector.donor.phase)
        return generator(bench.arm, target.seed, "transport", target.phase, *source, part, aligned, control, draw)

    order = None
    if aligned == MATCHED:
        order = match(target.actor, recipient)
    elif aligned == AT_RANDOM:
        order = random_order(target.actor, recipient, numbers(NO_CONTROL, draw))
    edited = transported(target.actor, recipient, donor, part, order)
    yield NO_CONTROL, draw, edited
    if aligned == AT_RANDOM:
        return
    yield "turned", 0, turned(target.actor, edited)
    for number in range(bench.draws):
        yield "shuffled", number, shuffled(target.actor, edited, numbers("shuffled", number))
    if vector.same_goal is not None:
        yield "same_goal", 0, transported(target.actor, recipient, vector.same_goal.actor, part, order)


class Transport:
    """Adds goal vectors to the checkpoints of one run and tests them.

    Args:
        checkpoints: the run's, by phase.
        bench: what networks are tested on.
    """

    def __init__(self, checkpoints: Mapping[int, Checkpoint], bench: Bench):
        self._checkpoints, self._bench = checkpoints, bench
        self._shares: dict[tuple[int, int], dict[str, float]] = {}

    def _share(self, checkpoint: Checkpoint, on: Worlds, objective: str) -> float:
        """Share of an objective's colour that a checkpoint takes, unedited; measured once."""
        key = (checkpoint.phase, len(on.agent))
        if key not in self._shares:
            self._shares[key] = evaluate(checkpoint.actor, self._bench.recipe, on, self._bench.policy)
        return self._shares[key][f"share_{objective}"]

    def rows(self, phase: int, vector: Vector, aligned: str) -> Iterator[dict]:
        """Rows of the transports table, but for the arm and the target's seed.

        Args:
            phase: of the target.
            vector: what is added, the whole of it and its first layer alone.
            aligned: `none`, `matched` or `random`.
        """
        bench, target, objective = self._bench, self._checkpoints[phase], vector.donor.objective
        other = nearest(self._checkpoints, phase, objective)
        for part in PARTS:
            for number in range(bench.draws if aligned == AT_RANDOM else 1):
                for control, draw, network in _networks(target, vector, part, aligned, number, bench):
                    on = bench.edits if control == NO_CONTROL else bench.controls
                    yield {
                        "target_phase": phase,
                        "source_seed": vector.recipient.seed,
                        "source_recipient_phase": vector.recipient.phase,
                        "source_donor_phase": vector.donor.phase,
                        "recipient_objective": vector.recipient.objective,
                        "donor_objective": objective,
                        "part": part,
                        "aligned": aligned,
                        "control": control,
                        "draw": draw,
                        "size": size(target.actor, network),
                        "norm": norm(target.actor, network),
                        "layouts": bench.layouts,
                        "policy": bench.policy,
                        "levels": len(on.agent),
                        "floor": self._share(target, on, objective),
                        "ceiling": self._share(other, on, objective) if other else np.nan,
                        **evaluate(network, bench.recipe, on, bench.policy),
                    }
