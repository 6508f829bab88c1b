"""What a switch of the objective does to an actor, and how much of it a splice brings along: a row a pair of phases."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from math import nan

import numpy as np
import pandas as pd
from torch import Tensor

from goalsplice.analysis.recovery import with_recovery
from goalsplice.experiments.anatomy import effective_rank, singular_values
from goalsplice.settings.labels import NO_CONTROL

PAIR = ["recipient_phase", "donor_phase"]
MOVEMENT = ["distance", "relative_distance", "share_layer1", "effective_rank"]
RECOVERED = ["gap", "spliced", "spliced_random", "low_rank", "low_rank_random"]
"""Columns of what `movement` and `recovered` give."""


def last_switches(objectives: Sequence[str], count: int) -> list[tuple[int, int]]:
    """The last `count` pairs of neighbouring phases, in order, between which the objective changed."""
    found = [(phase, phase + 1) for phase, (one, other) in enumerate(pairwise(objectives)) if one != other]
    return found[-count:]


def movement(recipient: Mapping[str, Tensor], donor: Mapping[str, Tensor]) -> dict[str, float]:
    """How far and how two actors are apart.

    Returns:
        `distance`, the L2 norm of the difference; `relative_distance`, in parts of the recipient's norm;
        `share_layer1`, the share of its square that is in layer 1; `effective_rank`, of the difference of layer 1's
        weights. The latter two are NaN for equal actors.
    """
    changes = {name: (donor[name] - values).double().numpy() for name, values in recipient.items()}
    squares = {name: float((change**2).sum()) for name, change in changes.items()}
    total, before = sum(squares.values()), sum(float((values.double() ** 2).sum()) for values in recipient.values())
    first = sum(square for name, square in squares.items() if name.startswith("layer1."))
    return {
        "distance": total**0.5,
        "relative_distance": (total / before) ** 0.5,
        "share_layer1": first / total if total > 0 else nan,
        "effective_rank": effective_rank(singular_values(changes["layer1.weight"])),
    }


def recovered(splices: pd.DataFrame) -> pd.DataFrame:
    """How much of the donor's choice each edit brings, and its random control: a row a pair, indexed by `PAIR`.

    Args:
        splices: one run's rows of the splices table, with floor and ceiling, and edits `layer1` of the families layers
            and rank with the control `random_sites`.

    Returns:
        `gap`, the ceiling less the floor, in shares; `spliced` and `spliced_random`, `low_rank` and `low_rank_random`,
        the recoveries (see `recovery.with_recovery`), means over draws; NaN where the gap says nothing.
    """
    rows = with_recovery(splices)
    whole = rows[(rows["family"] == "layers") & (rows["control"] == NO_CONTROL)]
    ends = whole.set_index(PAIR)
    columns = {
        "gap": ends.loc[ends["edit"].str.count(r"\+") == 3, "share"] - ends.loc[ends["size"] == 0, "share"],
    }
    for family, name in (("layers", "spliced"), ("rank", "low_rank")):
        own = rows[(rows["family"] == family) & (rows["edit"] == "layer1")]
        for control, suffix in ((NO_CONTROL, ""), ("random_sites", "_random")):
            # All NaN where the gap is too small: then so is the mean.
            columns[name + suffix] = own[own["control"] == control].groupby(PAIR)["recovery"].mean()
    return pd.DataFrame(columns).astype(np.float64)
