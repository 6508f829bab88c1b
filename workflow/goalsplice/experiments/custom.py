"""Edits that a user brings: functions that the configuration names (`plugin.py`), called with copies and checked.

Each is scored in a process of its own (`isolation.py`). It may not change there what it is scored with (`state.py`),
nor read files after whose change nobody would score it again (`reading.py`).

Such a function is `function(recipient, donor, context, **parameters)` and returns the edited actor as a new dict of
tensors. docs/edits.md shows one in full.
"""

import copy
import random
import re
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stdout, suppress
from importlib.util import cache_from_source
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from goalsplice.agent.network import Weights
from goalsplice.agent.recipe import Recipe
from goalsplice.agent.seeding import sequence
from goalsplice.edits.edit import Context, Edit
from goalsplice.experiments.bench import Bench
from goalsplice.experiments.evaluation import measures, shares_of
from goalsplice.experiments.isolation import Ended, apart
from goalsplice.experiments.reading import files_read, first_unknown
from goalsplice.experiments.splices import Pair, colours_of, edit_rows
from goalsplice.experiments.state import changed, state
from goalsplice.settings.labels import NO_CONTROL
from goalsplice.settings.plugin import module_file, sources
from goalsplice.world.observation import Encoding

FAMILY = "custom"
CONTROLS = (
    "sign_flipped",
    "complement",
    "permuted",
    "gaussian",
    "random_weights",
    "same_goal_donor",
    "other_seed_donor",
    "untrained_donor",
)
"""Those that need nothing of who made the edit: they follow from its result, or call it with another donor."""

_LONGEST = 200
"""Characters of a foreign error message that are passed on."""


class NotApplicable(Exception):  # noqa: N818 (no error: the edit's own way to decline)
    """Raised by an edit that is not meant for a run, for instance for its encoding: the run is left out."""


class EditError(Exception):
    """What is wrong with a user's edit: one sentence that names the function and the mend."""


class Met(NamedTuple):
    """Distinct observations that recipient and donor meet.

    Attributes:
        inputs: float32 (n, inputs), as the network sees them.
        frequency: float32 (n,), how often each was met; sums to 1.
    """

    inputs: Tensor
    frequency: Tensor


class EditContext(NamedTuple):
    """What a user's edit may know besides recipient and donor. It is the same for the edit and its controls.

    Attributes:
        recipe: how the run is trained, and the rules of its world.
        encoding: what its inputs mean; `edits.inputs.input_groups` finds some by name.
        met: what recipient and donor meet on levels that no evaluation plays.
        generator: for whatever is to be random. Seeded by arm, seed, phases and the edit's name.
    """

    recipe: Recipe
    encoding: Encoding
    met: Met
    generator: np.random.Generator


class Loaded(NamedTuple):
    """A user's function.

    Attributes:
        function: itself.
        named: what the configuration calls it, `module:function`.
        path: its file.
        root: the project's folder.
        known: files of that folder that it may read, since it is scored again when they change.
    """

    function: Callable[..., Mapping[str, Tensor]]
    named: str
    path: Path
    root: Path
    known: list[Path]


class _Meddled(Exception):  # noqa: N818 (told as what the edit did)
    """What foreign code did besides what it is for, with the mend."""


@contextmanager
def _watched(root: Path, known: list[Path], recipe: Recipe | None = None) -> Iterator[None]:
    """Foreign code runs within it: what it prints goes to the log.

    Raises:
        _Meddled: it left something changed by which scores would be others, or read a file of the project that is not
            among those `known`.
    """
    before = state(recipe)
    with redirect_stdout(sys.stderr), files_read() as read:
        yield
    if what := changed(before, recipe):
        raise _Meddled(f"changed {what} and left it so; let it put that back, or do without")
    if file := first_unknown(read, known, root):
        raise _Meddled(
            f"read {file}, after a change of which it would not be scored again; name that file in the edit's reads in "
            "the configuration, or import it by name at the top of the file"
        )


def _log_traceback() -> None:
    # A user's function may have closed standard error.
    with suppress(OSError, ValueError):
        traceback.print_exc()


def _told(error: BaseException, path: Path) -> str:
    """A foreign error in a few words, on one line, with the last line of the user's file that led to it."""
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(path)]
    # Addresses differ from run to run, and equal studies are to give equal tables.
    message = re.sub(r" at 0x[0-9a-fA-F]+", "", " ".join(str(error).split()))[:_LONGEST]
    name = type(error).__name__
    return (f"{name}: {message}" if message else name) + (f" ({path.name}, line {lines[-1]})" if lines else "")


