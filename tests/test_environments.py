"""The pins are one set, and what is installed."""

import re
import tomllib
from importlib.metadata import version

import pytest
import yaml
from study import PARTS, ROOT


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
    extras = project["optional-dependencies"]
    assert all("==" in tool for extra in extras.values() for tool in extra)


def test_extras_pin_no_other_version_than_the_study():
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    for extra in extras.values():
        assert {name: pin for name, pin in pins(extra).items() if REQUIREMENTS.get(name, pin) != pin} == {}


def test_every_folder_of_the_package_is_one_that_pip_installs():
    """Without -e, pip leaves out folders without an __init__.py."""
    package = ROOT / "workflow/goalsplice"
    folders = {path.parent for path in package.rglob("*.py")}
    assert [folder for folder in sorted(folders) if not (folder / "__init__.py").exists()] == []


def instructions(text: str) -> list[tuple[str, str]]:
    """A container recipe's instructions and their arguments, without comments."""
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return [tuple(line.split(maxsplit=1)) for line in lines]


def test_the_container_has_the_same_pins_and_python():
    recipe = instructions((ROOT / "envs/Containerfile").read_text())
    python = next(
        entry.removeprefix("python=")
        for entry in yaml.safe_load((ROOT / "envs/study.yaml").read_text())["dependencies"]
        if isinstance(entry, str) and entry.startswith("python=")
    )
    assert [argument for name, argument in recipe if name == "FROM"] == [f"python:{python}-slim"]
    installations = [argument for name, argument in recipe if name == "RUN"]
    assert [argument.split("--no-cache-dir ")[1] for argument in installations] == [
        "--requirement envs/requirements.txt",
        "--no-deps --editable .",
    ]


def test_the_container_has_what_the_study_is_made_of():
    """All that is copied exists, and it is no less than what the tests copy to run the study elsewhere."""
    recipe = instructions((ROOT / "envs/Containerfile").read_text())
    copied = [source for name, argument in recipe if name == "COPY" for source in argument.split()[:-1]]
    assert all((ROOT / source).exists() for source in copied)
    assert set(PARTS) <= set(copied)
