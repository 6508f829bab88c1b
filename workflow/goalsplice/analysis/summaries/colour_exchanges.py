"""How far late switches exchange two colours in layer 1."""

from collections.abc import Mapping

import pandas as pd

_MEASURES = ["cosine_of_changes", "contrast_cosine", "share"]
TABLES = {"colour_exchanges": ["arm", "seed", "recipient_phase", "basis", "colour", "other_colour", *_MEASURES]}
KEYS = ("arm", "basis", "colours", "measure")


def values(tables: Mapping[str, pd.DataFrame], settings: Mapping) -> pd.DataFrame:
    """Both cosines, and the share of the change, for blue and purple, for one of them and another, and for others."""
    rows = tables["colour_exchanges"]
    rows = rows[rows["recipient_phase"].isin(settings["late"])]
    trained = rows["colour"].isin(["blue", "purple"]).astype(int) + rows["other_colour"].isin(["blue", "purple"])
    rows = rows.assign(colours=trained.map({2: "blue and purple", 1: "one of them and another", 0: "two others"}))
    return rows.melt(["arm", "seed", "basis", "colours"], _MEASURES, var_name="measure")
