"""Adam with clipping in one pass is PyTorch's."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from goalsplice.agent.fast.adam import Adam

SIZE = 200


@settings(max_examples=25)
@given(
    st.integers(0, 2**32 - 1),
    st.sampled_from([1e-4, 1.0, 100.0]),
    st.sampled_from([0.0, 3e-4, 0.1]),
    st.sampled_from([1e-5, 1e-8]),
    st.booleans(),
)
def test_steps_are_pytorchs(seed, scale, weight_decay, epsilon, decoupled):
    generator = np.random.default_rng(seed)
    weights = generator.standard_normal(SIZE).astype(np.float32)
    reference = torch.nn.Parameter(torch.from_numpy(weights.copy()))
    kind = torch.optim.AdamW if decoupled else torch.optim.Adam
    optimiser = kind([reference], lr=7.5e-4, eps=epsilon, weight_decay=weight_decay)
    adam = Adam(weights, 7.5e-4, epsilon, weight_decay, 0.5, decoupled)
    for _ in range(10):
        gradient = (scale * generator.standard_normal(SIZE)).astype(np.float32)
        given_gradient = gradient.copy()
        reference.grad = torch.from_numpy(gradient.copy())
        norm = torch.nn.utils.clip_grad_norm_([reference], 0.5).item()
        optimiser.step()
        assert adam.step(gradient) == pytest.approx(norm, rel=1e-5)
        np.testing.assert_array_equal(gradient, given_gradient)
        np.testing.assert_allclose(weights, reference.detach().numpy(), rtol=1e-5, atol=1e-7)
    state = optimiser.state[reference]
    for name in ("exp_avg", "exp_avg_sq"):
        found, expected = getattr(adam, name), state[name].numpy()
        assert np.linalg.norm(found - expected) < 1e-5 * np.linalg.norm(expected)


def test_no_gradient_and_no_decay_change_nothing():
    weights = np.ones(SIZE, dtype=np.float32)
    assert Adam(weights, 0.1, 1e-5, 0.0, 0.5).step(np.zeros(SIZE, dtype=np.float32)) == 0
    assert (weights == 1).all()
