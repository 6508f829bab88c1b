"""Synthetic tables of splices and their recoveries, only to be drawn."""

from itertools import combinations

import numpy as np
import pandas as pd

from goalsplice.settings.labels import EXCHANGE, FAIR, TRAINED_COLOURS

LAYERS = ("layer1", "layer2", "layer3", "layer4")
SETS = ["+".join(layers) for size in range(1, 5) for layers in combinations(LAYERS, size)]
VALUES = ("permuted", "gaussian", "sign_flipped")
PLACES = ("distance 0", "distance 1", "left", "straight ahead", "right")
GROUPS = {"onehot": ("red", TRAINED_COLOURS, "all colours", "key", "all kinds"), "": ("kind", "colour", "state")}
SHARES, COUNTS, RANKS = (1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2, 0.1, 0.3, 1.0), (1, 2, 4, 8, 16, 32, 64, 128), (1, 2, 4, 8)
STEPS = (-1.0, -0.5, -0.25, 0.25, 0.5, 0.75, 1.0, 1.25, 1.5, 2.0)
REFERENCES = ("own blue and green exchanged", "own green and yellow exchanged")
LARGER = 3e-2
"""The share of the weights by attribution that has the control `optimised_8x_budget`, which recovers 0.25."""


def edits(arm):
    """Family, edit, dose, controls and recovery of all edits of an arm."""
    everywhere = (*VALUES, "random_weights", "same_goal_donor", "other_seed_donor")
    yield "layers", "unedited", np.nan, (), 0.0
    for name in SETS:
        strength = 0.8 * ("layer1" in name) + 0.2 * ("layer2" in name)
        yield "layers", name, np.nan, (*everywhere, "untrained_donor"), strength
        yield "layer_weights", name, np.nan, (), strength
        yield "layer_biases", name, np.nan, (), 0.0
    for name in (*GROUPS.get(arm, GROUPS[""]), *PLACES):
        yield "inputs", name, np.nan, (*everywhere, "complement"), 0.6 if "colour" in name else 0.1
    if arm == "onehot":
        # Not in the order of the figure, where the exchange comes before its references.
        yield "inputs", REFERENCES[0], np.nan, (), 0.3
        yield "inputs", EXCHANGE, np.nan, (), 0.9
        yield "inputs", REFERENCES[1], np.nan, (), 0.0
    for share in SHARES:
        larger = ("optimised_8x_budget",) if share == LARGER else ()
        for ranking, others in (
            ("by size", ()),
            ("by attribution", ("same_goal_donor", "sign_flipped", "optimised_same_budget", *larger)),
        ):
            controls = ("random_weights", "complement", *others) if share < 1 else ()
            yield "weights", ranking, share, controls, min(1.0, 30 * share)
    for count in COUNTS:
        for side in ("incoming", "outgoing", "incoming and outgoing"):
            for ranking in ("by size", "by attribution"):
                yield (
                    "units",
                    f"{side}, {ranking}",
                    count,
                    ("random_weights", "complement", "same_goal_donor"),
                    count / 128,
                )
    for rank in RANKS:
        for name in (*LAYERS, "all layers"):
            controls = ("random_weights", "complement", "sign_flipped") if name in ("layer1", "all layers") else ()
            yield "rank", name, rank, controls, min(1.0, rank / 4) if name == "all layers" else 0.1
    for step in STEPS:
        yield (
            "linear interpolation",
            "whole actor",
            step,
            ("permuted", "gaussian", "same_goal_donor", "other_seed_donor"),
            np.clip(step, 0, 1),
        )


def recovery_tables(seeds, arms=("onehot", "integers"), unlike=True):
    """The tables recoveries, edit_effects and smallest_edits; unless `unlike`, floor and ceiling never differ.

    An interquartile mean is the value that seeds lie around, its interval 0.1 wide on either side.
    """
    chance = np.random.default_rng(0)
    by_seed, effects, smallest = [], [], []
    for arm in arms:
        for family, edit, dose, controls, strength in edits(arm):
            tested = set(controls) & set(FAIR)
            worst = np.nan if not tested else 0.01 if strength > 0.5 else 0.6
            for control in ("no_control", *controls):
                recovery = {"no_control": strength, "complement": 1 - strength, "optimised_8x_budget": 0.25}.get(
                    control, 0.02
                )
                known = {"arm": arm, "family": family, "edit": edit, "dose": float(dose), "control": control}
                own = {"networks": 10, "broken": 0.03, "size": 100.0}
                by_seed += [
                    {**known, "seed": seed, "recovery": recovery + chance.normal(0, 0.05) if unlike else np.nan, **own}
                    for seed in seeds
                ]
                middle, half = recovery if unlike else np.nan, 0.1 if len(seeds) > 1 else np.nan
                effects.append(
                    {
                        **known,
                        "seeds": len(seeds) if unlike else 0,
                        "recovery": middle,
                        "recovery_low": middle - half,
                        "recovery_high": middle + half,
                        "p_holm": np.nan if control == "no_control" or not unlike else 0.01 if strength > 0.5 else 0.6,
                        "tried": 15,
                        "worst_p_holm": worst if control == "no_control" and unlike else np.nan,
                        **{"broken": 0.03, "broken_low": 0.02, "broken_high": 0.04},
                    }
                )
            if family in ("weights", "units", "rank") and strength == 1 and unlike:
                found = {"recovery": 0.96, "low": 0.9, "high": 1.02}
                smallest.append({"arm": arm, "family": family, "edit": edit, "dose": dose, "size": 1234.0, **found})
        missing = dict.fromkeys(("dose", "size", "recovery", "low", "high"), np.nan)
        smallest.append({"arm": arm, "family": "rank", "edit": "layer4", **missing})
    first = pd.DataFrame(smallest).drop_duplicates(["arm", "family", "edit"])
    return {"recoveries": pd.DataFrame(by_seed), "edit_effects": pd.DataFrame(effects), "smallest_edits": first}


def splices_table(seeds, arms=("onehot", "integers")):
    """The splices table of one pair of phases in both directions: layers, a control, and rows of other families."""
    chance = np.random.default_rng(1)
    rows = []
    for arm in arms:
        for seed in seeds:
            for (first, mine), (second, other) in (((4, "blue"), (5, "purple")), ((5, "purple"), (4, "blue"))):
                known = {
                    **{"arm": arm, "seed": seed, "action_selection": "sampling", "level_distribution": "three_colours"},
                    **{"recipient_phase": first, "donor_phase": second},
                    **{"recipient_objective": mine, "donor_objective": other},
                }
                for family, edit, control, levels in (
                    *(("layers", name, "no_control", 64) for name in ("unedited", *SETS)),
                    *(("layers", "layer1", "permuted", 16), ("linear interpolation", "whole actor", "no_control", 64)),
                    *(("bounds", "unedited", "bound", 16), ("bounds", "donor", "bound", 16)),
                ):
                    own = other if "layer1" in edit and control == "no_control" else mine
                    share = chance.beta(*((21, 5) if own == other else (1, 24)))
                    edited = {"family": family, "edit": edit, "control": control, "levels": levels}
                    rows.append({**known, **edited, "episode_share_donor": share})
    return pd.DataFrame(rows)
