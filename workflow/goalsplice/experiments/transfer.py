"""Whether a task vector keeps: the difference of two phases' actors, added to an actor that it was not taken from.

Adding a difference of weights is task arithmetic (Ilharco et al. 2023, "Editing Models with Task Arithmetic"). Here it
is the difference of two phases of one run, and it is added to a checkpoint of another phase of that run, or of another
run, whose hidden units may be in another order (`alignment.py`).
"""

from collections.abc import Iterable, Iterator, Mapping

import numpy as np
import torch
from torch import Tensor

from goalsplice.agent.network import ACTOR_LAYERS, Weights
from goalsplice.agent.runs import Checkpoint, Run
from goalsplice.agent.seeding import generator
from goalsplice.edits.alignment import Order, match, permute, random_order
from goalsplice.edits.controls import permuted, sign_flipped
from goalsplice.edits.delta import WeightDelta
from goalsplice.edits.edit import Context, Edit, Edited
from goalsplice.edits.weights import add
from goalsplice.experiments.bench import Bench
from goalsplice.experiments.evaluation import shares_of
from goalsplice.experiments.splices import colours_of
from goalsplice.io.errors import StudyError
from goalsplice.settings.labels import NO_CONTROL
from goalsplice.settings.sections import Splices
from goalsplice.settings.study import same_goal_phase

NOT_ALIGNED, MATCHED, AT_RANDOM = "unaligned", "matched", "random"
"""What is done to the order of the source's hidden units."""

PARTS = {"all": ACTOR_LAYERS, "layer1": ACTOR_LAYERS[:1]}
"""Parts of a difference that are added, and their layers."""


def source_of(run: Run, phase: int, donor_phase: int) -> Context:
    """Two phases of a run as recipient and donor: their difference is a task vector.

    Raises:
        StudyError: a phase's checkpoint is not there.
    """
    for needed in (phase, donor_phase):
        if needed not in run.checkpoints:
            raise StudyError(f"--checkpoints lacks phase {needed} of a run; name its file too")
    return Context(run, phase, run.checkpoints[donor_phase])


def nearest(checkpoints: Mapping[int, Checkpoint], phase: int, objective: str) -> Checkpoint | None:
    """Of a run's checkpoints by phase, that of an objective that is nearest to a phase; of two as near, the later."""
    others = [found for found in checkpoints.values() if found.objective == objective]
    return min(others, key=lambda found: (abs(found.phase - phase), -found.phase), default=None)


def transferred(target: Weights, source: Context, part: str, order: Order | None) -> Weights:
    """The target with a part of the source's task vector added, its hidden units in another order if one is given."""
    difference: Mapping[str, Tensor] = WeightDelta(*source.actors).tensors
    if order is not None:
        difference = permute(difference, order)
    return add(
        target,
        {
            name: tensor if name.split(".")[0] in PARTS[part] else torch.zeros_like(tensor)
            for name, tensor in difference.items()
        },
    )


def _networks(target: Context, source: Context, part: str, aligned: str, draw: int, draws: int) -> Iterator[Edited]:
    """One edit of the target, which is made with the source, and the edit's controls."""
    actor = target.recipient.actor

    def numbers(control: str, draw: int) -> np.random.Generator:
        run, taken = target.run, (source.run.seed, source.phase, source.donor.phase)
        return generator(run.arm, run.seed, "transfer", target.phase, *taken, part, aligned, control, draw)

    order = None
    if aligned == MATCHED:
        order = match(actor, source.recipient.actor)
    elif aligned == AT_RANDOM:
        order = random_order(actor, source.recipient.actor, numbers(NO_CONTROL, draw))
    edit = Edit("transfer", part, lambda source: transferred(actor, source, part, order))
    edited = edit.make(source)
    yield Edited(edit, edited, draw=draw)
    if aligned == AT_RANDOM:
        return
    yield Edited(edit, sign_flipped(actor, edited), "sign_flipped")
    for number in range(draws):
        yield Edited(edit, permuted(actor, edited, numbers("permuted", number)), "permuted", number)
    same_goal = source.run.checkpoints.get(same_goal_phase(vars(source.recipe), source.phase))
    if same_goal is not None:
        yield Edited(edit, edit.make(source._replace(donor=same_goal)), "same_goal_donor")


class Transfer:
    """Adds task vectors to the checkpoints of one run and evaluates what comes out.

    Args:
        run: whose checkpoints are edited.
        bench: what networks are evaluated on.
        draws: how often whatever is random is drawn.
    """

    def __init__(self, run: Run, bench: Bench, draws: int):
        self._run, self._bench, self._draws = run, bench, draws
        self._measures: dict[int, dict[str, float]] = {}

    def _share(self, checkpoint: Checkpoint, objective: str) -> float:
        """Share of an objective's colour that a checkpoint takes, unedited; measured once."""
        if checkpoint.phase not in self._measures:
            self._measures[checkpoint.phase] = self._bench.evaluate(checkpoint.actor)
        return self._measures[checkpoint.phase][f"episode_share_{objective}"]

    def rows(self, phase: int, source: Context, aligned: str) -> Iterator[dict]:
        """Rows of the transfer table, but for the arm and the target's seed.

        Args:
            phase: of the target.
            source: whose task vector is added, the whole of it and its first layer alone.
            aligned: `unaligned`, `matched` or `random`.
        """
        bench, objective, target = self._bench, source.donor.objective, Context(self._run, phase)
        other = nearest(self._run.checkpoints, phase, objective)
        for part in PARTS:
            for number in range(self._draws if aligned == AT_RANDOM else 1):
                for edited in _networks(target, source, part, aligned, number, self._draws):
                    measured = bench.evaluate(edited.network, edited.control)
                    yield {
                        "target_phase": phase,
                        "source_seed": source.run.seed,
                        "source_recipient_phase": source.phase,
                        "source_donor_phase": source.donor.phase,
                        "recipient_objective": source.recipient.objective,
                        "donor_objective": objective,
                        "part": part,
                        "aligned": aligned,
                        **bench.describe(target.recipient.actor, edited),
                        "floor": self._share(target.recipient, objective),
                        "ceiling": self._share(other, objective) if other else np.nan,
                        **shares_of(measured, **colours_of(source)),
                        **measured,
                    }

    def within(self, settings: Splices, phases: Iterable[int]) -> Iterator[dict]:
        """Rows of the run's own task vectors: of all pairs, added to all phases of the recipient's objective.

        Args:
            settings: whose pairs are taken, in both directions.
            phases: more phases that are edited, beside the pairs'.
        """
        checkpoints = self._run.checkpoints
        spliced = {phase for pair in settings.pairs for phase in pair}
        for source in (source_of(self._run, *way) for pair in settings.pairs for way in (pair, pair[::-1])):
            for phase in sorted({*spliced, *phases} & checkpoints.keys()):
                if checkpoints[phase].objective == source.recipient.objective:
                    yield from self.rows(phase, source, NOT_ALIGNED)

    def between(self, runs: Iterable[Run], settings: Splices) -> Iterator[dict]:
        """Rows of the last pair's task vectors, of other runs and of this one, added with units in other orders."""
        last = settings.pairs[-1]
        for run in runs:
            for way in (last, last[::-1]):
                source = source_of(run, *way)
                for aligned in (NOT_ALIGNED, MATCHED, AT_RANDOM):
                    # Within the run, the units as they are is among the rows already.
                    if run.seed != self._run.seed or aligned != NOT_ALIGNED:
                        yield from self.rows(source.phase, source, aligned)
