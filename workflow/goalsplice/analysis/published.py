"""The learning curve that the post's author published, in the training table's words."""

from pathlib import Path

import pandas as pd

from goalsplice.io.errors import StudyError
from goalsplice.settings.labels import PUBLISHED

PUBLISHED_SEED = 99
_ROLLOUTS_OF_A_PHASE = 15
_STEPS_OF_A_ROLLOUT = 32 * 512


def read_published(path: str | Path) -> pd.DataFrame:
    """The author's rollouts: arm, seed, rollout, phase, objective, environment_steps, mean_return, mean_length.

    Source: `workflow/resources/published_seed99.csv`; README.md beside it says where that comes from.

    Raises:
        StudyError: a column is missing.
    """
    frame = pd.read_csv(path)
    for column in ("rollout", "objective", "mean_episode_length", "mean_return"):
        if column not in frame:
            raise StudyError(f"{path} lacks the column {column}; restore the file from the repository")
    return pd.DataFrame(
        {
            "arm": PUBLISHED,
            "seed": PUBLISHED_SEED,
            "rollout": frame["rollout"],
            "phase": (frame["rollout"] - 1) // _ROLLOUTS_OF_A_PHASE,
            "objective": frame["objective"],
            "environment_steps": frame["rollout"] * _STEPS_OF_A_ROLLOUT,
            "mean_return": frame["mean_return"],
            "mean_length": frame["mean_episode_length"],
        }
    )
