"""Add the goal vectors of one run, and of others, to the checkpoints of one run, and test what comes out."""

import argparse
import json
import sys
import time
from pathlib import Path

import pandas as pd

from goalsplice.agent.checkpoint import load_checkpoint
from goalsplice.agent.numerics import prepare_process
from goalsplice.agent.recipe import Recipe
from goalsplice.cli.common import parse
from goalsplice.experiments.evaluation import levels
from goalsplice.experiments.transport import AT_RANDOM, MATCHED, NOT_ALIGNED, Bench, Checkpoint, Transport, Vector
from goalsplice.io.errors import StudyError, run
from goalsplice.io.frames import write_frame
from goalsplice.settings.study import same_goal_phase


def load(paths: list[Path], recipe: Recipe, arm: str) -> dict[int, dict[int, Checkpoint]]:
    """Checkpoints of an arm by seed and phase, which their headers say."""
    runs: dict[int, dict[int, Checkpoint]] = {}
    for path in paths:
        agent, header = load_checkpoint(path, recipe, arm=arm)
        found = Checkpoint(header.seed, header.phase, header.objective, agent.actor.state_dict())
        runs.setdefault(header.seed, {})[header.phase] = found
    return runs


def vector(checkpoints: dict[int, Checkpoint], recipient: int, donor: int, recipe: Recipe) -> Vector:
    """The goal vector of two phases of a run.

    Raises:
        StudyError: a phase's checkpoint is not among them.
    """
    for phase in (recipient, donor):
        if phase not in checkpoints:
            raise StudyError(f"--checkpoints lacks phase {phase} of a run; name its file too")
    same_goal = checkpoints.get(same_goal_phase(vars(recipe), recipient))
    return Vector(checkpoints[recipient], checkpoints[donor], same_goal)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--arm", required=True)
    parser.add_argument("--seed", type=int, required=True, help="the run that is edited")
    parser.add_argument("--recipe", type=Recipe.from_json, required=True, help="as JSON")
    parser.add_argument("--splices", type=json.loads, required=True, help="config.yaml's splices, as JSON")
    parser.add_argument(
        "--phases", type=int, nargs="*", default=[], help="more phases that are edited, beside the pairs'"
    )
    parser.add_argument("--levels-seed", type=int, required=True, help="where levels are drawn from")
    parser.add_argument(
        "--checkpoints", type=Path, nargs="+", required=True, help="of that run and of the others whose vectors it gets"
    )
    parser.add_argument("--output", required=True, help="where the transports table goes")
    options = parse(parser)
    recipe, settings = options.recipe, options.splices
    prepare_process()

    runs = load(options.checkpoints, recipe, options.arm)
    if options.seed not in runs:
        raise StudyError(f"--checkpoints has none of seed {options.seed}; name that run's files too")
    mine = runs[options.seed]
    on, on_controls = (
        levels(settings["layouts"], settings[count], options.levels_seed, recipe.grid_size)
        for count in ("levels", "control_levels")
    )
    bench = Bench(options.arm, recipe, on, on_controls, settings["layouts"], settings["policy"], settings["draws"])
    transport, rows, start = Transport(mine, bench), [], time.perf_counter()
    spliced = {phase for pair in settings["pairs"] for phase in pair}
    targets = sorted({*spliced, *options.phases} & mine.keys())
    for pair in settings["pairs"]:
        for recipient, donor in (pair, pair[::-1]):
            added = vector(mine, recipient, donor, recipe)
            for phase in targets:
                if mine[phase].objective == added.recipient.objective:
                    rows += transport.rows(phase, added, NOT_ALIGNED)
    print(f"within the run: {len(rows)} networks, {time.perf_counter() - start:.0f} s", file=sys.stderr, flush=True)
    last = settings["pairs"][-1]
    for checkpoints in runs.values():
        for recipient, donor in (last, last[::-1]):
            added = vector(checkpoints, recipient, donor, recipe)
            for aligned in (MATCHED, AT_RANDOM) if checkpoints is mine else (NOT_ALIGNED, MATCHED, AT_RANDOM):
                rows += transport.rows(recipient, added, aligned)
    print(f"and between runs: {len(rows)} networks, {time.perf_counter() - start:.0f} s", file=sys.stderr, flush=True)
    write_frame(options.output, pd.DataFrame(rows))


if __name__ == "__main__":
    run(main)
