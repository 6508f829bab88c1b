"""What a rollout gives, and an update takes."""

from typing import NamedTuple

import numpy as np

NO_CODE = -1


class Rollout(NamedTuple):
    """What T steps of N worlds gave. Arrays are (T, N) but for `last_codes`.

    Attributes:
        codes: int64, what the agent saw before it acted.
        actions: int64.
        rewards: float32.
        outcomes: int64, how the episode ended at this step, or RUNNING.
        lengths: int64, steps of the episode that ended at this step; else steps so far.
        final_codes: int64, what was seen last, where an episode was truncated; else NO_CODE.
        last_codes: int64 (N,), what is seen after the last step.
    """

    codes: np.ndarray
    actions: np.ndarray
    rewards: np.ndarray
    outcomes: np.ndarray
    lengths: np.ndarray
    final_codes: np.ndarray
    last_codes: np.ndarray
