"""How much of the donor's choice an edited network makes: the normalised intervention effect.

0 is the unedited recipient's share of episodes that take the donor's colour, 1 the donor's own. Shares of one pair and
its controls are measured on the same levels.
"""

from math import nan

SMALLEST_GAP = 0.1
"""Ceiling minus floor, in shares, below which a pair says nothing: its recovery would be a quotient of two errors."""


def recovery(share: float, floor: float, ceiling: float) -> float:
    """Recovery of a network that takes the donor's colour in `share` of the episodes; NaN if the gap is too small.

    Args:
        floor, ceiling: the recipient's and the donor's share.
    """
    gap = ceiling - floor
    return (share - floor) / gap if gap >= SMALLEST_GAP else nan
