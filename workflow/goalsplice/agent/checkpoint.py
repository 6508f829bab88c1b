"""Checkpoints: actor and critic at a phase's end, as safetensors with a header that says what they are.

A checkpoint holds plain numbers (safetensors, no pickle), so it is safe to load one from a stranger. A SHA-256 in its
header covers the header, what made it (`io/provenance.py`) and the tensors: a damaged one is reported and never used.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path

import torch
from safetensors.torch import load, save
from torch import Tensor, nn

from goalsplice.agent.network import Agent
from goalsplice.agent.recipe import Recipe
from goalsplice.io.errors import StudyError
from goalsplice.io.files import damaged, decoding, replacing
from goalsplice.io.provenance import current, digest, note_input
from goalsplice.settings.schedule import objective_of

_KEY = "goalsplice"
"""The one entry of the safetensors metadata. With several, their order in the file would differ from run to run."""

_CONTENT, _MADE, _DIGEST = "content", "made", "sha256"
"""Beside the header's fields: `content_digest` of the header and the tensors, what made them, and a digest of all."""


@dataclass(frozen=True)
class Header:
    """What a checkpoint says of itself.

    Attributes:
        arm, seed: the training run.
        phase: from 0; the checkpoint is from its end.
        objective: the phase's.
        encoding: how the network sees.
        recipe: `Recipe.digest()` of the run.
    """

    arm: str
    seed: int
    phase: int
    objective: str
    encoding: str
    recipe: str


def content_digest(header: object, tensors: Mapping[str, Tensor]) -> str:
    """SHA-256, hexadecimal, of a header (JSON) and of tensors on the CPU: their names, types, shapes and values."""
    digest = hashlib.sha256(json.dumps(header, sort_keys=True).encode())
    for name, tensor in sorted(tensors.items()):
        digest.update(f"\0{name}\0{tensor.dtype}\0{tuple(tensor.shape)}\0".encode())
        digest.update(tensor.contiguous().reshape(-1).view(torch.uint8).numpy())
    return digest.hexdigest()


def save_checkpoint(path: str | Path, agent: nn.Module, header: Header) -> None:
    """Write a network, such as an `Agent`, with `header`; the file appears whole or not at all."""
    tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in agent.state_dict().items()}
    described = asdict(header) | {_CONTENT: content_digest(asdict(header), tensors), _MADE: current(path)}
    content = save(tensors, {_KEY: json.dumps(described | {_DIGEST: digest(described)}, sort_keys=True)})
    with replacing(path) as aside:
        aside.write_bytes(content)


def _described(path: Path, content: bytes) -> dict:
    """What a file says of itself: as the format has it, a length in 8 bytes, then JSON."""
    with decoding(path):
        metadata = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")]).get("__metadata__") or {}
    if _KEY not in metadata:
        raise StudyError(f"{path} has no header of this study; delete it and run snakemake again to train it anew")
    with decoding(path):
        found = json.loads(metadata[_KEY])
        if found.pop(_DIGEST) != digest(found):
            raise damaged(path, "its header does not have the digest that it was written with")
    return found


def read(path: Path) -> tuple[dict[str, Tensor], Header]:
    """Tensors, by name in alphabetical order, and header of a file that `save_checkpoint` wrote, of whichever network.

    Raises:
        StudyError: the file is missing or damaged, or is not of this study.
    """
    if not path.exists():
        raise StudyError(f"there is no checkpoint {path}; train it first")
    content = path.read_bytes()
    with decoding(path):
        tensors = dict(sorted(load(content).items()))
    found = _described(path, content)
    with decoding(path):
        del found[_MADE]
        whole = found.pop(_CONTENT)
        header = Header(**found)
        for field in fields(Header):
            if type(getattr(header, field.name)) is not field.type:
                raise damaged(path, f"its header has {field.name} {getattr(header, field.name)!r}")
        if whole != content_digest(asdict(header), tensors):
            raise damaged(path, "its content does not have the digest that it was written with")
    note_input(path, whole)
    return tensors, header


def load_checkpoint(path: str | Path, recipe: Recipe, **expected: object) -> tuple[Agent, Header]:
    """Read a checkpoint of a run with `recipe`.

    Args:
        expected: values that fields of the header must have, such as `arm="onehot", seed=99, phase=3`.

    Raises:
        StudyError: the file is missing, damaged, of another run or recipe, or does not fit the network's shapes.
    """
    path = Path(path)
    tensors, header = read(path)
    expected |= {
        "objective": objective_of(recipe.schedule, header.phase, recipe.objectives, header.seed),
        "encoding": recipe.encoding,
        "recipe": recipe.digest(),
    }
    for field, value in expected.items():
        found = getattr(header, field)
        if found != value:
            raise StudyError(f"{path} is of {field} {found!r}, not {value!r}; name the right file or train it anew")
    agent = Agent(recipe.world.inputs, recipe.hidden_size)
    shapes = {name: tuple(tensor.shape) for name, tensor in agent.state_dict().items()}
    for name in sorted(shapes.keys() | tensors.keys()):
        found = tuple(tensors[name].shape) if name in tensors else "absent"
        if found != shapes.get(name, "absent"):
            raise StudyError(
                f"{path} does not fit the network: {name} is {found} there and {shapes.get(name, 'absent')} here; "
                "train it anew"
            )
        if not (tensors[name].dtype == torch.float32 and torch.isfinite(tensors[name]).all()):
            raise StudyError(f"{path} holds numbers in {name} that are not finite float32; train it anew")
    agent.load_state_dict(tensors)
    return agent, header
