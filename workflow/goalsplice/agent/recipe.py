"""How an arm is trained: the values of config.yaml's `recipe`, with the arm's own in place of some."""

import hashlib
import json
from dataclasses import asdict, dataclass
from functools import cache

from goalsplice.settings.colours import KEY_COLOURS
from goalsplice.settings.sections import Section
from goalsplice.world.observation import Encoding
from goalsplice.world.simulator import Rules
from goalsplice.world.vocabulary import outcomes

_encoding = cache(Encoding)
"""One of each, since an encoding keeps the tables that it has computed."""


@dataclass(frozen=True)
class Recipe(Section):
    """One arm's values."""

    named = "recipe"

    encoding: str
    view_size: int
    grid_size: int
    max_steps: int
    walkable_keys: bool
    wall_penalty: bool
    level_distribution: str
    schedule: str
    objectives: tuple[str, ...]
    phase_rollouts: int
    rollouts: int
    num_envs: int
    num_steps: int
    update_epochs: int
    minibatches: int
    learning_rate: float
    adam_epsilon: float
    weight_decay: float
    decoupled_decay: bool
    gamma: float
    gae_lambda: float
    clip_coefficient: float
    entropy_coefficient: float
    value_coefficient: float
    max_gradient_norm: float
    hidden_size: int
    precision: str
    key_colours: tuple[str, str, str] = KEY_COLOURS

    def __post_init__(self):
        object.__setattr__(self, "objectives", tuple(self.objectives))
        object.__setattr__(self, "key_colours", tuple(self.key_colours))

    def digest(self) -> str:
        """SHA-256 of the values, by which a checkpoint knows its recipe."""
        return hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()

    @property
    def batch_size(self) -> int:
        """Environment steps of one rollout."""
        return self.num_envs * self.num_steps

    @property
    def world(self) -> Encoding:
        """What the agent sees, of a grid of which size."""
        return _encoding(self.encoding, self.view_size, self.grid_size, self.key_colours)

    @property
    def outcomes(self) -> tuple[str, ...]:
        """How an episode ends, by its number in the compiled world."""
        return outcomes(self.key_colours)

    @property
    def rules(self) -> Rules:
        """The world's rules."""
        return Rules(self.walkable_keys, self.wall_penalty, self.max_steps)


def recipes_from_json(text: str) -> dict[str, Recipe]:
    """Each arm's recipe, that Snakemake passes to a stage of all runs.

    Raises:
        StudyError: a key is missing or unknown.
    """
    return {arm: Recipe.from_json(json.dumps(values)) for arm, values in json.loads(text).items()}
