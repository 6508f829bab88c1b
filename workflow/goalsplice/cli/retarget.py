"""Edit a run's checkpoints such that they fetch a colour they were never rewarded for, and test the results."""

import argparse
import json
import sys
from collections.abc import Iterator
from math import nan
from pathlib import Path

import pandas as pd

from goalsplice.agent.checkpoint import load_checkpoint
from goalsplice.agent.continuation import load_actor
from goalsplice.agent.fast.policy import Policy
from goalsplice.agent.numerics import prepare_process
from goalsplice.agent.recipe import Recipe
from goalsplice.cli.common import parse
from goalsplice.edits.edit import Weights, norm, size
from goalsplice.edits.least_squares import seen
from goalsplice.edits.retargets import Retarget, Settings, Subject, all_retargets, chosen_controls, fixed
from goalsplice.experiments.continuation import cosine
from goalsplice.experiments.evaluation import evaluate, evaluate_policy, levels
from goalsplice.experiments.scoring import first
from goalsplice.io.errors import run
from goalsplice.io.frames import write_frame
from goalsplice.world.simulator import Worlds

MAIN = "three_colours"
"""Layouts of the test; the edits' observations are of the same, on other levels."""

OTHERS = ("training", "without_yellow")
"""Further layouts, for what is tried in every phase."""


def settings_of(retargets: dict, encoding: str) -> Settings:
    """The settings for an encoding, from config.yaml's `retargets`."""
    values = {field: retargets[field] for field in Settings._fields if field != "below"}
    return Settings(**values, below=retargets["below"][encoding])


def row(subject: Subject, edited: Retarget, recipe: Recipe, on: Worlds, layouts: str, policy: str) -> dict:
    """A row of the retargets table, but for what identifies the checkpoint."""
    seeing = isinstance(edited.actor, Policy)
    weights = subject.actor if seeing else edited.actor
    changed, further = size(subject.actor, weights), subject.trained_further
    test = evaluate_policy if seeing else evaluate
    return {
        "family": edited.family,
        "edit": edited.edit,
        "dose": edited.dose,
        "control": edited.control,
        "draw": edited.draw,
        "size": changed,
        "share": changed / sum(part.numel() for part in subject.actor.values()),
        "norm": norm(subject.actor, weights),
        "cosine_trained": nan if further is None or changed == 0 else cosine(subject.actor, weights, further),
        "layouts": layouts,
        "policy": policy,
        "levels": len(on.agent),
        **test(edited.actor, recipe, on, policy),
    }


def rows_of(subject: Subject, recipe: Recipe, options: argparse.Namespace, late: bool) -> Iterator[dict]:
    """The rows of one checkpoint: everything for a late one, else what is tried in every phase."""
    retargets = options.retargets
    settings, policy = settings_of(retargets, recipe.encoding), retargets["policy"]

    def drawn(layouts: str, count: int, further: int = 0) -> Worlds:
        return levels(layouts, count, options.levels_seed + further, recipe.grid_size)

    on = drawn(MAIN, retargets["levels"])
    few = first(on, retargets["control_levels"])
    for edited in fixed(subject, recipe, settings):
        yield row(subject, edited, recipe, on, MAIN, policy)
        if late:
            for layouts in OTHERS:
                yield row(subject, edited, recipe, drawn(layouts, retargets["levels"]), layouts, policy)
    if not late:
        return
    for edited in all_retargets(subject, recipe, settings):
        yield row(subject, edited, recipe, on, MAIN, policy)
    practice = drawn(MAIN, retargets["control_levels"], 1)

    def score(actor: Weights) -> float:
        return evaluate(actor, recipe, practice, policy)[f"return_{settings.target}"]

    for edited in chosen_controls(subject, recipe, settings, score):
        yield row(subject, edited, recipe, few, MAIN, policy)


def arguments(description: str | None) -> argparse.ArgumentParser:
    """The arguments that name the run, its checkpoints and the settings, but for another run's."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--arm", required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--recipe", type=Recipe.from_json, required=True, help="as JSON")
    parser.add_argument("--retargets", type=json.loads, required=True, help="config.yaml's retargets, as JSON")
    parser.add_argument("--levels-seed", type=int, required=True, help="where levels are drawn from")
    parser.add_argument("--late", type=int, nargs="+", required=True, help="phases with all edits and controls")
    parser.add_argument("--checkpoints", type=Path, nargs="+", required=True, help="all phases, in their order")
    parser.add_argument("--further-phases", type=int, nargs="*", default=[], help="phases of --further-actors")
    parser.add_argument(
        "--further-actors", type=Path, nargs="*", default=[], help="those trained further on the target"
    )
    parser.add_argument("--output", required=True, help="where the retargets table goes")
    return parser


def subjects(options: argparse.Namespace) -> Iterator[tuple[int, Subject]]:
    """Every phase's checkpoint, with what it is edited with."""
    recipe, late = options.recipe, options.late

    def load(seed: int, phase: int, path: Path) -> tuple[Weights, str]:
        agent, header = load_checkpoint(path, recipe, arm=options.arm, seed=seed, phase=phase)
        return agent.actor.state_dict(), header.objective

    mine = [load(options.seed, phase, path) for phase, path in enumerate(options.checkpoints)]
    others = {
        phase: load(options.other_seed, phase, path)
        for phase, path in zip(late, options.other_checkpoints, strict=False)
    }
    further = {
        phase: load_actor(
            path, recipe, arm=options.arm, seed=options.seed, phase=phase, objective=options.retargets["target"]
        )[0]
        for phase, path in zip(options.further_phases, options.further_actors, strict=True)
    }

    def switch(run: dict[int, tuple[Weights, str]], phase: int) -> tuple[Weights, Weights] | None:
        if phase - 1 in run and phase in run and run[phase - 1][1] != run[phase][1]:
            return run[phase - 1][0], run[phase][0]
        return None

    own = dict(enumerate(mine))
    for phase, (actor, wanted) in own.items():
        same = [other for other in late if own[other][1] == wanted]
        former = next((colour for colour in recipe.objectives if colour != wanted), wanted)
        before = switch(own, phase)
        key = (options.arm, options.seed, phase)
        yield (
            phase,
            Subject(
                actor,
                wanted,
                former,
                seen(actor, recipe, MAIN, key),
                before[0] if before else None,
                [pair for other in same if (pair := switch(own, other))],
                next((pair for other in [phase, *same] if (pair := switch(others, other))), None),
                further.get(phase),
                key,
            ),
        )


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("--other-seed", type=int, help="the run of --other-checkpoints")
    parser.add_argument("--other-checkpoints", type=Path, nargs="*", default=[], help="the late phases of another run")
    options = parse(parser)
    prepare_process()
    rows = []
    for phase, subject in subjects(options):
        identity = {"phase": phase, "wanted": subject.wanted}
        rows += [{**identity, **found} for found in rows_of(subject, options.recipe, options, phase in options.late)]
        print(f"phase {phase} of {len(options.checkpoints)}  {len(rows)} agents tested", file=sys.stderr, flush=True)
    write_frame(options.output, pd.DataFrame(rows))


if __name__ == "__main__":
    run(main)
