"""What probes read in edited networks, and what these do."""

from collections.abc import Mapping

import pandas as pd

from goalsplice.analysis.perception import COLUMNS, PROBE, informative, towards

TABLES = {"perception": [*COLUMNS, "chance"]}
KEYS = ("arm", "towards", "family", "edit", "test", "layer", "what", "informative", "measure")


def values(tables: Mapping[str, pd.DataFrame], settings: Mapping) -> pd.DataFrame:
    """value, and of probes chance; `informative` says of a probe's reading whether it is (`perception.informative`)."""
    rows = tables["perception"]
    rows = rows.assign(towards=towards(rows))
    known = {*informative(rows)[["arm", "towards", "layer", "key"]].itertuples(index=False, name=None)}
    readings = zip(rows["arm"], rows["towards"], rows["layer"], rows["what"].str.split(" ").str[0], strict=True)
    rows["informative"] = pd.Series([reading in known for reading in readings], rows.index) & (rows["test"] == PROBE)
    return pd.concat([rows.assign(measure="value"), rows.assign(measure="chance", value=rows["chance"])])
