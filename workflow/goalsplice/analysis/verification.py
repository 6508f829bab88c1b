"""Whether files made again hold what the published ones hold, kind by kind, and where they begin to differ."""

import re
from collections.abc import Collection, Mapping
from pathlib import PurePosixPath

import pandas as pd

STUDY, TUNING, ABLATIONS = PARTS = ("study", "tuning", "ablations")
"""What is made and published together: the default study, the runs that edits were chosen on, and the ablations."""

EQUAL, DIFFERS, MISSING = "equal", "differs", "missing"

_RUN = re.compile(r"runs/arm=([^/]+)/seed=(\d+)/(?:(.+)/)?(?:phase=)?([^/]+)\.\w+")


def _kind(path: str) -> tuple[str, str]:
    """What a file is one of, and which it is."""
    run = _RUN.fullmatch(path)
    if run is None:
        return path.split("/")[0], path.split("/", 1)[1]
    arm, seed, folder, name = run.groups()
    return (folder, f"{arm}, seed {seed}, phase {name}") if folder else (name, f"{arm}, seed {seed}")


def part_of(path: str, config: Mapping, ablations: Collection[str]) -> str:
    """Which of `PARTS` a file belongs to, by its path below results.

    Args:
        config: of the study.
        ablations: names of the ablations' tables and figures.
    """
    run = _RUN.fullmatch(path)
    if run is None:
        return TUNING if path.startswith("tuning/") else ABLATIONS if PurePosixPath(path).stem in ablations else STUDY
    if run[1] not in config["arms"]:
        return ABLATIONS
    return STUDY if int(run[2]) in config["seeds"] else TUNING


def compared(expected: Mapping[str, str], found: Mapping[str, str | None]) -> pd.DataFrame:
    """One row a file of either, in the published order: kind, file, and `equal`, `differs` or `missing`.

    Args:
        expected: the published digests, by path.
        found: those of the files made again.
    """
    rows = []
    for path in [*expected, *(path for path in found if path not in expected)]:
        state = MISSING if path not in found or path not in expected else DIFFERS
        if state == DIFFERS and found[path] == expected[path]:
            state = EQUAL
        rows.append((*_kind(path), state))
    return pd.DataFrame(rows, columns=["kind", "file", "state"])


def by_kind(files: pd.DataFrame) -> pd.DataFrame:
    """One row a kind of file: how many are equal, differ and are missing, and the first that differs."""
    counts = pd.crosstab(files["kind"], files["state"]).reindex(columns=[EQUAL, DIFFERS, MISSING], fill_value=0)
    first = files[files["state"] == DIFFERS].drop_duplicates("kind").set_index("kind")["file"]
    counts["first that differs"] = first.reindex(counts.index).fillna("")
    return counts.loc[files["kind"].unique()]


def reasons(expected: Mapping, here: Mapping) -> list[str]:
    """What may be why something differs, a sentence each.

    Args:
        expected, here: `configuration`, a digest, `arithmetic`, and `libraries`, versions by name, of the published
            study and of this one.
    """
    said = []
    if expected["configuration"] != here["configuration"]:
        said.append("The configuration is another one: what depends on its changed keys is expected to differ.")
    if here["arithmetic"] != expected["arithmetic"]:
        said.append(f"Arithmetic is {here['arithmetic']}, the published study's {expected['arithmetic']}.")
    versions = expected["libraries"]
    others = [f"{name} {here['libraries'].get(name)} instead of {versions[name]}" for name in versions]
    others = [one for one, name in zip(others, versions, strict=True) if here["libraries"].get(name) != versions[name]]
    if others:
        said.append(f"Other versions than the published ones: {', '.join(others)}.")
    return said or [
        "Configuration and versions are the published ones. So the code is another one, or this processor or operating "
        "system computes otherwise; docs/reproduce.md says what was seen."
    ]
