"""The retargeting table: checkpoints edited such that they fetch a new colour, with controls, and what they do then."""

from collections.abc import Iterator, Mapping, Sequence
from math import nan
from typing import NamedTuple, Self

from goalsplice.agent.fast.policy import Policy
from goalsplice.agent.network import Weights
from goalsplice.agent.runs import Checkpoint, Run
from goalsplice.edits.delta import WeightDelta
from goalsplice.edits.edit import Context, Edited
from goalsplice.edits.retargeting import all_retargets, fixed, preregistered_controls, switches_to
from goalsplice.experiments.bench import Bench
from goalsplice.experiments.evaluation import evaluate, levels, shares_of
from goalsplice.experiments.observing import met_alone
from goalsplice.settings.sections import Retargeting
from goalsplice.world.simulator import Worlds


def context_of(run: Run, phase: int, level_distribution: str, tuned: Checkpoint | None = None) -> Context:
    """A phase's checkpoint, to be edited for a new colour, with what it meets on levels of its own.

    Args:
        level_distribution: of these levels.
        tuned: the checkpoint after training on the new colour, if there is one.
    """
    key = (run.arm, run.seed, phase)
    return Context(run, phase, tuned, met_alone(run.checkpoints[phase].actor, run.recipe, level_distribution, key))


def row(context: Context, edited: Edited, bench: Bench, target: str) -> dict:
    """A row of the retargeting table, but for the run: a network's row, and how its change is beside training's.

    Args:
        target: the new colour.
    """
    actor = context.recipient.actor
    delta = WeightDelta(actor, actor if isinstance(edited.network, Policy) else edited.network)
    measured = bench.row(actor, edited)
    compared = context.donor is not None and measured["size"] > 0
    return {
        "phase": context.phase,
        "wanted": context.recipient.objective,
        "target": target,
        **shares_of(measured, target=target, wanted=context.recipient.objective),
        "return_target": measured[f"return_{target}"],
        **measured,
        "weight_share": measured["size"] / sum(part.numel() for part in actor.values()),
        "cosine_trained": delta.cosine(WeightDelta(actor, context.donor.actor)) if compared else nan,
    }


class RetargetedRun(NamedTuple):
    """One run, and what its checkpoints are edited with and evaluated on.

    Attributes:
        run: with all checkpoints.
        other: another run of the arm, with those of the late phases; None if there is none.
        tuned: by phase, checkpoints after training on the new colour.
        late: the phases in which everything is tried.
        settings: of the edits.
        bench: where everything is evaluated.
        further: where what is tried in every phase is evaluated too.
        practice: levels on which the control `optimised_same_budget` looks at its return.
    """

    run: Run
    other: Run | None
    tuned: Mapping[int, Checkpoint]
    late: Sequence[int]
    settings: Retargeting
    bench: Bench
    further: Sequence[Bench]
    practice: Worlds

    @classmethod
    def of(
        cls,
        run: Run,
        other: Run | None,
        tuned: Mapping[int, Checkpoint],
        late: Sequence[int],
        settings: Retargeting,
        levels_seed: int,
    ) -> Self:
        """With the levels of the settings: the first ones of the evaluation with the same level_distribution."""
        recipe, first_distribution = run.recipe, settings.level_distributions[0]

        def bench(level_distribution: str) -> Bench:
            every = levels(level_distribution, settings.levels, levels_seed, recipe.grid_size)
            return Bench(
                recipe,
                every,
                level_distribution,
                settings.action_selection,
                settings.control_levels,
                settings.control_precision,
            )

        benches = [bench(level_distribution) for level_distribution in settings.level_distributions]
        practice = levels(first_distribution, settings.control_levels, levels_seed + 1, recipe.grid_size)
        return cls(run, other, tuned, late, settings, benches[0], benches[1:], practice)

    def rows(self, phase: int) -> Iterator[dict]:
        """The rows of one checkpoint: everything for a late one, else what is tried in every phase."""
        context = context_of(self.run, phase, self.settings.level_distributions[0], self.tuned.get(phase))
        late = phase in self.late
        for edit in fixed(context.recipe.encoding, self.settings):
            edited = Edited(edit, edit.make(context))
            for bench in (self.bench, *(self.further if late else ())):
                yield row(context, edited, bench, self.settings.target)
        if not late:
            return
        switches = switches_to(self.run, phase, self.late, self.other)
        for edit in all_retargets(context, self.settings, switches):
            yield row(context, Edited(edit, edit.make(context)), self.bench, self.settings.target)
        for edited in preregistered_controls(context, self.settings, self._target_return):
            yield row(context, edited, self.bench, self.settings.target)

    def _target_return(self, actor: Weights) -> float:
        """The return if the target paid, on levels that no edit is evaluated on."""
        return evaluate(actor, self.run.recipe, self.practice, self.settings.action_selection)[
            f"return_{self.settings.target}"
        ]
