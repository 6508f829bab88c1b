"""Whether actors differ in the same direction from one switch of the objective to the next, and from run to run."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise

import numpy as np

from goalsplice.agent.runs import Run
from goalsplice.agent.seeding import generator
from goalsplice.edits.delta import WeightDelta

DRAWS = 20
"""Shuffles that a cosine is compared with."""

ACTOR = "actor"

WITHIN_COLUMNS = ["part", "phase", "other_phase", "same_way"]
BETWEEN_COLUMNS = ["seed", "other_seed", "part", "phase"]
COSINE_COLUMNS = ["weights", "cosine", "null_mean", "null_sd", "null_low", "null_high"]
"""Columns of what `within_run` and `between_runs` return: theirs, and those of `compare`."""

Directions = Mapping[str, np.ndarray]
"""Differences of neighbouring phases' actors, one a row: float64 (differences, weights) by the tensors' names."""


def orientations(run: Run) -> list[int]:
    """Of each switch between neighbouring phases 1 if it leads to the later of the recipe's objectives, -1 if back."""
    place = run.recipe.objectives.index
    pairs = pairwise(run.checkpoints.values())
    return [1 if place(other.objective) >= place(one.objective) else -1 for one, other in pairs]


def differences(run: Run) -> dict[str, np.ndarray]:
    """Differences of each two neighbouring phases' actors, with the sign that leads to the later objective."""
    checkpoints = list(run.checkpoints.values())
    deltas = [WeightDelta(one.actor, other.actor) for one, other in pairwise(checkpoints)]
    return {
        name: np.array(
            [sign * delta.array(name).ravel() for sign, delta in zip(orientations(run), deltas, strict=True)]
        )
        for name in checkpoints[0].actor
    }


def parts(names: Iterable[str]) -> dict[str, list[str]]:
    """Tensors of each layer, weights and biases, and of the whole actor."""
    found: dict[str, list[str]] = {ACTOR: []}
    for name in names:
        for part in (ACTOR, name.split(".")[0]):
            found.setdefault(part, []).append(name)
    return found


def permuted(one: Directions, generator: np.random.Generator, draws: int = DRAWS) -> dict[str, np.ndarray]:
    """A single difference `draws` times, each time with its values in another order within each tensor."""
    return {name: generator.permuted(np.repeat(values, draws, axis=0), axis=1) for name, values in one.items()}


def cosines(left: Directions, right: Directions) -> dict[str, np.ndarray]:
    """Cosines of each of m differences with each of n, for each of the `parts`: (m, n); NaN with a zero vector."""
    out = {}
    with np.errstate(invalid="ignore"):
        for part, names in parts(left).items():
            products = sum(left[name] @ right[name].T for name in names)
            lengths = [np.sqrt(sum((side[name] ** 2).sum(axis=1) for name in names)) for side in (left, right)]
            out[part] = products / np.outer(*lengths)
    return out


def compare(left: Directions, right: Directions, generator: np.random.Generator) -> dict[str, list[dict[str, float]]]:
    """Cosines of m differences with a single one, and with that one's shuffles.

    Args:
        left: m differences.
        right: one.
        generator: for the shuffles.

    Returns:
        For each part m rows: how many weights it has, the cosine, and mean, standard deviation and range of the
        cosines with `DRAWS` shuffles.
    """
    found, null = cosines(left, right), cosines(left, permuted(right, generator))
    return {
        part: [
            {
                "weights": sum(left[name].shape[1] for name in names),
                "cosine": float(found[part][row, 0]),
                "null_mean": float(draws.mean()),
                "null_sd": float(draws.std(ddof=1)),
                "null_low": float(draws.min()),
                "null_high": float(draws.max()),
            }
            for row, draws in enumerate(null[part])
        ]
        for part, names in parts(left).items()
    }


def _rows_of(directions: Directions, rows: slice) -> dict[str, np.ndarray]:
    return {name: values[rows] for name, values in directions.items()}


def within_run(run: Run) -> list[dict[str, object]]:
    """Cosines of all pairs of one run's differences.

    Args:
        run: with all phases from 0.

    Returns:
        Rows with the columns of the similarity table but for the run. A difference goes by the earlier of its phases.
    """
    found = differences(run)
    signs = orientations(run)
    rows = []
    for other in range(1, len(signs)):
        earlier, single = _rows_of(found, slice(0, other)), _rows_of(found, slice(other, other + 1))
        numbers = generator(run.arm, run.seed, "directions within", other)
        for part, compared in compare(earlier, single, numbers).items():
            rows += [
                {"part": part, "phase": phase, "other_phase": other, "same_way": signs[phase] == signs[other], **row}
                for phase, row in enumerate(compared)
            ]
    return rows


def between_runs(
    switch: Mapping[int, Directions], compared: Mapping[int, Sequence[int]], arm: str, phase: int
) -> list[dict[str, object]]:
    """Cosines of the same difference in two runs of an arm, as the weights are: hidden units are not matched.

    Args:
        switch: for each seed the difference of two neighbouring phases' actors.
        compared: for each seed the others that it is compared with.
        arm, phase: from which the shuffles derive, with the seed; the phase is the earlier one.

    Returns:
        Rows with the columns of the similarity_between_runs table but for the arm: `seed` is one of those that
        `other_seed` is compared with.
    """
    rows = []
    for other, seeds in compared.items():
        if not seeds:
            continue
        left = {name: np.concatenate([switch[seed][name] for seed in seeds]) for name in switch[other]}
        for part, found in compare(left, switch[other], generator(arm, other, "directions between", phase)).items():
            rows += [
                {"seed": seed, "other_seed": other, "part": part, "phase": phase, **row}
                for seed, row in zip(seeds, found, strict=True)
            ]
    return rows
