"""Train one seed of one arm: checkpoints at the phases' ends, and a row of the training table for each rollout."""

import argparse
import sys
import time
from pathlib import Path

import pandas as pd
import torch

from goalsplice.agent.checkpoint import Header, save_checkpoint
from goalsplice.agent.recipe import Recipe
from goalsplice.agent.training import train
from goalsplice.errors import run
from goalsplice.frames import write_frame


def line(row: dict, rollouts: int, elapsed: float) -> str:
    """One line of progress for the log."""
    left = elapsed / row["rollout"] * (rollouts - row["rollout"])
    return (
        f"rollout {row['rollout']}/{rollouts}  phase {row['phase']} {row['objective']}  "
        f"return {row['mean_return']:.3f}  {row['environment_steps'] / elapsed:,.0f} steps/s  "
        f"{left // 60:.0f} min {left % 60:.0f} s left"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--arm", required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--recipe", type=Recipe.from_json, required=True, help="as JSON")
    parser.add_argument("--training", required=True, help="where the training table goes")
    parser.add_argument("--timing", required=True, help="where the timing table goes")
    parser.add_argument("--checkpoints", nargs="*", required=True, help="where each phase's checkpoint goes, in order")
    options = parser.parse_args()
    recipe = options.recipe
    # One core a job: several seeds fill the rest, and sums do not depend on how threads divide them.
    torch.set_num_threads(1)

    rows, timing, start = [], [], time.perf_counter()
    for progress in train(recipe, options.arm, options.seed):
        row = progress.row
        rows.append(row)
        timing.append({"rollout": row["rollout"], "seconds": progress.seconds})
        print(line(row, recipe.rollouts, time.perf_counter() - start), file=sys.stderr, flush=True)
        if row["rollout"] % recipe.phase_rollouts == 0:
            header = Header(
                arm=options.arm,
                seed=options.seed,
                phase=row["phase"],
                objective=row["objective"],
                encoding=recipe.encoding,
                recipe=recipe.digest(),
            )
            save_checkpoint(Path(options.checkpoints[row["phase"]]), progress.agent, header)
    write_frame(options.training, pd.DataFrame(rows))
    write_frame(options.timing, pd.DataFrame(timing))


if __name__ == "__main__":
    run(main)