def load(named: str, root: str | Path, reads: Sequence[str] = ()) -> Loaded:
    """The function that a configuration names, from its file below the project's folder `root`.

    Other files of that folder can be imported by it; installed packages of the same name come first.

    Args:
        named: `module:function`.
        root: the project's folder.
        reads: the configuration's list of other files in it that the function reads.

    Raises:
        EditError: the file does not run, changes what it should not, or has no such function.
        StudyError: there is no such file (`plugin.module_file`).
    """
    path = module_file(named, root)
    known, _ = sources([{"function": named, "reads": reads}], root)
    for source in known:
        # Python takes a compiled copy for current if time and size are the source's, whatever is in that.
        with suppress(OSError):
            Path(cache_from_source(source)).unlink()
    _, _, name = named.partition(":")
    folder = str(Path(root).resolve())
    if folder not in sys.path:
        sys.path.append(folder)
    # Not importlib: no name of an installed package can come between, and no compiled copy is left beside the file.
    module = ModuleType(f"custom_edits_{'_'.join(path.relative_to(root).with_suffix('').parts)}")
    module.__file__ = str(path)
    sys.modules[module.__name__] = module
    try:
        with _watched(Path(root), known):
            exec(compile(path.read_bytes(), str(path), "exec"), module.__dict__)
    except _Meddled as what:
        raise EditError(f"{named} cannot be loaded, since its file {what}") from None
    except (Exception, SystemExit) as error:
        _log_traceback()
        raise EditError(f"{named} cannot be loaded, since its file fails with {_told(error, path)}; mend it") from error
    function = getattr(module, name, None)
    if not callable(function):
        raise EditError(f"{named} is not there: {path.name} has no function {name}; add it, or mend the name")
    return Loaded(function, named, path, Path(root), known)


def fault(result: object, recipient: Weights) -> str | None:
    """What makes an edit's result unfit for an actor like `recipient`, with the mend; None if nothing does."""
    if not isinstance(result, Mapping):
        return f"returned {type(result).__name__} in place of a dict; return {{**recipient, ...}} with what is new"
    if missing := sorted(recipient.keys() - result.keys()):
        return f"returned no {missing[0]}; return {{**recipient, ...}}, so that nothing is left out"
    if unknown := sorted(map(str, result.keys() - recipient.keys())):
        return f"returned {unknown[0]}, which an actor does not have; its tensors are {', '.join(recipient)}"
    for name, tensor in result.items():
        like = recipient[name]
        if not isinstance(tensor, Tensor):
            return f"returned {name} as {type(tensor).__name__}; make it a tensor with torch.as_tensor"
        if tensor.layout != like.layout or tensor.device != like.device:
            return f"returned {name} as a tensor that is sparse or not on the CPU; make it dense with .to_dense().cpu()"
        if tensor.shape != like.shape:
            return f"returned {name} of shape {tuple(tensor.shape)}; it must be {tuple(like.shape)}"
        if tensor.dtype != like.dtype:
            return f"returned {name} as {tensor.dtype}; make it {like.dtype} with .to({like.dtype})"
        if not torch.isfinite(tensor).all():
            count = int((~torch.isfinite(tensor)).sum())
            return (
                f"returned {name} with {count} values that are not finite; look for a division by zero or an overflow"
            )
    return None


def _copy(tensors: Weights) -> dict[str, Tensor]:
    return {name: tensor.clone() for name, tensor in tensors.items()}


def _changed(before: Weights, after: Mapping) -> str | None:
    """The first tensor that is no longer what it was."""
    return next((name for name in before if name not in after or not torch.equal(before[name], after[name])), None)


