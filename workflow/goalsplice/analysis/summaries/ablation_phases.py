"""How able to learn the ablations' networks are, phase by phase."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from goalsplice.analysis.phases import phases_of

TABLES = {
    "ablation_training": ["arm", "seed", "rollout", "phase", "objective", "mean_return"],
    "ablation_plasticity": ["arm", "seed", "phase", "network", "inactive", "dormant", "effective_rank", "weight_norm"],
}
KEYS = ("arm", "phase", "last_rollout", "measure")

_OF_UNITS = ["inactive", "dormant", "effective_rank"]


def values(tables: Mapping[str, pd.DataFrame], settings: Mapping) -> pd.DataFrame:
    """end_return and rollouts_to_threshold; and of the actor's hidden layers their mean, or all layers' weight_norm."""
    key = ["arm", "seed", "phase"]
    layers = tables["ablation_plasticity"]
    layers = layers[layers["network"] == "actor"]
    layers = layers.assign(weight_norm=layers["weight_norm"] ** 2).groupby(key, sort=False)
    measures = layers[_OF_UNITS].mean().assign(weight_norm=np.sqrt(layers["weight_norm"].sum()))
    learned = [
        phases_of(run, settings["threshold"]).assign(arm=arm, seed=seed)
        for (arm, seed), run in tables["ablation_training"].groupby(["arm", "seed"], sort=False)
    ]
    frame = measures.join(pd.concat(learned).set_index(key)).reset_index()
    frame["last_rollout"] = frame.groupby(["arm", "phase"])["last_rollout"].transform("first")
    names = ["end_return", "rollouts_to_threshold", "weight_norm", *_OF_UNITS]
    return frame.melt(["arm", "seed", "phase", "last_rollout"], names, var_name="measure")
