"""docs/adding.md quotes the project: each of its examples is there, line by line."""

import re

import pytest
from study import ROOT

PAGE = (ROOT / "docs/adding.md").read_text(encoding="utf-8")


def quoted() -> list[tuple[str, str]]:
    """Each file that an example is from, and the lines of a block below its name."""
    found, path = [], None
    for part in re.findall(r"^\*\*`(.+?)`\*\*|^```(?:yaml|python)\n(.*?)^```", PAGE, re.M | re.S):
        path = part[0] or path
        if part[1]:
            found.append((path, part[1]))
    return found


@pytest.mark.parametrize(("path", "block"), quoted())
def test_an_example_is_the_projects(path, block):
    lines = (ROOT / path).read_text(encoding="utf-8").splitlines()
    place = 0
    for line in block.splitlines():
        if line.strip() in ("", "..."):
            continue
        beginning = line.removesuffix("...")
        after = [number for number in range(place, len(lines)) if lines[number].startswith(beginning)]
        assert after, f"{path} has not, in this order: {line}"
        place = after[0] + 1


def test_every_file_that_is_named_is_there():
    named = re.findall(r"^\*\*`(.+?)`\*\*", PAGE, re.M)
    assert len(named) > 10
    assert [path for path in named if not (ROOT / path).is_file()] == []
