"""Digests of training, one after each of four rollouts of each arm: `python tests/agent/training_digests.py`.

As JSON, by arm. Where two machines print the same, they train the same networks, bit by bit, and write the same rows.
"""

import hashlib
import json
from pathlib import Path

import yaml

from goalsplice.agent.numerics import prepare_process
from goalsplice.agent.recipe import Recipe
from goalsplice.agent.training import Training
from goalsplice.io.provenance import digest
from goalsplice.settings.study import recipe_of

ROOT = Path(__file__).parents[2]
SEED, ROLLOUTS = 99, 4


def recipes() -> dict[str, Recipe]:
    """Each arm's recipe in the mini study."""
    config = yaml.safe_load((ROOT / "config.yaml").read_text(encoding="utf-8"))
    quick = yaml.safe_load((ROOT / "workflow/resources/quick.yaml").read_text(encoding="utf-8"))
    config["recipe"] |= quick["recipe"]
    return {arm: Recipe(**recipe_of(config, arm)) for arm in config["arms"]}


def digests_of(training: Training) -> list[str]:
    """SHA-256 (16 digits) after each rollout: of weights, Adam's moments, worlds and the numbers of the table's row."""
    found = []
    for _ in range(ROLLOUTS):
        row = training.advance().row
        arrays = {name: hashlib.sha256(array.tobytes()).hexdigest() for name, array in sorted(training.state().items())}
        found.append(digest([list(row.values()), arrays])[:16])
    return found


def digests() -> dict[str, list[str]]:
    """The digests of each arm."""
    return {arm: digests_of(Training(recipe, arm, SEED)) for arm, recipe in recipes().items()}


if __name__ == "__main__":
    prepare_process()
    print(json.dumps(digests()))
