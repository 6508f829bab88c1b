"""What linear probes read, by layer, by what they had learned and by what was read."""

from collections.abc import Mapping

import pandas as pd

TABLES = {
    "probes": [
        *("arm", "seed", "control", "probe", "layer", "train_objective", "test_objective"),
        *("train_key", "test_key", "train_phases", "test_phases", "balanced_accuracy", "classes"),
    ]
}
KEYS = (
    *("arm", "control", "probe", "layer", "same_objective", "same_key", "learned_wanted", "reads_wanted"),
    *("ever_wanted", "own_phases", "classes", "measure"),
)


def values(tables: Mapping[str, pd.DataFrame], settings: Mapping) -> pd.DataFrame:
    """Balanced accuracy. An untrained network wants no key, so that nothing but colour distinguishes its keys."""
    rows = tables["probes"]
    objectives = [rows[column].str.split("+").map(frozenset) for column in ("train_objective", "test_objective")]
    ever = {objective for these in objectives for several in these for objective in several}
    wants = rows["control"] != "untrained"
    rows = rows.assign(
        same_objective=objectives[0] == objectives[1],
        ever_wanted=rows["train_key"].isin(ever - {""}),
        same_key=rows["train_key"] == rows["test_key"],
        learned_wanted=(rows["train_key"] == rows["train_objective"]) & wants,
        reads_wanted=(rows["test_key"] == rows["test_objective"]) & wants,
        own_phases=rows["train_phases"] == rows["test_phases"],
        classes=rows.groupby(["arm", "probe"])["classes"].transform("max"),
    )
    return rows.assign(measure="balanced_accuracy", value=rows["balanced_accuracy"])
