"""Sections of config.yaml as stages take them: from JSON on the command line, with names and types.

`workflow/schemas/config.schema.yaml` says what each key means, `study.validate` and `study.check` hold the values.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, ClassVar, Self

from goalsplice.io.errors import StudyError

Phases = tuple[int, ...]


def _frozen(value: object) -> object:
    """A value that JSON gave, its lists as tuples."""
    if isinstance(value, dict):
        return {key: _frozen(part) for key, part in value.items()}
    return tuple(_frozen(part) for part in value) if isinstance(value, list) else value


@dataclass(frozen=True)
class Section:
    """What the sections share. Each is a frozen dataclass of those keys of config.yaml that a stage depends on."""

    named: ClassVar[str]
    """What config.yaml calls the section."""

    @classmethod
    def passed(cls, config: Mapping[str, Any]) -> str:
        """The section as JSON, from the whole configuration: what a rule passes to a stage, and what it depends on."""
        return json.dumps({field.name: config[cls.named][field.name] for field in fields(cls)}, sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """The section that Snakemake passes to a stage.

        Raises:
            StudyError: a key is missing or unknown.
        """
        values = json.loads(text)
        names = {field.name for field in fields(cls)}
        for what, keys in (("lacks the", names - values.keys()), ("has the unknown", values.keys() - names)):
            if keys:
                raise StudyError(f"{cls.named} {what} key {min(keys)}; config.yaml's {cls.named} lists them all")
        return cls(**{key: _frozen(value) for key, value in values.items()})


@dataclass(frozen=True)
class Evaluation(Section):
    """What every checkpoint is tested on."""

    named = "evaluation"

    levels: int
    seed: int
    level_distributions: tuple[str, ...]
    action_selections: tuple[str, ...]


@dataclass(frozen=True)
class Splices(Section):
    """Which checkpoints are spliced, and what the results are tested on."""

    named = "splices"

    pairs: tuple[tuple[int, int], ...]
    levels: int
    control_levels: int
    control_precision: float
    draws: int
    level_distribution: str
    action_selection: str


@dataclass(frozen=True)
class Retargeting(Section):
    """Edits for a new colour: what was chosen on other runs than those reported, and what the results are tested on.

    Attributes:
        downstream: for each encoding, the layers that the edit downstream of layer 1 refits.
        level_distribution: the first is of what is edited, and of all tests; the others are of what is tried in every
            phase.
    """

    named = "retargeting"

    target: str
    absent: str
    strength: float
    weight_share: float
    downstream: dict[str, str]
    draws: int
    evaluations: int
    levels: int
    control_levels: int
    control_precision: float
    level_distributions: tuple[str, ...]
    action_selection: str


@dataclass(frozen=True)
class FineTuning(Section):
    """Fine-tuning from checkpoints."""

    named = "finetuning"

    phases: Phases
    rollouts: int
    training_level_distribution: str
    levels: int
    level_distribution: str
    action_selection: str


@dataclass(frozen=True)
class Perception(Section):
    """How it is tested what edited agents see."""

    named = "perception"

    levels: int
    stimuli: int
    level_distribution: str
    action_selection: str


@dataclass(frozen=True)
class Probes(Section):
    """Which checkpoints linear probes are fitted on and scored on, and how."""

    named = "probes"

    train_phases: Phases
    test_phases: Phases
    observations: int
    draws: int

    @property
    def phases(self) -> Phases:
        """All of them, in order."""
        return tuple(sorted({*self.train_phases, *self.test_phases}))


@dataclass(frozen=True)
class Measures(Section):
    """How learning is measured."""

    named = "measures"

    threshold: float
    burn_in: int


@dataclass(frozen=True)
class Ablations(Section):
    """How the last switches of arms that differ in one thing are measured."""

    named = "ablations"

    switches: int
    rank: int
    levels: int
    draws: int
