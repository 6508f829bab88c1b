"""What probes read in edited networks, and what these do."""

from collections.abc import Mapping

import pandas as pd

from goalsplice.analysis.perception import COLUMNS, PROBE, telling, towards

TABLES = {"perception": [*COLUMNS, "chance"]}
KEYS = ("arm", "towards", "family", "edit", "test", "layer", "what", "tells", "measure")


def values(tables: Mapping[str, pd.DataFrame], settings: Mapping) -> pd.DataFrame:
    """value, and of probes chance; `tells` says of a probe's reading whether it does (`perception.telling`)."""
    rows = tables["perception"]
    rows = rows.assign(towards=towards(rows))
    known = {*telling(rows)[["arm", "towards", "layer", "key"]].itertuples(index=False, name=None)}
    readings = zip(rows["arm"], rows["towards"], rows["layer"], rows["what"].str.split(" ").str[0], strict=True)
    rows["tells"] = pd.Series([reading in known for reading in readings], rows.index) & (rows["test"] == PROBE)
    return pd.concat([rows.assign(measure="value"), rows.assign(measure="chance", value=rows["chance"])])
