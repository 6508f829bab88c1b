"""Which objective is trained when."""

from collections.abc import Callable

SCHEDULES: dict[str, Callable[[int, tuple[str, ...]], str]] = {
    "alternation": lambda phase, objectives: objectives[phase % len(objectives)],
}
"""For each schedule's name, the objective of a phase (from 0), given the recipe's objectives."""


def objective_of(schedule: str, phase: int, objectives: tuple[str, ...]) -> str:
    """Objective of a phase. With `alternation` the objectives take turns, the first one first; one alone is fixed."""
    return SCHEDULES[schedule](phase, objectives)
