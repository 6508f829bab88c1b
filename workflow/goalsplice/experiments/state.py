"""What a process must keep while foreign code runs in it, for what comes after to be measured rightly."""

import builtins
import math
import os
import sys
import warnings
from types import ModuleType
from typing import NamedTuple

import numpy as np
import torch

from goalsplice.agent.recipe import Recipe
from goalsplice.world.observation import cell_inputs

_PACKAGE = __name__.partition(".")[0]
_LIBRARIES = (builtins, math, np, np.linalg, np.random, torch, torch.linalg, torch.nn.functional, torch.Tensor)


class State(NamedTuple):
    """What a process calculates with, at one time.

    Attributes:
        settings: those of libraries, of the process and of the run, by what they are called.
        code: functions, classes and constants of the study by their full names, each with what is in it, if it is an
            array or a container; and of those of libraries the package that they come from.
    """

    settings: dict[str, object]
    code: dict[str, tuple[object, tuple]]


def _small_is_zero() -> tuple[bool, bool]:
    """Whether PyTorch and NumPy take numbers below 1e-38 for zero."""
    small = torch.tensor([1e-39], dtype=torch.float32, device="cpu")
    return not (small * 1).numpy().any(), not (small.numpy() * np.float32(1)).any()


def _settings() -> dict[str, object]:
    here = os.stat(".")
    return {
        "PyTorch's default dtype": torch.get_default_dtype(),
        "PyTorch's default device": torch.get_default_device(),
        "whether PyTorch keeps gradients": (torch.is_grad_enabled(), torch.is_inference_mode_enabled()),
        "PyTorch's number of threads": torch.get_num_threads(),
        "PyTorch's choice of deterministic algorithms": (
            torch.are_deterministic_algorithms_enabled(),
            torch.is_deterministic_algorithms_warn_only_enabled(),
        ),
        "PyTorch's precision of matrix products": torch.get_float32_matmul_precision(),
        "PyTorch's mixed precision": torch.is_autocast_enabled("cpu"),
        "whether numbers below 1e-38 are zero": _small_is_zero(),
        "NumPy's treatment of floating-point errors": tuple(np.geterr().items()),
        "which warnings are errors": [warning for warning in warnings.filters if warning[0] == "error"],
        # Not its name: that cannot be told once the folder is gone.
        "the working directory": (here.st_dev, here.st_ino),
    }


def _world(recipe: Recipe) -> tuple[bytes, ...]:
    """The arrays that a recipe's encoding shares with whoever asks for one like it."""
    encoding = recipe.world
    sparse = (encoding.row_inputs, encoding.inputs_rows)
    arrays = [part for matrix in sparse for part in (matrix.data, matrix.indices, matrix.indptr)]
    arrays += [cell_inputs(encoding.name), *map(np.asarray, encoding.geometry)]
    return tuple(array.tobytes() for array in arrays)


def _content(value: object) -> tuple:
    if isinstance(value, np.ndarray):
        return (value.tobytes(),)
    if isinstance(value, dict):
        return (*value.keys(), *value.values())
    return tuple(value) if isinstance(value, list | set) else ()


def _code() -> dict[str, tuple[object, tuple]]:
    owners: dict[str, ModuleType | type] = {}
    for name, module in list(sys.modules.items()):
        if name.partition(".")[0] == _PACKAGE:
            owners[name] = module
            kinds = {key: kind for key, kind in vars(module).items() if getattr(kind, "__module__", "") == name}
            owners |= {f"{name}.{key}": kind for key, kind in kinds.items() if isinstance(kind, type)}
    code = {
        f"{owner}.{name}": (value, _content(value))
        for owner, holder in owners.items()
        for name, value in list(vars(holder).items())
        if not name.startswith("__")
    }
    for library in _LIBRARIES:
        owner = library.__name__ if isinstance(library, ModuleType) else f"{library.__module__}.{library.__name__}"
        for name, value in list(vars(library).items()):
            if not name.startswith("_"):
                # PyTorch exchanges some of its own functions, for instance when its compiler is imported.
                code[f"{owner}.{name}"] = (str(getattr(value, "__module__", None)).partition(".")[0], ())
    return code


def _settings_of(recipe: Recipe | None) -> dict[str, object]:
    run = {"the run's recipe": recipe.digest(), "tables of the run's encoding": _world(recipe)} if recipe else {}
    return run | _settings()


def state(recipe: Recipe | None = None) -> State:
    """What this process calculates with now, for a run with this recipe, if there is one."""
    return State(_settings_of(recipe), _code())


def _same(one: object, other: object) -> bool:
    return one is other or (isinstance(one, bytes | str) and one == other)


def changed(before: State, recipe: Recipe | None = None) -> str | None:
    """The first thing that is no longer as it was, in a few words; None if there is none. What is new is no change."""
    # Code first, for the rest calls some of it.
    code = _code()
    for name, (value, content) in before.code.items():
        now, content_now = code.get(name, (None, ()))
        if not _same(value, now) or len(content) != len(content_now) or not all(map(_same, content, content_now)):
            return name
    settings = _settings_of(recipe)
    return next((name for name, value in before.settings.items() if settings[name] != value), None)
