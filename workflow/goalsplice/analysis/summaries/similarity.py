"""Whether switches change the weights the same way: by what two of them have in common, and for every two of them."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

_COLUMNS = ["arm", "seed", "part", "phase", "cosine", "null_low", "null_high"]
TABLES = {
    "similarity": [*_COLUMNS, "other_phase", "same_way"],
    "similarity_between_runs": [*_COLUMNS, "other_seed"],
}
KEYS = ("arm", "part", "relation", "phase", "other_phase", "measure")
OTHER = "other_seed"

NEXT, SAME, OPPOSITE, OTHER_RUN = "next switch", "same way", "opposite ways", "other run"
"""What two switches have in common (`relation`): of one run, that they are neighbours, or else which way they go; or
that they are the same switch of two runs."""

_MEASURES = ["cosine", "null_low", "null_high"]


def values(tables: Mapping[str, pd.DataFrame], settings: Mapping) -> pd.DataFrame:
    """cosine, and null_low and null_high, the ends of its range with permuted values.

    Late switches by relation; and within a run every two switches, late or not, in rows that name their phases.
    """
    within, between = tables["similarity"], tables["similarity_between_runs"]
    neighbours = within["other_phase"] - within["phase"] == 1
    within = within.assign(relation=np.select([neighbours, within["same_way"]], [NEXT, SAME], OPPOSITE))
    late = within[within["phase"].isin(settings["late"])]
    # A pair of runs counts for both of them.
    mirrored = between.rename(columns={"seed": "other_seed", "other_seed": "seed"})
    both = pd.concat([between, mirrored]).assign(relation=OTHER_RUN)
    related = pd.concat([late, both], ignore_index=True)
    known = ["arm", "part", "relation", "seed"]
    ends = related.groupby(known, sort=False).agg(null_low=("null_low", "min"), null_high=("null_high", "max"))
    columns = [*KEYS[:-1], "seed", OTHER]
    return pd.concat(
        [
            related.reindex(columns=[*known, OTHER, "cosine"]).melt([*known, OTHER], var_name="measure"),
            ends.reset_index().melt(known, var_name="measure"),
            within.melt([*known, "phase", "other_phase"], ["cosine"], var_name="measure"),
        ],
        ignore_index=True,
    ).reindex(columns=[*columns, "measure", "value"])
