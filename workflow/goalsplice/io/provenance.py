"""What made a file: of which run it is, by which code, with which settings, and from which files.

Every table, checkpoint and figure carries that (`io/frames.py`, `agent/checkpoint.py`, `figures/style.py`), so that it
cannot be mistaken for another one's, wherever it is copied, and whatever becomes of Snakemake's own records. The plan
of each `snakemake` compares it with what would make the file now (`rules/provenance.smk`); a stage compares the run.

Light to import: Snakemake does so at each start.
"""

import hashlib
import importlib.metadata
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from goalsplice.io.errors import StudyError
from goalsplice.io.source_digest import source_digest


def digest(value: object) -> str:
    """SHA-256, hexadecimal, of what JSON can hold."""
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True)
class Provenance:
    """What made a file.

    Attributes:
        arm, seed: the run that it is of; None if of several.
        recipe: `Recipe.digest()` of the run.
        code: `source_digest` of the modules that made it.
        settings: digest of the values that Snakemake passed to them.
        inputs: content digest of each table and checkpoint that was read, by path.
        libraries: versions of the libraries that calculate and draw.
        file: the name that it was written under, if code is known.
    """

    arm: str | None = None
    seed: int | None = None
    recipe: str | None = None
    code: str | None = None
    settings: str | None = None
    inputs: Mapping[str, str] = field(default_factory=dict)
    libraries: Mapping[str, str] = field(default_factory=dict)
    file: str | None = None

    def record(self) -> dict:
        """As JSON has it, without what is not known."""
        return {key: value for key, value in asdict(self).items() if value not in (None, {})}


_LIBRARIES = (
    *("matplotlib", "numba", "numpy", "pandas", "pillow", "pyarrow"),
    *("scikit-learn", "scipy", "statsmodels", "torch"),
)


def libraries() -> dict[str, str]:
    """Installed versions of the libraries that calculate and draw.

    Raises:
        StudyError: one is not installed.
    """
    try:
        return {name: importlib.metadata.version(name) for name in _LIBRARIES}
    except importlib.metadata.PackageNotFoundError as error:
        raise StudyError(
            f"{error.name} is not installed where snakemake runs; type: python -m pip install -r envs/requirements.txt"
        ) from error


class _Process:
    """What this process is making: a stage is a process of its own."""

    def __init__(self) -> None:
        self.provenance = Provenance()
        self.read: dict[str, str] = {}


_process = _Process()


def begin(made: Mapping | None, arm: str | None = None, seed: int | None = None, recipe: str | None = None) -> None:
    """Say what this process will write from now on. What it has read before does not count.

    Args:
        made: what the rule passes (`made_by` in rules/common.smk): `modules`, their digest (`code`) and `settings`.
            None for a stage that is called by hand: what it writes says nothing of these, so Snakemake makes it again.
        arm, seed, recipe: the run.
    """
    ours = Provenance(arm, seed, recipe)
    if made:
        code = source_digest(*made["modules"])
        if code != made["code"]:
            # A source was edited since Snakemake read it, perhaps while this process imported it: both may be wrong.
            code = digest([made["code"], code])
        ours = replace(ours, code=code, settings=made["settings"], libraries=libraries())
    _process.provenance = ours
    _process.read = {}


def note_input(path: str | Path, content: str) -> None:
    """A file was read whose content has this digest."""
    _process.read[Path(path).as_posix()] = content


def forget_inputs() -> None:
    """What was read so far made nothing that will be written, such as the state from which a job goes on."""
    _process.read = {}


def current(path: str | Path) -> dict:
    """What makes a file that this process writes now, as JSON has it."""
    inputs = {name: _process.read[name] for name in sorted(_process.read)}
    name = Path(path).name if _process.provenance.code else None
    return replace(_process.provenance, inputs=inputs, file=name).record()


_WHAT = {
    "code": "it was made by other code",
    "settings": "it was made with other settings",
    "recipe": "it was made with another recipe",
}


GONE = "gone"


def difference(
    path: str | Path, found: Mapping, expected: Provenance, content: Callable[[str], str | None]
) -> str | None:
    """Why a file is not what would be made now, in a few words; None if nothing shows that.

    Args:
        path: the file.
        found: its record; empty if it has none.
        expected: what would make it now; None in a field counts as equal.
        content: the content digest that another path has now, or `GONE`; None if that does not matter.
    """
    if "code" not in found:
        return "it does not say what made it"
    if found.get("file") != Path(path).name:
        return f"it was written as {found.get('file')}"
    for key in ("arm", "seed", "recipe", "code", "settings"):
        value = getattr(expected, key)
        if value is not None and found.get(key) != value:
            return _WHAT.get(key, f"it is of {key} {found.get(key)}")
    for name, digest_then in found.get("inputs", {}).items():
        now = content(name)
        if now is not None and now != digest_then:
            return f"it was made from {name}, which is {'gone' if now == GONE else 'another one now'}"
    return None


def other_libraries(found: Mapping, now: Mapping[str, str]) -> str | None:
    """Which libraries had another version when a file was made, in a few words; None if none.

    That is no `difference`: most versions calculate alike, and to make everything again takes long.
    """
    before = found.get("libraries", {})
    changed = [f"{name} {before[name]}, now {now[name]}" for name in now if before.get(name, now[name]) != now[name]]
    return "; ".join(changed) or None


def check_run(path: str | Path, found: Mapping, **expected: object) -> None:
    """Check that a file is of the run that it is taken for.

    Args:
        path: the file.
        found: its record.
        expected: arm, seed or recipe; None is not compared.

    Raises:
        StudyError: it is of another run, or does not say of which.
    """
    for key, value in expected.items():
        if value is None or found.get(key) == value:
            continue
        if key not in found:
            said = f"does not say of which {key} it is"
        elif key == "recipe":
            said = "is of another recipe"
        else:
            said = f"is of {key} {found[key]!r}, not {value!r}"
        raise StudyError(f"{path} {said}; put the right file there, or delete it and run snakemake again")
