"""A run's last switches: how far the weights travel, and how well the goal is spliced and retargeted."""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple, Self

import numpy as np

from goalsplice.agent.network import Weights
from goalsplice.agent.runs import Run
from goalsplice.agent.seeding import Key, generator
from goalsplice.edits import controls
from goalsplice.edits.controlled import CEILING, FLOOR, controlled
from goalsplice.edits.delta import WeightDelta
from goalsplice.edits.edit import Context, Edit, Edited
from goalsplice.edits.layers import layer_edits
from goalsplice.edits.rank import rank_edits
from goalsplice.edits.retargeting import fixed
from goalsplice.experiments.bench import Bench
from goalsplice.experiments.evaluation import levels, shares_of
from goalsplice.experiments.observing import met, met_alone
from goalsplice.settings.labels import NO_CONTROL
from goalsplice.settings.recovery import recovery
from goalsplice.settings.sections import Ablations, Retargeting

PAIR = ["recipient_phase", "donor_phase", "recipient_objective", "donor_objective"]
MOVEMENT = ["distance", "relative_distance", "layer1_variance_share", "effective_rank"]
RECOVERED = ["gap", "spliced", "spliced_random", "low_rank", "low_rank_random"]
SWITCH_COLUMNS = [*PAIR, *MOVEMENT, *RECOVERED]
"""Columns of the switches table, but for arm and seed. They are named, since a run of one objective has no switch."""


RETARGETING_COLUMNS = [
    *("phase", "wanted", "edit", "control", "draw", "return_target", "episode_share_target"),
    *("episode_share_crash", "episode_share_timeout", "size"),
]
"""Columns of the switch_retargeting table, but for arm and seed."""


def last_switches(objectives: Sequence[str], count: int) -> list[tuple[int, int]]:
    """The last `count` pairs of neighbouring phases, in order, between which the objective changed."""
    found = [(phase, phase + 1) for phase, (one, other) in enumerate(pairwise(objectives)) if one != other]
    return found[-count:]


def movement(recipient: Weights, donor: Weights) -> dict[str, float]:
    """How far and how two actors are apart.

    Returns:
        `distance`, the L2 norm of the difference; `relative_distance`, in parts of the recipient's norm;
        `layer1_variance_share`, the share of its square that is in layer 1; `effective_rank`, of the difference of
        layer 1's weights. The latter two are NaN for equal actors.
    """
    delta = WeightDelta(recipient, donor)
    return {
        "distance": delta.norm,
        "relative_distance": delta.relative_norm,
        "layer1_variance_share": delta.layer_share("layer1"),
        "effective_rank": delta.effective_rank("layer1.weight"),
    }


def spliced_edits(actor: Weights, rank: int) -> dict[str, Edit]:
    """By name in the table, the splice of layer 1, and that of its difference's part of this rank, or of full rank."""
    of_rank = [edit for edit in rank_edits(actor) if edit.name == "layer1" and edit.dose <= rank]
    tried = {
        "spliced": next(edit for edit in layer_edits() if (edit.family, edit.name) == ("layers", "layer1")),
        "low_rank": max(of_rank, key=lambda edit: edit.dose),
    }
    return {name: edit._replace(controls=("random_weights",)) for name, edit in tried.items()}


class Switches(NamedTuple):
    """A run whose last switches are measured.

    Attributes:
        run: with all checkpoints.
        settings: how many switches, and what is tried.
        retargeting: what the checkpoints' edits for the new colour are.
        bench: where networks are evaluated; controls play all levels.
    """

    run: Run
    settings: Ablations
    retargeting: Retargeting
    bench: Bench

    @classmethod
    def of(cls, run: Run, settings: Ablations, retargeting: Retargeting, levels_seed: int) -> Self:
        """With the first levels of the evaluation with retargeting's first level distribution."""
        level_distribution = retargeting.level_distributions[0]
        every = levels(level_distribution, settings.levels, levels_seed, run.recipe.grid_size)
        return cls(
            run,
            settings,
            retargeting,
            Bench(run.recipe, every, level_distribution, retargeting.action_selection),
        )

    def _key(self, *phases: int) -> Key:
        return (self.run.arm, self.run.seed, "switches", *phases)

    def rows(self) -> Iterator[dict]:
        """Rows of the switches table: the last ones, in both directions."""
        run = self.run
        objectives = [checkpoint.objective for checkpoint in run.checkpoints.values()]
        for pair in last_switches(objectives, self.settings.switches):
            for phase, donor_phase in (pair, pair[::-1]):
                context = Context(run, phase, run.checkpoints[donor_phase])
                key = self._key(phase, donor_phase)
                seen = met(context.actors, run.recipe, self.bench.level_distribution, key)
                context = context._replace(observations=seen)
                yield {**context.identity, **movement(*context.actors), **self._recovered(context, key)}

    def _recovered(self, context: Context, key: Key) -> dict[str, float]:
        """Columns `RECOVERED`: the ceiling less the floor, in shares, and recoveries, those of controls over draws."""

        def share(network: Weights, control: str = NO_CONTROL) -> float:
            return self.bench.evaluate(network, control)[f"episode_share_{context.donor.objective}"]

        floor, ceiling = (share(edit.make(context)) for edit in (FLOOR, CEILING))
        found: dict[str, list[float]] = {}
        for name, edit in spliced_edits(context.recipient.actor, self.settings.rank).items():
            for edited in controlled(context, edit, {}, self.settings.draws, key):
                column = name if edited.control == NO_CONTROL else f"{name}_random"
                value = recovery(share(edited.network, edited.control), floor, ceiling)
                found.setdefault(column, []).append(value)
        return {"gap": ceiling - floor, **{name: float(np.mean(values)) for name, values in found.items()}}

    def retargeting_rows(self) -> Iterator[dict]:
        """Rows of the switch_retargeting table: the last checkpoints that want a colour, edited for the new one.

        A checkpoint that was trained on the new colour is not edited: it shows how well that can be fetched at all.
        """
        target, objectives = self.retargeting.target, self.run.recipe.objectives
        wanting = [phase for phase, one in self.run.checkpoints.items() if one.objective in objectives]
        for phase in wanting[-self.settings.switches :]:
            recipient = self.run.checkpoints[phase]
            for edited in self._retargeted(phase):
                measured = self.bench.row(recipient.actor, edited)
                measured |= {"phase": phase, "wanted": recipient.objective, **shares_of(measured, target=target)}
                measured["return_target"] = measured[f"return_{target}"]
                yield {name: measured[name] for name in RETARGETING_COLUMNS}

    def _retargeted(self, phase: int) -> Iterator[Edited]:
        """The edits for the new colour that are tried in every phase, each preregistered one with noise of its size."""
        recipient, key = self.run.checkpoints[phase], self._key(phase)
        context = Context(
            self.run, phase, None, met_alone(recipient.actor, self.run.recipe, self.bench.level_distribution, key)
        )
        if recipient.objective == self.retargeting.target:
            yield Edited(FLOOR, recipient.actor)
            return
        for edit in fixed(self.run.recipe.encoding, self.retargeting):
            edited = Edited(edit, edit.make(context))
            yield edited
            if edit.family == "preregistered":
                for draw in range(self.settings.draws):
                    numbers = generator(*key, "retargeting", edit.name, "gaussian", draw)
                    yield Edited(edit, controls.gaussian(recipient.actor, edited.network, numbers), "gaussian", draw)
