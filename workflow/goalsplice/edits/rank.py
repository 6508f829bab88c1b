"""The difference's best part of low rank, layer by layer, added to the recipient."""

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from goalsplice.agent.network import ACTOR_LAYERS, Weights
from goalsplice.agent.products import product
from goalsplice.edits.controls import normal
from goalsplice.edits.delta import singular_values
from goalsplice.edits.edit import Context, Edit, Make
from goalsplice.edits.weights import in_use

RANKS = (1, 2, 4, 8, 16, 32)
_ALL = "all layers"


def _matrix(weights: Weights, layer: str) -> Tensor:
    """A layer's weights with its bias as one more column: (outputs, inputs + 1)."""
    return torch.cat([weights[f"{layer}.weight"], weights[f"{layer}.bias"][:, None]], dim=1)


def _added(layers: tuple[str, ...], part: Callable[[Tensor], Tensor]) -> Make:
    """Add to each layer what `part` makes of its difference matrix."""

    def make(context: Context) -> Weights:
        recipient, donor = context.actors
        out = dict(recipient)
        for layer in layers:
            added = part(_matrix(donor, layer) - _matrix(recipient, layer))
            out[f"{layer}.weight"] = recipient[f"{layer}.weight"] + added[:, :-1]
            out[f"{layer}.bias"] = recipient[f"{layer}.bias"] + added[:, -1]
        return out

    return make


def truncated(matrix: Tensor, rank: int) -> Tensor:
    """The closest matrix of this rank (Eckart and Young 1936): the projection on its first left singular vectors.

    They are the eigenvectors of matrix @ matrix.T, which is small: a tenth of the time of a whole decomposition.
    """
    wide = matrix.double()
    left = torch.from_numpy(np.linalg.eigh(product(wide, wide.T).numpy()).eigenvectors[:, -rank:]).float()
    return product(left, product(left.T, matrix))


def randomly_directed(matrix: Tensor, rank: int, generator: np.random.Generator) -> Tensor:
    """A matrix of the same shape with the same first singular values, in random directions among active ones.

    Rows and columns that are not in use stay zero: what goes there has no effect, and would be lost to the control.
    """
    active = [in_use(matrix.norm(dim=1)), in_use(matrix.norm(dim=0))]
    sides = [int(side.sum()) for side in active]
    values = singular_values(matrix.double().numpy())[: min(rank, *sides)]
    left, right = (np.linalg.qr(normal(side * len(values), generator).reshape(side, len(values))).Q for side in sides)
    out = torch.zeros_like(matrix)
    out[active[0][:, None] & active[1]] = torch.from_numpy((left * values @ right.T).ravel()).float()
    return out


def _at_random(layers: tuple[str, ...], rank: int) -> Callable[[np.random.Generator], Make]:
    return lambda generator: _added(layers, lambda matrix: randomly_directed(matrix, rank, generator))


def rank_edits(actor: Weights) -> list[Edit]:
    """The best rank-r part of the difference for each layer alone, and for all layers, up to full rank."""
    edits = []
    for name in (*ACTOR_LAYERS, _ALL):
        layers = ACTOR_LAYERS if name == _ALL else (name,)
        full = max(min(_matrix(actor, layer).shape) for layer in layers)
        controls = (
            ("random_weights", "complement", "sign_flipped", "same_goal_donor") if name in ("layer1", _ALL) else ()
        )
        edits += [
            Edit(
                "rank",
                name,
                _added(layers, lambda matrix, rank=rank: truncated(matrix, rank)),
                rank,
                controls,
                _at_random(layers, rank),
            )
            for rank in RANKS
            if rank < full or rank == min(r for r in RANKS if r >= full)
        ]
    return edits
