"""Which objective is trained when."""

import hashlib
from collections.abc import Callable

MIXED = "mixed"
"""What stands for the objective of a phase in which each world pays for a colour of its own."""


def _in_turn(phase: int, objectives: tuple[str, ...], seed: int) -> str:
    return objectives[phase % len(objectives)]


def _at_random(phase: int, objectives: tuple[str, ...], seed: int) -> str:
    # A hash, not a generator: any phase's objective is known without those before it, and everywhere the same.
    drawn = hashlib.sha256(f"{seed} {phase}".encode()).digest()
    return objectives[int.from_bytes(drawn[:8], "little") % len(objectives)]


def _together(phase: int, objectives: tuple[str, ...], seed: int) -> str:
    return MIXED


SCHEDULES: dict[str, Callable[[int, tuple[str, ...], int], str]] = {
    "alternation": _in_turn,
    "random": _at_random,
    "mixed": _together,
}
"""For each schedule's name, the objective of a phase (from 0), given the recipe's objectives and the run's seed."""


def objective_of(schedule: str, phase: int, objectives: tuple[str, ...], seed: int) -> str:
    """Objective of a phase.

    With `alternation` the objectives take turns, the first one first; one alone is fixed. With `random` each phase's is
    drawn by itself, so one may come twice in a row; runs of different seeds have different orders. With `mixed` it is
    `MIXED` in all phases.
    """
    return SCHEDULES[schedule](phase, objectives, seed)


def paying(objective: str, objectives: tuple[str, ...], worlds: int) -> list[str]:
    """The colour that pays in each of some worlds: the objective everywhere; with `MIXED` the objectives in turn."""
    colours = objectives if objective == MIXED else (objective,)
    return [colours[world % len(colours)] for world in range(worlds)]
