"""Exponential, logarithm and powers by fixed arithmetic: the same bits on every processor, with every C library.

Those of C libraries, of NumPy and of PyTorch depend on the processor: each has several versions and picks one. Here
every operation is one that IEEE 754 rounds in one way (sums, products, quotients, in float64), in an order that is
written down. The compiler keeps the order, and does not join a product and a sum into one operation.
"""

from collections.abc import Callable

import numpy as np

from goalsplice.io.compiled import njit, njit_unowned

_LOG2_E, _LN_2, _SQRT_2 = 1.4426950408889634, 0.6931471805599453, 1.4142135623730951
_INTEGER = 6755399441055744.0
"""1.5 * 2^52. A number below 2^51 that is added to it is rounded to an integer, which stands in the sum's last bits."""
_ONE = 1023 << 52
"""Bits of 1.0 as a float64; the exponent begins at bit 52."""
_MANTISSA = (1 << 52) - 1


@njit_unowned
def exp(x):
    """e^x for a number x, as float32: within 0.51 units in the last place.

    NaN gives NaN. Where float32 ends, the result is infinity or 0, with rounding to subnormal numbers before that.
    """
    wide = np.float64(x)
    if wide < -150.0:
        wide = -150.0
    if wide > 150.0:
        wide = 150.0
    # x = n ln 2 + r, |r| <= ln 2 / 2; Taylor's polynomial of degree 8 is off by 2e-10 at most.
    shifted = wide * _LOG2_E + _INTEGER
    r = wide - (shifted - _INTEGER) * _LN_2
    result = 1.0 / 40320.0
    result = result * r + 1.0 / 5040.0
    result = result * r + 1.0 / 720.0
    result = result * r + 1.0 / 120.0
    result = result * r + 1.0 / 24.0
    result = result * r + 1.0 / 6.0
    result = result * r + 1.0 / 2.0
    result = result * r + 1.0
    result = result * r + 1.0
    power = np.int64((np.float64(shifted).view(np.int64) << 52) + _ONE).view(np.float64)
    return np.float32(result * power)


@njit_unowned
def log(x):
    """Natural logarithm of a number x, as float64: within 2e-15 of itself; NaN below 0. Not for subnormal float64."""
    wide = np.float64(x)
    if not 0.0 < wide < np.inf:
        if wide == 0.0:
            return -np.inf
        return wide if wide > 0.0 else np.nan
    # x = 2^n m, with m from sqrt(1/2) to sqrt(2), and log m = 2 artanh((m - 1) / (m + 1)) by its series.
    bits = wide.view(np.int64)
    exponent = (bits >> 52) - 1023
    m = np.int64((bits & _MANTISSA) | _ONE).view(np.float64)
    if m > _SQRT_2:
        m = m * 0.5
        exponent += 1
    f = (m - 1.0) / (m + 1.0)
    square = f * f
    series = 1.0 / 17.0
    for odd in (15.0, 13.0, 11.0, 9.0, 7.0, 5.0, 3.0, 1.0):
        series = series * square + 1.0 / odd
    return exponent * _LN_2 + 2.0 * f * series


def power(base: float, exponent: int) -> float:
    """`base` to a whole number from 0 on, by squaring."""
    result = 1.0
    while exponent:
        if exponent & 1:
            result *= base
        base *= base
        exponent >>= 1
    return result


@njit
def logarithms(values):
    """`log` of each number of an array (n,): float64 (n,)."""
    found = np.empty(values.size)
    for i in range(values.size):
        found[i] = log(values[i])
    return found


def standard_normal(count: int, uniform: Callable[[int], np.ndarray]) -> np.ndarray:
    """Numbers of the standard normal distribution, float64 (count,), by Marsaglia's polar method.

    NumPy's and PyTorch's own take some of theirs from the C library's logarithm.

    Args:
        uniform: for n, numbers in [0, 1), float64 (2, n): each call draws further ones.
    """
    found = np.empty(0)
    while found.size < count:
        # Of the points of a square, 0.785 are in the disc.
        points = 2 * uniform(2 * count // 3 + 32) - 1
        squares = points[0] * points[0] + points[1] * points[1]
        inside = (squares > 0) & (squares < 1)
        points, squares = points[:, inside], squares[inside]
        found = np.concatenate([found, (points * np.sqrt(-2 * logarithms(squares) / squares)).ravel()])
    return found[:count]
