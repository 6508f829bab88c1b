"""Fixed arithmetic is exact to a digit, and the same bits everywhere."""

import hashlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from goalsplice.agent.elementary import exp, log, power
from goalsplice.io.compiled import njit

SINGLE = np.finfo(np.float32)


@njit
def _exps(values):
    return np.array([exp(value) for value in values])


@njit
def _logs(values):
    return np.array([log(value) for value in values])


def units(found: np.ndarray, exact: np.ndarray) -> np.ndarray:
    """Errors in units in the last place of float32."""
    return np.abs(found.astype(np.float64) - exact) / np.spacing(np.abs(exact).astype(np.float32)).astype(np.float64)


def test_exponentials_are_within_a_unit_in_the_last_place():
    values = np.random.default_rng(0).uniform(-87.3, 88.7, 100_000).astype(np.float32)
    assert units(_exps(values), np.exp(values.astype(np.float64))).max() < 0.51


@given(st.floats(-87.25, 88.5, width=32))
def test_any_exponential_is(value):
    assert units(np.array([exp(np.float32(value))]), np.exp(np.array([value])))[0] < 0.51


@given(st.floats(-700, 700), st.floats(-700, 700))
def test_exponentials_are_monotonous(one, other):
    low, high = sorted((one, other))
    assert exp(low) <= exp(high)


def test_exponentials_at_the_ends():
    values = np.array([0, -0.0, np.inf, -np.inf, np.nan, 89, 1e30, -104, -1e30, -100], dtype=np.float32)
    with np.errstate(over="ignore"):
        expected = np.exp(values.astype(np.float64)).astype(np.float32)
    np.testing.assert_allclose(_exps(values), expected, rtol=0, atol=SINGLE.smallest_subnormal)


def test_logarithms_are_within_some_units_in_the_last_place_of_float64():
    for values in (np.exp(np.random.default_rng(0).uniform(-700, 700, 100_000)), np.linspace(0.5, 2, 100_001)):
        np.testing.assert_allclose(_logs(values), np.log(values), rtol=2e-15)


@given(st.floats(float(SINGLE.tiny), float(SINGLE.max), width=32))
def test_any_logarithm_rounded_to_float32_is_within_a_unit_in_the_last_place(value):
    exact = np.log(np.array([value]))
    assert value == 1 or units(np.array([log(np.float32(value))]).astype(np.float32), exact)[0] < 0.51


def test_logarithms_at_the_ends():
    np.testing.assert_array_equal(_logs(np.array([0, 1, np.inf, -1, np.nan])), [-np.inf, 0, np.inf, np.nan, np.nan])


@given(st.floats(0, 1), st.integers(0, 20_000))
def test_powers(base, exponent):
    assert power(base, exponent) == pytest.approx(base**exponent, rel=1e-11, abs=1e-300)


def test_bits_are_the_same_everywhere():
    """Digests of what one processor computed."""
    values = np.linspace(-87, 88, 10_001)
    digests = [
        hashlib.sha256(array.tobytes()).hexdigest()[:16]
        for array in (
            _exps(values.astype(np.float32)),
            _logs(np.linspace(0.01, 8, 10_001)),
            np.array([power(0.9, k) for k in range(1000)]),
        )
    ]
    assert digests == ["c785df71ab7b0e60", "32cd7539b04b703f", "2ae1e110149a3f69"]
