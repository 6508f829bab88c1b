"""A synthetic table of probes, whose values say which line of the figure a row belongs to."""

from itertools import product

import pandas as pd

from goalsplice.experiments.activations import HIDDEN, LAYERS
from goalsplice.world.vocabulary import OBJECTIVES as KEYS

TRAINED = ("blue", "purple")
COMMON = {"train_phases": "0+1", "test_phases": "2+3", "classes": 20}
VALUES = {"wanted": 0.9, "unwanted": 0.8, "never": 0.7, "untrained": 0.6,
          "same": 0.5, "role": 0.45, "colour": 0.4, "yellow": 0.35, "permuted": 0.3,
          "later": 0.95, "drawn": 0.55, "elsewhere": 0.01}  # fmt: skip
"""A value for each line, and one that no line may show."""


def relation(train_objective, train_key, test_objective, test_key):
    """Which line, if any, a row of a true transfer belongs to."""
    if test_key != test_objective:
        return "elsewhere"
    if train_objective == test_objective:
        return "same" if train_key == test_key else "elsewhere"
    return {train_objective: "role", test_key: "colour"}.get(train_key, "yellow")


def _rows_of(arm, seed):
    rows = []

    def add(line, **known):
        rows.append(
            {**COMMON, "arm": arm, "seed": seed, "control": "no_control", "balanced_accuracy": VALUES[line], **known}
        )

    for layer, key in product(LAYERS, KEYS):
        known = {"probe": "key_place", "layer": layer, "train_key": key, "test_key": key}
        for objective in TRAINED:
            line = "wanted" if key == objective else "unwanted" if key in TRAINED else "never"
            add(line, train_objective=objective, test_objective=objective, **known)
        line = "untrained" if key in TRAINED else "elsewhere"
        add(line, train_objective="", test_objective="", **{**known, "control": "untrained"})
    for probe, layers in (("transferred_place", LAYERS), ("place_beyond_action", HIDDEN)):
        for layer, *cells in product(layers, TRAINED, KEYS, TRAINED, KEYS):
            known = dict(zip(("train_objective", "train_key", "test_objective", "test_key"), cells, strict=True))
            add(relation(*cells), probe=probe, layer=layer, **known)
            if known["train_key"] == known["train_objective"]:
                line = "permuted" if relation(*cells) == "role" else "elsewhere"
                add(line, probe=probe, layer=layer, **{**known, "control": "permuted"})
    for layer in LAYERS:
        known = {"probe": "wanted_colour", "layer": layer, "train_objective": "blue+purple", "classes": 2,
                 "test_objective": "blue+purple", "train_key": "", "test_key": ""}  # fmt: skip
        add("later", **known)
        add("elsewhere", **{**known, "test_phases": "0+1"})
        if layer != "inputs":
            add("drawn", **{**known, "control": "permuted"})
    return rows


def probes_table(seeds, arms=("onehot",)):
    """The probes table of runs that all have the same values."""
    return pd.DataFrame([row for arm in arms for seed in seeds for row in _rows_of(arm, seed)])
