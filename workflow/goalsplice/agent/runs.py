"""A training run as its checkpoints: what edits and experiments take."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from goalsplice.agent.checkpoint import Header, load_checkpoint
from goalsplice.agent.network import Agent, Weights
from goalsplice.agent.recipe import Recipe


class Checkpoint(NamedTuple):
    """The networks at a phase's end.

    Attributes:
        seed, phase: where it is from; -1 is the phase of a network that was not trained.
        objective: what it was trained on last; empty for a network that was not trained.
        actor: its actor's weights.
        agent: actor and critic; None where only the actor was kept.
    """

    seed: int
    phase: int
    objective: str
    actor: Weights
    agent: Agent | None = None


@dataclass(frozen=True)
class Run:
    """One seed of an arm.

    Attributes:
        arm, seed: which one.
        recipe: the arm's.
        checkpoints: by phase, in order; not necessarily all.
    """

    arm: str
    seed: int
    recipe: Recipe
    checkpoints: Mapping[int, Checkpoint]

    def header(self, phase: int, objective: str) -> Header:
        """What a file says of a network that was made from a phase's checkpoint for an objective."""
        return Header(self.arm, self.seed, phase, objective, self.recipe.encoding, self.recipe.digest())


def _checkpoint(path: str | Path, recipe: Recipe, **expected: object) -> Checkpoint:
    agent, header = load_checkpoint(path, recipe, **expected)
    return Checkpoint(header.seed, header.phase, header.objective, agent.actor.state_dict(), agent)


def load_run(arm: str, seed: int, recipe: Recipe, phases: Iterable[int], paths: Iterable[str | Path]) -> Run:
    """Read a run's checkpoints of some phases.

    Raises:
        StudyError: a file is missing, damaged, or of another run, phase or recipe.
    """
    checkpoints = {
        phase: _checkpoint(path, recipe, arm=arm, seed=seed, phase=phase)
        for phase, path in zip(phases, paths, strict=True)
    }
    return Run(arm, seed, recipe, dict(sorted(checkpoints.items())))


def load_runs(arm: str, recipe: Recipe, paths: Iterable[str | Path]) -> dict[int, Run]:
    """Read checkpoints of an arm's runs: by seed, which their headers say as well as their phases.

    Raises:
        StudyError: a file is missing, damaged, or of another arm or recipe.
    """
    runs: dict[int, dict[int, Checkpoint]] = {}
    for path in paths:
        found = _checkpoint(path, recipe, arm=arm)
        runs.setdefault(found.seed, {})[found.phase] = found
    return {seed: Run(arm, seed, recipe, dict(sorted(found.items()))) for seed, found in runs.items()}
