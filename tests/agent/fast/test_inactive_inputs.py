"""Leaving inactive inputs out of a product changes no sum, whichever are found active later."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from goalsplice.agent.fast.inactive_inputs import _ROWS, active_dot, active_inputs
from goalsplice.io.compiled import njit


@njit
def _products(weight, values, column_maxima, ends, out):
    inputs = active_inputs(weight)
    for number in range(ends.size - 1):
        batch = slice(ends[number], ends[number + 1])
        active_dot(values[batch], column_maxima[number], inputs, out[batch])
    return inputs


def products(weight: np.ndarray, batches: list[np.ndarray]):
    """The products of some batches in turn, and what was learned of the inputs on the way."""
    ends = np.cumsum([0, *map(len, batches)])
    out = np.full((ends[-1], weight.shape[1]), np.nan, dtype=np.float32)
    column_maxima = np.array([batch.max(axis=0) for batch in batches])
    inputs = _products(weight, np.concatenate(batches), column_maxima, ends, out)
    return np.split(out, ends[1:-1]), inputs


@given(
    st.integers(1, 40),
    st.lists(st.tuples(st.integers(1, 5 * _ROWS), st.floats(0, 1)), min_size=1, max_size=4),
    st.integers(0, 2**32 - 1),
)
def test_the_products_are_whole(size, batches, seed):
    generator = np.random.default_rng(seed)
    # Whole numbers, so that sums are exact in whatever order they are taken.
    weight = generator.integers(-9, 10, (size, 16)).astype(np.float32)
    values = [
        (generator.integers(0, 9, (rows, size)) * (generator.random(size) < share)).astype(np.float32)
        for rows, share in batches
    ]
    found, inputs = products(weight, values)
    for mine, batch in zip(found, values, strict=True):
        np.testing.assert_array_equal(mine, batch @ weight)
    np.testing.assert_array_equal(inputs.active, np.any([batch.any(axis=0) for batch in values], axis=0))


@pytest.mark.parametrize("rows", [1, 2, 2 * _ROWS, 2 * _ROWS + 1])
def test_all_inactive_gives_zeros(rows):
    (found,), _ = products(np.ones((8, 16), dtype=np.float32), [np.zeros((rows, 8), dtype=np.float32)])
    assert found.shape == (rows, 16)
    assert not found.any()
