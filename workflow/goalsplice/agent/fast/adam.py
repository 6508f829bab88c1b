"""Clipping of the gradient's norm and one step of Adam, in one compiled pass over all weights.

Adam (Kingma & Ba 2015) with weight decay added to the gradient (L2), as `torch.optim.Adam(weight_decay=...)` has it, or
taken from the weights apart from it (Loshchilov & Hutter 2019), as `torch.optim.AdamW` has it, after
`torch.nn.utils.clip_grad_norm_`; `tests/agent/test_adam.py` holds the pass against all three. It is written out because
PyTorch takes several passes, and as many calls, for weights that fit the processor's cache.
"""

import numpy as np

from goalsplice.agent.elementary import power
from goalsplice.io.compiled import njit

_BETAS = (0.9, 0.999)
"""Decay of the two moments: the values that Adam's authors give, and PyTorch's defaults."""


# NumPy's model of errors: with Python's, each division would look for a zero first, and the loop not be vectorised.
@njit(error_model="numpy")
def _step(weights, gradient, mean, square, scale, decay, kept, epsilon, rate, gain1, beta2, gain2, root_correction):
    for i in range(weights.size):
        slope = gradient[i] * scale + decay * weights[i]
        first = mean[i] + (slope - mean[i]) * gain1
        second = square[i] * beta2 + slope * slope * gain2
        mean[i] = first
        square[i] = second
        weights[i] = kept * weights[i] - rate * first / (np.sqrt(second) / root_correction + epsilon)


class Adam:
    """Adam over one flat vector, with the gradient clipped before it.

    Args:
        weights: float32 (n,), changed in place by `step`.
        learning_rate, epsilon, weight_decay: Adam's.
        max_gradient_norm: the gradient is scaled down to this norm where its own is larger.
        decoupled_decay: whether the decay is AdamW's.
    """

    def __init__(
        self,
        weights: np.ndarray,
        learning_rate: float,
        epsilon: float,
        weight_decay: float,
        max_gradient_norm: float,
        decoupled_decay: bool = False,
    ):
        self.weights = weights
        self._learning_rate, self._max_gradient_norm = learning_rate, max_gradient_norm
        self._epsilon = np.float32(epsilon)
        self._decay = np.float32(0 if decoupled_decay else weight_decay)
        self._kept = np.float32(1 - learning_rate * weight_decay if decoupled_decay else 1)
        self.exp_avg, self.exp_avg_sq = np.zeros_like(weights), np.zeros_like(weights)
        self.steps = 0

    def step(self, gradient: np.ndarray) -> float:
        """One step along `gradient`, float32 (n,), which stays as it is; its norm before clipping."""
        self.steps += 1
        norm = float(np.sqrt(np.dot(gradient, gradient)))
        # The small number is PyTorch's.
        scale = min(self._max_gradient_norm / (norm + 1e-6), 1.0)
        beta1, beta2 = _BETAS
        _step(
            self.weights,
            gradient,
            self.exp_avg,
            self.exp_avg_sq,
            np.float32(scale),
            self._decay,
            self._kept,
            self._epsilon,
            np.float32(self._learning_rate / (1 - power(beta1, self.steps))),
            np.float32(1 - beta1),
            np.float32(beta2),
            np.float32(1 - beta2),
            np.float32(np.sqrt(1 - power(beta2, self.steps))),
        )
        return norm
