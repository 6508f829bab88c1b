"""Where every random number of the study comes from: one key order, so that no two places share their numbers."""

import hashlib
import json
import zlib

import numpy as np

Key = tuple[str | float, ...]
"""Arm, seed and labels, as `sequence` takes them: what identifies a run, or something in it."""

EVERY_ARM = ""
"""In place of an arm's name, for what all arms share."""


def sequence(arm: str, seed: int, *labels: str | float) -> np.random.SeedSequence:
    """A source of randomness that depends on its arguments alone.

    The arm's name enters through its CRC-32, since Python's own hash differs from process to process. Labels enter
    through a digest of all of them: appended as numbers, a last label 0 would be the same as none.

    Args:
        arm: the arm's name, or `EVERY_ARM`.
        seed: the run's, or that of the levels.
        labels: what is drawn, and for which of several. Without labels it is the training of the run.
    """
    words = []
    if labels:
        digest = hashlib.sha256(json.dumps(labels).encode()).digest()
        words = np.frombuffer(digest, dtype="<u4").tolist()
    return np.random.SeedSequence([zlib.crc32(arm.encode()), seed, *words])


def generator(arm: str, seed: int, *labels: str | float) -> np.random.Generator:
    """A generator on `sequence` of the same arguments."""
    return np.random.default_rng(sequence(arm, seed, *labels))
