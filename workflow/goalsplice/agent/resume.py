"""Where an unfinished training run is kept, so that a job that was killed goes on instead of starting anew.

A folder of one run holds `state.safetensors`, the run as it was after some rollout (arrays, and the tables' rows so
far), and the checkpoints of the phases that it has completed. None of them is an output of a rule: Snakemake deletes
the outputs of a job that failed. When the run is complete the stage copies the checkpoints to their places and removes
the folder.

A state is plain numbers (safetensors, no pickle) under a SHA-256. It says which run, recipe, code, library versions and
arithmetic (kernels for which processor, on how many threads) it is of, and is used only where all are the same; only
then does the run end in the same bytes as one that was never interrupted.
"""

import json
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from filelock import FileLock, Timeout
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from goalsplice.agent.checkpoint import Header, content_digest, load_checkpoint, save_checkpoint
from goalsplice.agent.network import Agent
from goalsplice.agent.recipe import Recipe
from goalsplice.io.errors import StudyError
from goalsplice.io.files import replacing


@dataclass(frozen=True)
class Run:
    """Which run a state is of.

    Attributes:
        arm, seed: the run's.
        recipe: `Recipe.digest()`.
        device: where its updates run.
        code: digest of what trains it, and of versions of libraries.
        arithmetic: `arithmetic.kernels()`.
    """

    arm: str
    seed: int
    recipe: str
    device: str
    code: str
    arithmetic: str


_SAID = {"recipe": "another recipe", "code": "other code or other versions of libraries", "device": "another device"}
"""How a difference of a field of `Run` is told; of other fields, by their values."""


def _digest(rows: str, arrays: dict[str, np.ndarray]) -> str:
    return content_digest(rows, {name: torch.from_numpy(array) for name, array in arrays.items()})


class Unfinished:
    """The folder of one unfinished run, as a context in which no other process has it.

    Snakemake that was killed leaves its jobs running, and the next call starts them once more: the second one of a run
    must not write where the first one does.

    Args:
        folder: need not exist.
        run: which run it is for.

    Raises:
        StudyError: on entering, if another process is training the run.
    """

    def __init__(self, folder: str | Path, run: Run):
        self.folder, self.run = Path(folder), run
        self._lock = FileLock(self.folder / "lock", timeout=0)

    def __enter__(self) -> "Unfinished":
        self.folder.mkdir(parents=True, exist_ok=True)
        try:
            self._lock.acquire()
        except Timeout:
            raise StudyError(
                f"another process is training arm {self.run.arm}, seed {self.run.seed} in {self.folder}; wait for it, "
                "or end it (docs/operating.md says how to find it)"
            ) from None
        return self

    def __exit__(self, *exception: object) -> None:
        self._lock.release()

    def checkpoint(self, phase: int) -> Path:
        """Where a completed phase's checkpoint waits for the others."""
        return self.folder / f"phase={phase:02d}.safetensors"

    def keep_checkpoint(self, agent: Agent, header: Header) -> None:
        """Write a completed phase's checkpoint."""
        save_checkpoint(self.checkpoint(header.phase), agent, header)

    @property
    def _state(self) -> Path:
        return self.folder / "state.safetensors"

    def save(self, arrays: dict[str, np.ndarray], rows: dict[str, list[dict]]) -> None:
        """Write the run's state in place of the last one; the file changes whole or not at all.

        Args:
            arrays: `Training.state()`.
            rows: rows of the run's tables so far.
        """
        text = json.dumps(rows)
        header = {"run": asdict(self.run), "rows": text, "sha256": _digest(text, arrays)}
        with replacing(self._state) as aside:
            aside.write_bytes(save(arrays, {"goalsplice": json.dumps(header, sort_keys=True)}))

    def load(self, recipe: Recipe) -> tuple[dict[str, np.ndarray], dict[str, list[dict]]] | None:
        """Arrays and rows as they were saved last, or None if nothing was; the completed phases' checkpoints are there.

        Raises:
            StudyError: what is there is damaged, or of another `Run`.
        """
        if not self._state.exists():
            return None
        try:
            with safe_open(self._state, framework="np") as file:
                header = json.loads(file.metadata()["goalsplice"])
                arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (not a dict)
            found, text, digest = Run(**header["run"]), header["rows"], header["sha256"]
            whole = _digest(text, arrays) == digest
        except (SafetensorError, OSError, KeyError, TypeError, ValueError, AttributeError) as error:
            raise StudyError(f"{self._state} is not a whole state of training ({error})") from error
        if not whole:
            raise StudyError(f"{self._state} is damaged: its content does not have the digest that it was written with")
        for field, value in asdict(self.run).items():
            other = getattr(found, field)
            if other != value:
                raise StudyError(f"{self._state} is of {_SAID.get(field, f'{field} {other!r}, not {value!r}')}")
        rows = json.loads(text)
        for phase in range(int(arrays["done"]) // recipe.phase_rollouts):
            load_checkpoint(self.checkpoint(phase), recipe, arm=self.run.arm, seed=self.run.seed, phase=phase)
        return arrays, rows

    def finish(self, checkpoints: list[Path]) -> None:
        """Copy the phases' checkpoints to their places, in order; what is kept here stays until `remove`."""
        for phase, path in enumerate(checkpoints):
            with replacing(path) as aside:
                shutil.copyfile(self.checkpoint(phase), aside)

    def clear(self) -> None:
        """Forget what was kept; the folder and its lock stay."""
        for path in self.folder.iterdir():
            if path.name != "lock":
                path.unlink()

    def remove(self) -> None:
        """Remove the folder: the run is complete."""
        shutil.rmtree(self.folder)
