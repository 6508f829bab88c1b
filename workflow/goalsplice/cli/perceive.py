"""Test whether edits that make a run's checkpoints fetch a new colour changed its goal, or what it sees."""

import argparse
import sys
from collections.abc import Iterator, Mapping
from math import nan

import numpy as np
import pandas as pd
import torch

from goalsplice.agent.arithmetic import prepare_process
from goalsplice.agent.policy import Policy, policy_of
from goalsplice.agent.recipe import Recipe
from goalsplice.agent.seeding import sequence
from goalsplice.cli import retarget
from goalsplice.cli.common import parse
from goalsplice.cli.retarget import MAIN, settings_of, subjects
from goalsplice.edits import goal_vectors
from goalsplice.edits.edit import add, change
from goalsplice.edits.least_squares import refitted
from goalsplice.edits.relabelling import exchanged_rows, inputs_of, perceiving
from goalsplice.edits.retargets import Retarget, Settings, Subject, below, few_weights, perception
from goalsplice.experiments.activations import seen
from goalsplice.experiments.evaluation import evaluate_policy, levels
from goalsplice.experiments.perception import (
    Looks,
    Reader,
    change_rows,
    distance_rows,
    hidden,
    looks,
    probe_rows,
    reader,
    scenes,
    share_rows,
)
from goalsplice.experiments.probes import KEYS
from goalsplice.io.errors import run
from goalsplice.io.frames import write_frame
from goalsplice.settings.labels import (
    ALONE,
    BELOW,
    COMPOSITION,
    FEW,
    FURTHER,
    OTHER,
    SWITCH,
    TARGET,
    THIRD,
    UNEDITED,
    WANTED,
)
from goalsplice.world.simulator import Worlds

SAME_GOAL = ("trained", "same goal")
"""The run's checkpoint two phases on: what training changes while the goal stays, and how much that blinds probes."""


def tried(
    subject: Subject, recipe: Recipe, settings: Settings, run_of: Mapping[int, Subject], phase: int
) -> Iterator[Retarget]:
    """The networks that are tested towards the settings' target; the unedited one first."""
    world, actor, wanted, target = recipe.world, subject.actor, subject.wanted, settings.target
    yield Retarget(*UNEDITED, nan, actor)
    yield Retarget("perception", "swap", nan, perception(subject, recipe, settings))
    if recipe.encoding == "onehot":
        yield Retarget("chosen", FEW, nan, few_weights(subject, recipe, settings))
        contrast = goal_vectors.contrast(actor, world, wanted)
        yield Retarget(
            "contrast", "added only", 1.0, goal_vectors.aim(actor, world, contrast, target, wanted, 1, False)
        )
    yield Retarget("chosen", BELOW, nan, below(subject, recipe, settings))
    refit = refitted(actor, recipe, subject.seen, wanted, target, ("layer1",))
    yield Retarget("layer 1", "least squares", nan, refit)
    if target == subject.former:
        yield Retarget(*SWITCH, nan, run_of[beside(run_of, phase, 1)].actor)
    yield Retarget(*SAME_GOAL, nan, run_of[beside(run_of, phase, 2)].actor)
    if subject.trained_further is not None and target != subject.former:
        yield Retarget(*FURTHER, nan, subject.trained_further)


def beside(run_of: Mapping[int, Subject], phase: int, step: int) -> int:
    """The phase so many after this one, or before it at the run's end. The objectives of its two colours alternate."""
    return phase + step if phase + step in run_of else phase - step


def rows_of(
    phase: int,
    run_of: Mapping[int, Subject],
    recipe: Recipe,
    settings: Settings,
    halves: tuple[Looks, Looks],
    on: Worlds,
) -> Iterator[dict]:
    """The rows of one checkpoint, towards the new colour and towards the other one that the run was trained on."""
    subject, world = run_of[phase], recipe.world
    train, test = halves
    reading = reader(hidden(subject.actor, inputs_of(world, train.rows)), train.places)
    plain = inputs_of(world, test.rows)
    unedited = hidden(subject.actor, plain)
    for target in (settings.target, subject.former):
        aimed = settings._replace(target=target)
        reference: dict[tuple, float] = {}
        for edited in tried(subject, recipe, aimed, run_of, phase):
            rows = list(_tested(edited, subject, target, reading, test, plain, unedited, recipe, on))
            if target == settings.target and (edited.family, edited.edit) != SAME_GOAL:
                other = run_of[beside(run_of, phase, 1)].actor
                rows += _composed(edited, subject, other, target, recipe, on)
            own = {(row["test"], row["layer"], row["what"]): row["value"] for row in rows}
            reference = reference or own
            known = {"phase": phase, "wanted": subject.wanted, "target": target}
            for row in rows:
                before = reference[row["test"], row["layer"], row["what"]]
                yield {**known, "family": edited.family, "edit": edited.edit, **row, "reference": before}


