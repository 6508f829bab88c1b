"""What separates the weights of two networks: its size, its direction, where it is, and of what rank."""

import math
from collections.abc import Iterator
from functools import cached_property
from math import nan

import numpy as np
from torch import Tensor

from goalsplice.agent.elementary import exp, logarithms
from goalsplice.agent.network import Weights


def cosine(one: np.ndarray, other: np.ndarray) -> float:
    """Cosine of two vectors (n,); NaN if one is zero."""
    lengths = np.linalg.norm(one) * np.linalg.norm(other)
    return float(one @ other / lengths) if lengths > 0 else nan


def singular_values(matrix: np.ndarray) -> np.ndarray:
    """Singular values of a matrix, largest first."""
    return np.linalg.svd(matrix, compute_uv=False)


def effective_rank(singular: np.ndarray) -> float:
    """Exponential of the entropy (nats) of singular values divided by their sum; NaN if all are zero.

    Between 1 and the rank. Source: Roy and Vetterli 2007, "The effective rank: a measure of effective dimensionality".
    """
    total = singular.sum()
    shares = singular[singular > 0] / total
    return float(exp(-(shares @ logarithms(shares)))) if total > 0 else nan


def stable_rank(singular: np.ndarray) -> float:
    """Squared Frobenius norm over squared spectral norm, from singular values; NaN if all are zero.

    Between 1 and the rank. Source: Rudelson and Vershynin 2007, "Sampling from large matrices", numerical rank.
    """
    largest = singular.max()
    return float(((singular / largest) ** 2).sum()) if largest > 0 else nan


class WeightDelta:
    """The weights of one network less those of another of the same shape.

    Measured in float64, in which differences of float32 numbers are exact, or next to it.

    Args:
        origin, end: the delta leads from the one to the other.
    """

    def __init__(self, origin: Weights, end: Weights):
        self.origin, self.end = origin, end

    @cached_property
    def tensors(self) -> dict[str, Tensor]:
        """The delta in the weights' own float32, as `weights.add` takes it."""
        return {name: self.end[name] - self.origin[name] for name in self.origin}

    def array(self, name: str) -> np.ndarray:
        """The delta of one tensor: float64, of its shape."""
        return self.end[name].numpy().astype(np.float64) - self.origin[name].numpy()

    def vector(self, layer: str | None = None) -> np.ndarray:
        """The delta of all weights and biases, or of a layer's: float64 (n,), in the order of the networks' tensors."""
        names = [name for name in self.origin if layer is None or name.split(".")[0] == layer]
        return np.concatenate([self.array(name).ravel() for name in names])

    def _touched(self) -> Iterator[str]:
        """Tensors in which the two may differ: many edits hand on most of the recipient's as they are."""
        return (name for name in self.origin if self.end[name] is not self.origin[name])

    @property
    def size(self) -> int:
        """How many weights and biases differ."""
        return sum(
            int(np.count_nonzero(self.origin[name].numpy() != self.end[name].numpy())) for name in self._touched()
        )

    def _square(self, layer: str | None = None) -> float:
        """Squared norm, of the whole or of a layer's weights and biases."""
        names = (name for name in self._touched() if layer is None or name.split(".")[0] == layer)
        return sum(float(part @ part) for part in (self.array(name).ravel() for name in names))

    @property
    def norm(self) -> float:
        """L2 norm."""
        return math.sqrt(self._square())

    @property
    def relative_norm(self) -> float:
        """The norm, in parts of the origin's."""
        whole = math.sqrt(sum(float((part.double() ** 2).sum()) for part in self.origin.values()))
        return self.norm / whole

    def cosine(self, other: "WeightDelta", layer: str | None = None) -> float:
        """Cosine with another delta, of all weights and biases or of a layer's; NaN if one is zero there."""
        return cosine(self.vector(layer), other.vector(layer))

    def layer_share(self, layer: str) -> float:
        """A layer's part, weights and biases, of the squared norm; NaN if nothing differs."""
        whole = self._square()
        return self._square(layer) / whole if whole > 0 else nan

    def effective_rank(self, name: str) -> float:
        """Effective rank of a tensor's delta; NaN if that is zero."""
        return effective_rank(singular_values(self.array(name)))
