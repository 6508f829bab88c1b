"""An actor's weights as the compiled loops want them, and how they choose an action; biases, ReLU and softmax."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from torch import Tensor

from goalsplice.agent.elementary import exp
from goalsplice.agent.fast.first_layer import table_of
from goalsplice.io.compiled import njit, njit_unowned
from goalsplice.world.observation import Encoding


class Policy(NamedTuple):
    """An actor's weights, laid out for the compiled loops: float32.

    Attributes:
        table: (R, H), the first layer (`first_layer.table_of`).
        weight2, weight3, weight4: (H, H), (H, H), (H, 7), transposed.
        bias2, bias3, bias4: (H,), (H,), (7,).
    """

    table: np.ndarray
    weight2: np.ndarray
    bias2: np.ndarray
    weight3: np.ndarray
    bias3: np.ndarray
    weight4: np.ndarray
    bias4: np.ndarray


def policy_of(actor: Mapping[str, Tensor], encoding: Encoding) -> Policy:
    """The `Policy` of an actor, given as its state dict, that sees the world through `encoding`."""
    weights = {name: tensor.detach().cpu().numpy() for name, tensor in actor.items()}
    later = [
        part
        for layer in ("layer2", "layer3", "layer4")
        for part in (np.ascontiguousarray(weights[f"{layer}.weight"].T), weights[f"{layer}.bias"])
    ]
    return Policy(table_of(encoding, weights["layer1.weight"], weights["layer1.bias"]), *later)


@njit
def add(values, bias, out):
    """Values (n, P) plus a bias (H,), into `out` (n, H); P may be more than H."""
    for i in range(out.shape[0]):
        for k in range(out.shape[1]):
            out[i, k] = values[i, k] + bias[k]


@njit
def add_relu(values, bias, column_maxima):
    """Add a bias (H,) to values (n, H) and apply ReLU; the columns' largest values go to `column_maxima` (H,)."""
    column_maxima[:] = 0
    for i in range(values.shape[0]):
        for k in range(values.shape[1]):
            value = max(values[i, k] + bias[k], np.float32(0))
            values[i, k] = value
            column_maxima[k] = max(column_maxima[k], value)


@njit_unowned
def exponentiate(logits):
    """Overwrite logits with their exponentials up to a factor: action probabilities, up to another."""
    top = logits[0]
    for k in range(1, logits.size):
        top = max(top, logits[k])
    for k in range(logits.size):
        logits[k] = exp(logits[k] - top)


@njit_unowned
def draw(probabilities, u):
    """Action drawn by the inverse of the distribution function at the uniform number u.

    Args:
        probabilities: (7,), up to a factor.
    """
    total = 0.0
    for k in range(probabilities.size):
        total += probabilities[k]
    threshold, below = u * total, 0.0
    for k in range(probabilities.size - 1):
        below += probabilities[k]
        if threshold < below:
            return k
    return probabilities.size - 1
