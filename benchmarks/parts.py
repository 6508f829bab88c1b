"""Where one training step's time goes, part by part, beside the floor of its arithmetic: `python benchmarks/parts.py`.

A step is a rollout and its update. Each part is a function that the step calls; it is replaced by one that also looks
at the clock. The floor is what the hidden layers' products would take if all of them ran as fast as a large one with
the full number of units; their multiplications are counted, not estimated. All steps of an arm and stage take turns
with that large product, so that a machine whose speed drifts is fair to both.
"""

import argparse
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from subjects import Case, _rollouts, recipe_for, warm

from goalsplice.agent.fast import backprop, learner, rollout
from goalsplice.agent.fast.adam import Adam
from goalsplice.agent.numerics import arithmetic
from goalsplice.io.frames import write_frame

PARTS = {
    "products of hidden layers and heads": [],
    "first layer: sums of rows": [(backprop, "gather_relu"), (backprop, "scatter_through_relu")],
    "first layer: table and weights": [(backprop, "table_of"), (backprop, "weight_gradient_of")],
    "bias and ReLU, forward and back": [
        (backprop, "add"),
        (backprop, "add_relu"),
        (backprop, "back_through_relu"),
        (backprop, "outer_through_relu"),
        (backprop, "column_sums"),
    ],
    "finding active units, moving weights": [
        (backprop, "active_columns"),
        (backprop, "reorder"),
        (backprop, "put_back"),
    ],
    "loss and its gradient": [(learner, "surrogate_gradient")],
    "unique observations": [(learner, "unique"), (np, "unique")],
    "clipping and Adam": [(Adam, "step")],
    "rollout": [(rollout, "_collect")],
    "advantages": [(learner, "advantages_and_returns")],
}
"""Functions of each part, as module or class and name."""

PRODUCTS = "products of hidden layers and heads"
REST = "everything else, in Python and NumPy"


class Clock:
    """Seconds and operations of each part."""

    def __init__(self):
        self.seconds, self.operations = defaultdict(float), 0

    def timed(self, part: str, function: Callable) -> Callable:
        def call(*arguments, **keywords):
            start = time.perf_counter()
            result = function(*arguments, **keywords)
            self.seconds[part] += time.perf_counter() - start
            return result

        return call

    def product(self, a: np.ndarray, b: np.ndarray, out: np.ndarray) -> np.ndarray:
        """`np.matmul` under the clock, its multiplications and additions counted."""
        start = time.perf_counter()
        np.matmul(a, b, out=out)
        self.seconds[PRODUCTS] += time.perf_counter() - start
        self.operations += 2 * a.shape[0] * a.shape[1] * b.shape[1]
        return out


def watch(clock: Clock) -> None:
    """Put every part under the clock, for the rest of this process."""
    backprop._MATMUL["float32"] = clock.product
    for part, functions in PARTS.items():
        for owner, name in functions:
            setattr(owner, name, clock.timed(part, getattr(owner, name)))


def fastest_rate(rows: int = 4096, units: int = 128, repeats: int = 20) -> float:
    """Operations a second of a product of a full layer: the best of some."""
    generator = np.random.default_rng(0)
    a, b = (generator.standard_normal(shape).astype(np.float32) for shape in ((rows, units), (units, units)))
    out, best = np.empty((rows, units), dtype=np.float32), np.inf
    for _ in range(repeats):
        start = time.perf_counter()
        np.matmul(a, b, out=out)
        best = min(best, time.perf_counter() - start)
    return 2 * rows * units * units / best


def measure(case: Case, clock: Clock, steps: int) -> list[dict]:
    """A row for each part: median milliseconds of a step over `steps` of them."""
    agent = case.agent()
    collected, generator = _rollouts(case.recipe, agent), np.random.default_rng(0)
    subject = learner.Learner(agent, case.recipe)
    found, floors = defaultdict(list), []
    with arithmetic(case.recipe.precision):
        for step in range(steps + 1):
            rate = fastest_rate()
            clock.seconds.clear()
            clock.operations = 0
            start = time.perf_counter()
            subject.learn(collected(), generator)
            whole = time.perf_counter() - start
            if step == 0:
                continue  # It may compile.
            for part in PARTS:
                found[part].append(clock.seconds[part])
            found[REST].append(whole - sum(clock.seconds.values()))
            found["a training step"].append(whole)
            floors.append(clock.operations / rate)
    return [
        {
            "arm": case.arm,
            "stage": case.stage,
            "part": part,
            "milliseconds": 1e3 * float(np.median(seconds)),
            "floor_milliseconds": 1e3 * float(np.median(floors)) if part in (PRODUCTS, "a training step") else np.nan,
            "steps": steps,
        }
        for part, seconds in found.items()
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=15, help="training steps of each arm and stage")
    parser.add_argument("--late", type=int, default=120, help="rollouts of training before the late stage; 0: no late")
    parser.add_argument("--output", type=Path, default=Path("results/benchmarks/parts.parquet"))
    options = parser.parse_args()
    torch.set_num_threads(1)
    rows, clock = [], Clock()
    with tempfile.TemporaryDirectory() as folder:
        cases = [
            Case(arm, stage, recipe_for(arm), Path(folder))
            for arm in ("onehot", "integers")
            for stage in ("early", "late")
            if options.late or stage == "early"
        ]
        for case in cases:
            if case.stage == "late":
                warm(case, options.late)
        watch(clock)
        for case in cases:
            rows += measure(case, clock, options.steps)
    table = pd.DataFrame(rows)
    write_frame(options.output, table)
    wide = table.pivot_table(
        index="part", columns=["arm", "stage"], values=["milliseconds", "floor_milliseconds"], sort=False
    )
    print(wide.round(1).to_string(na_rep=""))


if __name__ == "__main__":
    main()
