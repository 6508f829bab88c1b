"""Train one seed of one arm: checkpoints at the phases' ends, and a row of the training table for each rollout.

A job that was killed goes on from what it last saved below --unfinished.
"""

import argparse
import sys
import time
from pathlib import Path

import pandas as pd

from goalsplice.agent.checkpoint import Header
from goalsplice.agent.device import DEVICES, model_of, resolve
from goalsplice.agent.numerics import kernels, prepare_process
from goalsplice.agent.recipe import Recipe
from goalsplice.agent.resume import Run, Unfinished
from goalsplice.agent.training import Training
from goalsplice.cli.common import parse
from goalsplice.io.errors import StudyError, run
from goalsplice.io.frames import write_frame
from goalsplice.io.provenance import digest, forget_inputs, libraries
from goalsplice.io.source_digest import source_digest

TABLES = ("training", "timing")


def say(text: str) -> None:
    """Write a line to the log."""
    print(text, file=sys.stderr, flush=True)


def line(row: dict, rollouts: int, first: int, elapsed: float) -> str:
    """One line of progress for the log.

    Args:
        row: of the training table.
        rollouts: of the whole run.
        first: rollouts that were done when this job began, `elapsed` seconds ago.
    """
    done = row["rollout"] - first
    minutes, seconds = divmod(round(elapsed / done * (rollouts - row["rollout"])), 60)
    speed = row["environment_steps"] * done / row["rollout"] / elapsed
    return (
        f"rollout {row['rollout']}/{rollouts}  phase {row['phase']} {row['objective']}  "
        f"return {row['mean_return']:.3f}  {speed:,.0f} steps/s  {minutes} min {seconds} s left"
    )


def take_up(training: Training, unfinished: Unfinished) -> dict[str, list[dict]]:
    """Restore what was saved of the run, if anything; the rows of its tables so far."""
    try:
        saved = unfinished.load(training.recipe)
    except StudyError as error:
        say(f"{error}; training starts anew.")
        saved = None
    if saved is None:
        unfinished.clear()
        return {table: [] for table in TABLES}
    arrays, rows = saved
    training.restore(arrays)
    say(f"Goes on after rollout {training.done}, from {unfinished.folder}.")
    return rows


def train(training: Training, unfinished: Unfinished, rows: dict[str, list[dict]], save_every: int) -> None:
    """Train to the run's end; `rows` grows, and `unfinished` is kept up with it."""
    recipe, first, start = training.recipe, training.done, time.perf_counter()
    while training.done < recipe.rollouts:
        row, seconds, agent = training.advance()
        rows["training"].append(row)
        rows["timing"].append({"rollout": row["rollout"], "seconds": seconds})
        say(line(row, recipe.rollouts, first, time.perf_counter() - start))
        if training.done % recipe.phase_rollouts == 0:
            header = Header(
                arm=unfinished.run.arm,
                seed=unfinished.run.seed,
                phase=row["phase"],
                objective=row["objective"],
                encoding=recipe.encoding,
                recipe=recipe.digest(),
            )
            unfinished.keep_checkpoint(agent, header)
        if training.done % save_every == 0:
            unfinished.save(training.state(), rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--arm", required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--recipe", type=Recipe.from_json, required=True, help="as JSON")
    parser.add_argument("--device", choices=DEVICES, required=True, help="where the networks are updated")
    parser.add_argument("--unfinished", type=Path, required=True, help="folder that keeps the run until it is complete")
    parser.add_argument("--save-every", type=int, required=True, help="rollouts between two saves of the run's state")
    parser.add_argument("--training", required=True, help="where the training table goes")
    parser.add_argument("--timing", required=True, help="where the timing table goes")
    parser.add_argument("--checkpoints", nargs="*", required=True, help="where each phase's checkpoint goes, in order")
    options = parse(parser)
    recipe = options.recipe
    prepare_process()

    device = resolve(options.device)
    if device.type != "cpu":
        say(f"Updates run on {model_of(device)}.")
    code = digest([source_digest("goalsplice.cli.training"), libraries()])
    this = Run(options.arm, options.seed, recipe.digest(), model_of(device), code, kernels())
    with Unfinished(options.unfinished, this) as unfinished:
        training = Training(recipe, options.arm, options.seed, device)
        rows = take_up(training, unfinished)
        forget_inputs()
        train(training, unfinished, rows, options.save_every)
        unfinished.finish([Path(path) for path in options.checkpoints])
        for table in TABLES:
            write_frame(getattr(options, table), pd.DataFrame(rows[table]))
        unfinished.remove()


if __name__ == "__main__":
    run(main)
