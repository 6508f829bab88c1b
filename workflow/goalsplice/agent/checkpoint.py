"""Checkpoints: actor and critic at a phase's end, as safetensors with a header that says what they are.

A checkpoint holds plain numbers (safetensors, no pickle), so it is safe to load one from a stranger.
"""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import nn

from goalsplice.agent.network import Agent
from goalsplice.agent.recipe import Recipe
from goalsplice.agent.schedule import objective_of
from goalsplice.errors import StudyError
from goalsplice.files import replacing

_KEY = "goalsplice"
"""The one entry of the safetensors metadata. With several, their order in the file would differ from run to run."""


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


def save_checkpoint(path: str | Path, agent: nn.Module, header: Header) -> None:
    """Write a network, such as an `Agent`, with `header`; the file appears whole or not at all."""
    metadata = {_KEY: json.dumps(asdict(header), sort_keys=True)}
    tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in agent.state_dict().items()}
    with replacing(path) as aside:
        aside.write_bytes(save(tensors, metadata))


def read(path: Path) -> tuple[dict[str, torch.Tensor], Header]:
    """Tensors and header of a file that `save_checkpoint` wrote, of whichever network.

    Raises:
        StudyError: the file is missing or damaged, or is not of this study.
    """
    if not path.exists():
        raise StudyError(f"there is no checkpoint {path}; train it first")
    again = "delete it and run snakemake again to train it anew"
    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (not a dict)
    except (SafetensorError, OSError) as error:
        raise StudyError(f"{path} is not a whole safetensors file ({error}); {again}") from error
    try:
        return tensors, Header(**json.loads(metadata[_KEY]))
    except (KeyError, TypeError, json.JSONDecodeError) as error:
        raise StudyError(f"{path} has no header of this study; {again}") from error


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
        "objective": objective_of(recipe.schedule, header.phase, recipe.objectives),
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
