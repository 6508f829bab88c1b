"""The splices table: actors of pairs of phases, edited towards each other in every way of `edits/`, with controls."""

from collections.abc import Iterator
from itertools import chain
from typing import NamedTuple

import torch

from goalsplice.agent.network import Agent
from goalsplice.agent.recipe import Recipe
from goalsplice.agent.runs import Checkpoint, Run
from goalsplice.agent.seeding import sequence
from goalsplice.edits.controlled import controlled
from goalsplice.edits.edit import Context, Donors, Edit, Edited
from goalsplice.edits.families import all_edits
from goalsplice.experiments.bench import Bench
from goalsplice.experiments.evaluation import shares_of
from goalsplice.experiments.observing import met
from goalsplice.settings.sections import Splices
from goalsplice.settings.study import same_goal_phase


class Pair(NamedTuple):
    """A pair of phases in one direction.

    Attributes:
        context: recipient, donor and what they meet.
        donors: of the controls that take others, but for those that are not there.
    """

    context: Context
    donors: Donors


def untrained(recipe: Recipe, arm: str, seed: int) -> Checkpoint:
    """An actor of the run's shape that never learned anything."""
    weights = torch.Generator().manual_seed(int(sequence(arm, seed, "untrained").generate_state(1)[0]))
    return Checkpoint(seed, -1, "", Agent(recipe.world.inputs, recipe.hidden_size, weights).actor.state_dict())


def pairs_of(run: Run, other: Run | None, settings: Splices) -> Iterator[Pair]:
    """Every pair of the settings in both directions.

    Args:
        run: with the checkpoints of `study.spliced_phases`.
        other: another run of the arm, with checkpoints of the same phases; None if there is none.
    """
    blank = untrained(run.recipe, run.arm, run.seed)
    for phase, donor_phase in (way for pair in settings.pairs for way in (pair, pair[::-1])):
        context = Context(run, phase, run.checkpoints[donor_phase])
        context = context._replace(
            observations=met(context.actors, run.recipe, settings.level_distribution, context.key)
        )
        donors = {
            "same_goal_donor": run.checkpoints.get(same_goal_phase(vars(run.recipe), phase)),
            "other_seed_donor": other.checkpoints.get(donor_phase) if other else None,
            "untrained_donor": blank,
        }
        yield Pair(context, {name: donor for name, donor in donors.items() if donor})


def colours_of(context: Context) -> dict[str, str]:
    """The colours of recipient and donor, by these names."""
    return {"donor": context.donor.objective, "recipient": context.recipient.objective}


def pair_row(context: Context, edited: Edited, bench: Bench) -> dict:
    """One row of the splices table, but for arm and seed."""
    row = bench.row(context.recipient.actor, edited)
    return {**context.identity, **row, **shares_of(row, **colours_of(context))}


def edit_rows(pair: Pair, edit: Edit, bench: Bench, draws: int) -> Iterator[dict]:
    """Rows of one edit of a pair and of its controls, but for arm and seed.

    Args:
        draws: of each control that is drawn at random.
    """
    for edited in controlled(pair.context, edit, pair.donors, draws):
        yield pair_row(pair.context, edited, bench)


def pair_rows(pair: Pair, bench: Bench, draws: int) -> Iterator[dict]:
    """Rows of the splices table for a pair, but for arm and seed: every edit and its controls."""
    yield from chain.from_iterable(edit_rows(pair, edit, bench, draws) for edit in all_edits(pair.context))