def custom_edit(name: str, loaded: Loaded, parameters: dict[str, Any], pair: Pair) -> Edit:
    """A user's function as an edit of one pair, with the generic controls.

    Its `make` raises `EditError` when the function fails, changes what it was given or is scored with, or returns
    something that is no actor; and lets `NotApplicable` pass.

    Args:
        name: what the configuration calls the edit.
        loaded: its function.
        parameters: the configuration's, passed on by name.
        pair: from whose key the edit's random numbers derive, and whose donors its controls take.
    """

    def make(context: Context) -> Weights:
        recipient, donor = context.actors
        numbers = sequence(*pair.context.key, "custom edit", name)
        seed, *_ = map(int, numbers.generate_state(1))
        # For functions that draw from the libraries' own streams in place of the context's.
        random.seed(seed)
        np.random.seed(seed)
        torch.manual_seed(seed)
        own = {
            "recipient": recipient,
            "donor": donor,
            "observations": {"inputs": context.inputs, "frequency": context.frequency},
        }
        given = {what: _copy(tensors) for what, tensors in own.items()}
        known = EditContext(
            context.recipe, context.encoding, Met(**given["observations"]), np.random.default_rng(numbers)
        )

        def failure(what: str) -> EditError:
            control = next((control for control, other in pair.donors.items() if other is context.donor), None)
            return EditError(f"{loaded.named} {f'called for the control {control} ' if control else ''}{what}")

        try:
            with _watched(loaded.root, loaded.known, context.recipe):
                result = loaded.function(given["recipient"], given["donor"], known, **copy.deepcopy(parameters))
        except NotApplicable:
            raise
        except _Meddled as what:
            raise failure(str(what)) from None
        except (Exception, SystemExit) as error:
            _log_traceback()
            raise failure(f"raised {_told(error, loaded.path)}; mend the function or its parameters") from error
        for what, before in own.items():
            if tensor := _changed(before, given[what]):
                raise failure(f"changed {tensor} of the {what} that it was given; work on a copy, made by .clone()")
        if what := fault(result, recipient):
            raise failure(what)
        return {tensor: result[tensor].detach().clone() for tensor in recipient}

    return Edit(FAMILY, name, make, controls=CONTROLS)


def unscored(name: str, pair: Pair, bench: Bench, problem: str) -> dict:
    """A row of the custom_edits table for an edit that failed, all that it would have measured missing."""
    nothing = measures(np.zeros(1, dtype=np.int64), np.ones(1, dtype=np.int64), 1, bench.recipe.outcomes)
    return {
        **pair.context.identity,
        "family": FAMILY,
        "edit": name,
        "dose": np.nan,
        "control": NO_CONTROL,
        "draw": 0,
        "size": 0,
        "norm": np.nan,
        "level_distribution": bench.level_distribution,
        "action_selection": bench.action_selection,
        **dict.fromkeys([*nothing, *shares_of(nothing, **colours_of(pair.context))], np.nan),
        "levels": 0,
        "problem": problem,
    }


def _scored(
    edit: dict, root: str | Path, pairs: Sequence[Pair], bench: Bench, draws: int
) -> Iterator[list[dict] | str]:
    """For each pair an edit's rows, or why it declines the pair. Arguments are those of `score_custom`."""
    loaded = load(edit["function"], root, edit.get("reads", ()))
    for pair in pairs:
        made = custom_edit(edit["name"], loaded, edit.get("parameters", {}), pair)
        try:
            yield [{**row, "problem": ""} for row in edit_rows(pair, made, bench, draws)]
        except NotApplicable as reason:
            yield str(reason)


def score_custom(edit: dict, root: str | Path, pairs: Sequence[Pair], bench: Bench, draws: int) -> list[dict]:
    """Rows of the custom_edits table for one edit on all pairs of a run, but for arm and seed.

    An edit that fails anywhere in the run has a single row, which says where and why: scores of the pairs that it
    mastered would be those that it chose. One that declines has no row. It runs in a process of its own, whose end is a
    failure like others.

    Args:
        edit: one of config.yaml's `custom_edits`.
        root: the project's folder.
        pairs: of the run.
        bench: what the networks are evaluated on.
        draws: of each control that is drawn at random.
    """
    found: list[list[dict] | str] = []
    try:
        try:
            apart(lambda: _scored(edit, root, pairs, bench, draws), found)
        except Ended as end:
            raise EditError(
                f"{edit['function']} {end}; let it return or raise an error, and hold no more than fits into memory"
            ) from None
        declined = [reason for reason in found if isinstance(reason, str)]
        if 0 < len(declined) < len(pairs):
            raise EditError(
                f"{edit['function']} declines {len(declined)} of the run's {len(pairs)} pairs; let it raise "
                "NotApplicable for what holds of a whole run, such as its encoding"
            )
    except EditError as failure:
        return [unscored(edit["name"], pairs[min(len(found), len(pairs) - 1)], bench, str(failure))]
    if declined:
        print(f"{edit['name']} declines this run: {declined[0]}", file=sys.stderr)
        return []
    return [row for rows in found for row in rows]
