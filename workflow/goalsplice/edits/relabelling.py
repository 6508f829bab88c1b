"""Observations in which two colours of keys are exchanged: what would be seen if the one were the other.

The exchange of two colours in what an agent sees is no change of its goal. It is the ceiling of every edit that is to
turn the agent from one colour to another, and what such an edit must be distinguished from.
"""

import numpy as np

from goalsplice.agent.fast.policy import Policy
from goalsplice.world.observation import Encoding, rows_of_keys


def exchanged_rows(encoding: Encoding, rows: np.ndarray, one: str, other: str) -> np.ndarray:
    """Rows (n, 5) of the same observations (`Encoding.rows`) with two colours of keys exchanged."""
    return _order(encoding, one, other)[rows]


def _order(encoding: Encoding, one: str, other: str) -> np.ndarray:
    """For each row of the input table, the row of the same place with the colours exchanged: int32 (R,)."""
    order = np.arange(encoding.row_inputs.shape[0], dtype=np.int32)
    mine, others = rows_of_keys(encoding, one), rows_of_keys(encoding, other)
    order[mine], order[others] = others, mine
    return order


def perceiving(policy: Policy, encoding: Encoding, one: str, other: str) -> Policy:
    """The same policy for an agent that sees two colours of keys exchanged, in any encoding."""
    return policy._replace(table=policy.table[_order(encoding, one, other)])
