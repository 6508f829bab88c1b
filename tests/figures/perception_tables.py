"""Synthetic tables of what probes read in edited networks, only to be drawn and judged."""

import numpy as np
import pandas as pd

LAYERS = ("layer1", "layer2", "layer3")
CORRECT = {"layer1": 0.8, "layer2": 0.5, "layer3": 0.3}
SWAPPED = 0.1
CHANCE = 0.05
PHASES = (18, 19)


def reading(layer, side):
    """How often a probe is right and swapped, on a side from 1 (as in the unedited network) to -1 (as if exchanged)."""
    middle, half = (CORRECT[layer] + SWAPPED) / 2, (CORRECT[layer] - SWAPPED) / 2
    return {"correct": middle + side * half, "swapped": middle - side * half}


NETWORKS = {
    # Family and edit: sides of the target's key and of the wanted key by layer, first changed layer, share of yellow.
    ("bounds", "unedited"): ((1, 1, 1), (1, 1, 1), None, 0.01),
    ("perception", "swap"): ((-1, -1, -1), (-1, -1, -1), None, 0.99),
    ("preregistered", "sparse"): ((0.6, 0.5, 0.1), (0.5, -0.7, -0.9), "layer1", 0.95),
    ("preregistered", "downstream of layer 1"): ((1, -0.5, -0.5), (1, -0.5, -0.5), "layer2", 0.9),
    ("layer 1", "least squares"): ((-0.9, -0.8, -0.8), (-0.9, -0.8, -0.8), "layer1", 0.97),
    ("trained", "same goal"): ((0.6, 0.5, 0.5), (0.7, 0.7, 0.7), "layer1", 0.01),
}
KNOWN = {
    ("trained", "switch"): ((0.5, 0.4, -0.1), (0.3, -0.2, -0.8), "layer1", 0.99),
    ("trained", "fine-tuned"): ((0.4, 0.6, 0.1), (0.2, -0.3, -0.9), "layer1", 0.99),
}


def perception_table(seeds, arms=("onehot", "integers"), changed=None, without=(), noise=0.01):
    """The table; `changed` replaces entries of the networks, and the edits `without` are left out."""
    chance = np.random.default_rng(0)
    networks = {**NETWORKS, **KNOWN, **(changed or {})}
    rows = []
    for arm in arms:
        for seed in seeds:
            for phase in PHASES:
                wanted, former = ("blue", "purple")[:: 1 if phase % 2 == 0 else -1]
                for target in ("yellow", former):
                    for (family, edit), values in networks.items():
                        known = {"arm": arm, "seed": seed, "phase": phase, "wanted": wanted, "target": target}
                        elsewhere = target == {"switch": "yellow", "fine-tuned": former}.get(edit)
                        if edit in without or elsewhere or (arm == "integers" and edit == "sparse"):
                            continue
                        for row in rows_of(values, target == "yellow" and edit not in ("switch", "same goal")):
                            drawn = 0 if edit == "unedited" or row["test"] == "change" else noise * chance.normal()
                            row["value"] += drawn
                            rows.append({**known, "family": family, "edit": edit, **row})
    return pd.DataFrame(rows)


def rows_of(values, composed):
    """The rows of one network but for what identifies it."""
    target, wanted, first, share = values

    def row(test, what, value, reference, layer="", chance=np.nan):
        return {
            **{"test": test, "layer": layer, "what": what, "value": value, "chance": chance},
            **{"count": 100, "reference": reference},
        }

    yield row("alone", "target", share, 0.01)
    yield row("alone", "wanted", 0.99 - share, 0.98)
    for number, layer in enumerate(LAYERS):
        yield row("change", "norm", float(first is not None and layer >= first), 0.0, layer)
        yield row("distance", "mahalanobis", 1.0 + number * (first is not None), 1.0, layer)
        for key, side in (("target", target[number]), ("wanted", wanted[number])):
            for what, value in reading(layer, side).items():
                yield row("probe", f"{key} {what}", value, reading(layer, 1)[what], layer, CHANCE)
        yield row("probe", "third correct", 0.5, 0.5, layer, CHANCE)
    yield row("change", "norm", float(first is not None), 0.0, "layer4")
    if composed:
        yield row("composition", "other", 0.8, 0.99)
        yield row("composition", "target", 0.1, 0.0)