def _tested(
    edited: Retarget,
    subject: Subject,
    target: str,
    reading: Reader,
    test: Looks,
    plain: torch.Tensor,
    unedited: Mapping[str, np.ndarray],
    recipe: Recipe,
    on: Worlds,
) -> Iterator[dict]:
    """All tests but the composition."""
    if isinstance(edited.actor, Policy):
        # The network that sees two colours exchanged, and the network on observations in which they are: the same.
        policy, weights = edited.actor, subject.actor
        inputs = inputs_of(recipe.world, exchanged_rows(recipe.world, test.rows, subject.wanted, target))
    else:
        policy, weights, inputs = policy_of(edited.actor, recipe.world), edited.actor, plain
    found = hidden(weights, inputs)
    third = next(key for key in KEYS if key not in (subject.wanted, target))
    named = {TARGET: target, WANTED: subject.wanted, THIRD: third}
    yield from share_rows(ALONE, evaluate_policy(policy, recipe, on, "sampling"), named, len(on.agent))
    yield from change_rows(subject.actor, weights)
    yield from probe_rows(reading, found, test.places, subject.wanted, target)
    yield from distance_rows(reading, found, unedited)


def _composed(
    edited: Retarget, subject: Subject, other: Mapping, target: str, recipe: Recipe, on: Worlds
) -> Iterator[dict]:
    """What is taken after the run's own switch from the subject to its neighbour is added to the edited network."""
    if isinstance(edited.actor, Policy):
        policy = perceiving(policy_of(other, recipe.world), recipe.world, subject.wanted, target)
    else:
        policy = policy_of(add(edited.actor, change(subject.actor, other)), recipe.world)
    named = {OTHER: subject.former, TARGET: target, WANTED: subject.wanted}
    yield from share_rows(COMPOSITION, evaluate_policy(policy, recipe, on, "sampling"), named, len(on.agent))


def observations(options: argparse.Namespace, run_of: Mapping[int, Subject]) -> tuple[Looks, Looks]:
    """What probes are fitted on and scored on: scenes that late checkpoints meet, none of which is in both."""
    recipe, count = options.recipe, options.scenes
    place, order = sequence(options.arm, options.seed, "perceptions").spawn(2)
    codes = seen([run_of[phase].actor for phase in options.late], recipe, MAIN, 3 * count, place)
    shown = np.random.default_rng(order).permutation(scenes(recipe.world, codes))[:count]
    fitted = 2 * len(shown) // 3
    return looks(recipe.world, shown[:fitted]), looks(recipe.world, shown[fitted:])


def main() -> None:
    parser = retarget.arguments(__doc__)
    # No edit here takes another run's switch.
    parser.set_defaults(other_seed=None, other_checkpoints=[])
    parser.add_argument("--levels", type=int, default=512, help="played by each network")
    parser.add_argument("--scenes", type=int, default=1800, help="observations, but for which key has which colour")
    options = parse(parser)
    prepare_process()
    recipe, run_of = options.recipe, dict(subjects(options))
    settings = settings_of(options.retargets, recipe.encoding)
    halves = observations(options, run_of)
    on = levels(MAIN, options.levels, options.levels_seed, recipe.grid_size)
    rows = []
    for phase in options.late:
        rows += rows_of(phase, run_of, recipe, settings, halves, on)
        print(f"phase {phase}  {len(rows)} rows", file=sys.stderr, flush=True)
    write_frame(options.output, pd.DataFrame(rows))


if __name__ == "__main__":
    run(main)
