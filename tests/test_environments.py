"""The pins are one set, and what is installed."""

import re
import tomllib
from importlib.metadata import version

import pytest
import yaml
from study import ROOT


def pins(lines) -> dict[str, str]:
    """Versions by name from lines such as name==1.2.3."""
    return dict(re.fullmatch(r"([a-z0-9-]+)==(\S+)", line).groups() for line in lines)


REQUIREMENTS = pins(
    line for line in (ROOT / "envs/requirements.txt").read_text().splitlines() if line and not line.startswith("#")
)


def test_conda_has_the_same_pins():
    environment = yaml.safe_load((ROOT / "envs/study.yaml").read_text())
    (from_pip,) = (entry["pip"] for entry in environment["dependencies"] if isinstance(entry, dict))
    assert pins(from_pip) == REQUIREMENTS


@pytest.mark.parametrize("name", REQUIREMENTS)
def test_the_pin_is_what_is_installed(name):
    """A build's local part, such as +cpu, does not count."""
    assert version(name).split("+")[0] == REQUIREMENTS[name]


def test_every_dependency_is_pinned():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert set(project["dependencies"]) <= set(REQUIREMENTS)
    assert all("==" in tool for tool in project["optional-dependencies"]["test"])
