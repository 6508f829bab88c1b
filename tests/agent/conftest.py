"""A small recipe, and the published one's other arm."""

import pytest
import yaml

from goalsplice.agent.recipe import Recipe

ARMS = {"onehot": {"encoding": "onehot", "view_size": 5}, "integers": {"encoding": "integers", "view_size": 7}}


@pytest.fixture(params=ARMS)
def arm(request) -> str:
    """Name of an arm."""
    return request.param


@pytest.fixture
def recipe(arm, pytestconfig) -> Recipe:
    """The arm's recipe as config.yaml has it, but for a short rollout and a short run."""
    config = yaml.safe_load((pytestconfig.rootpath / "config.yaml").read_text())
    short = {"num_envs": 16, "num_steps": 64, "rollouts": 4, "phase_rollouts": 2}
    return Recipe(**{**config["recipe"], **ARMS[arm], **short})
