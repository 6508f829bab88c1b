"""What a task vector does where it is added: in its own recipient, in other phases, and in other runs."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from goalsplice.settings.labels import NO_CONTROL

TABLES = {
    "transfer": [
        *("arm", "seed", "source_seed", "target_phase", "source_recipient_phase", "source_donor_phase"),
        *("recipient_objective", "donor_objective", "part", "aligned", "control", "floor", "ceiling"),
        "episode_share_donor",
    ]
}
_WAY = ["recipient_objective", "donor_objective"]
_SOURCE = ["source_recipient_phase", "source_donor_phase"]
KEYS = (
    *("arm", "target", "part", "aligned", "control", *_WAY),
    *(*_SOURCE, "target_phase", "source_run", "measure"),
)
OTHER = "source_seed"

OWN, WITHIN, EARLY, OTHER_RUN = "own recipient", "other late phase", "early phase", "other run"
"""Where a vector was added (`target`)."""

_BOUNDS = ["floor", "ceiling"]
_MEASURES = ["episode_share_donor", *_BOUNDS]


def _target(rows: pd.DataFrame, late: Sequence[int]) -> np.ndarray:
    own_run, phase = rows["seed"] == rows["source_seed"], rows["target_phase"]
    own = phase == rows["source_recipient_phase"]
    return np.select([~own_run, own, phase.isin(late)], [OTHER_RUN, OWN, WITHIN], EARLY)


def values(tables: Mapping[str, pd.DataFrame], settings: Mapping) -> pd.DataFrame:
    """`episode_share_donor`, and of whole vectors without a control floor and ceiling.

    By target, over all pairs of phases, both ways and (with recipient_objective and donor_objective) each by itself.
    Of whole vectors without a control also each by itself: added in its own run, a row for each source's and target's
    phases; added between runs, a row for each `source_run`. A run is its own source there too.
    """
    rows = tables["transfer"]
    rows = rows.assign(target=_target(rows, settings["late"]))
    # Phases, or the other run, where a row is of one of them.
    pooled = rows.drop(columns=[*_SOURCE, "target_phase"])
    whole = rows[(rows["part"] == "all") & (rows["control"] == NO_CONTROL)]
    within = whole[(whole["seed"] == whole["source_seed"]) & (whole["aligned"] == "unaligned")]
    # Between runs only the vectors of one pair were added, to checkpoints of the recipient's phase.
    sources = pd.MultiIndex.from_frame(whole.loc[whole["aligned"] == "matched", _SOURCE])
    from_pair = pd.MultiIndex.from_frame(whole[_SOURCE]).isin(sources)
    between = whole[
        from_pair & (whole["target_phase"] == whole["source_recipient_phase"]) & (whole["aligned"] != "random")
    ]
    between = between.drop(columns=[*_WAY, *_SOURCE, "target_phase"])
    both_ways = pooled.drop(columns=_WAY)
    parts = [
        both_ways,
        pooled,
        within.drop(columns="source_seed"),
        # The source is a key here, and a run's values are of that source alone.
        between.assign(source_run=between["source_seed"]).drop(columns="source_seed"),
    ]
    known = [key for key in (*KEYS, "seed", OTHER) if key != "measure"]
    frame = pd.concat(parts, ignore_index=True).reindex(columns=[*known, *_MEASURES])
    # Bounds are the target's: whatever is added to it, and whichever run that is from.
    plain = (frame["part"] == "all") & (frame["control"] == NO_CONTROL) & (frame["aligned"] != "random")
    bounds = frame[plain].assign(source_seed=np.nan).melt(known, _BOUNDS, var_name="measure")
    return pd.concat([frame.melt(known, ["episode_share_donor"], var_name="measure"), bounds], ignore_index=True)
