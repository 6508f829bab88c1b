"""How far late switches exchange two colours in layer 1."""

from collections.abc import Mapping

import pandas as pd

from goalsplice.settings.labels import TRAINED_COLOURS

_MEASURES = ["cosine_of_changes", "contrast_cosine", "variance_share"]
_COLOURS = ["colour", "other_colour"]
_PAIR = ["recipient_phase", "recipient_objective", "donor_objective"]
TABLES = {"colour_exchanges": ["arm", "seed", *_PAIR, "basis", *_COLOURS, *_MEASURES]}
KEYS = ("arm", "basis", "colours", "measure")


def values(tables: Mapping[str, pd.DataFrame], settings: Mapping) -> pd.DataFrame:
    """Both cosines, and the share of the change, for the switch's two colours, one of them and another, and others."""
    rows = tables["colour_exchanges"]
    rows = rows[rows["recipient_phase"].isin(settings["late"])]
    trained = sum(((rows[colour] == rows[side]).astype(int) for colour in _COLOURS for side in _PAIR[1:]), start=0)
    rows = rows.assign(colours=trained.map({2: TRAINED_COLOURS, 1: "one of them and another", 0: "two others"}))
    return rows.melt(["arm", "seed", "basis", "colours"], _MEASURES, var_name="measure")
