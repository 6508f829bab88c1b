"""How fast one subject is by another: the pairs that are compared, and their ratios within each repeat."""

import pandas as pd

PAIRS = {
    ("training", "training_sb3"): "training : Stable-Baselines3's PPO",
    ("training", "training_navix"): "training : NAVIX's PPO",
    ("training", "training_plain"): "training : plain update",
    ("training_distinct", "training_plain"): "· each distinct observation once",
    ("training_dense", "training_distinct"): "· backward pass by hand",
    ("training_units", "training_dense"): "· first layer from a table",
    ("training_adam", "training_units"): "· silent units left out",
    ("training", "training_adam"): "· clipping and Adam in one pass",
    ("training_medium", "training"): "· products rounded to bfloat16",
    ("rollout", "rollout_loop"): "rollout : loop in Python",
    ("evaluation", "evaluation_minigrid"): "evaluation : MiniGrid's loop",
    ("world_kernel", "world_minigrid_1"): "world : MiniGrid",
    ("world_kernel", "world_minigrid_32"): "world : 32 of MiniGrid",
    ("world_compiled", "world_minigrid_32"): "world in Gymnasium : 32 of MiniGrid",
}
"""Subject and peer, and what the pair is called. Those with a dot lead from the plain update to training, step by step,
and beyond."""

ANY = "any"
"""Stage of a subject that does not depend on the stage of training."""

NOTHING = "nothing"
"""What is `varied` in rows that have the study's sizes."""


def ratios(measured: pd.DataFrame) -> pd.DataFrame:
    """One row for each pair, arm, stage and repeat: `subject`, `peer`, `arm`, `stage`, `repeat`, `ratio` of speeds.

    A peer of any stage is held against every stage of the subject.

    Args:
        measured: the table that `run.py` writes.
    """
    base = measured[measured["varied"] == NOTHING]
    found = []
    for subject, peer in PAIRS:
        ours, theirs = (base[base["subject"] == name] for name in (subject, peer))
        keys = ["arm", "repeat"] if (theirs["stage"] == ANY).all() else ["arm", "stage", "repeat"]
        both = ours.merge(theirs[[*keys, "steps_per_second"]], on=keys, suffixes=("", "_peer"))
        both["ratio"] = both["steps_per_second"] / both["steps_per_second_peer"]
        found.append(both.assign(peer=peer)[["subject", "peer", "arm", "stage", "repeat", "ratio"]])
    return pd.concat(found, ignore_index=True)


def spread(of_repeats: pd.DataFrame) -> pd.DataFrame:
    """Median, lowest and highest ratio over repeats, and how many repeats, for each pair, arm and stage."""
    grouped = of_repeats.groupby(["subject", "peer", "arm", "stage"], sort=False)["ratio"]
    return grouped.agg(["median", "min", "max", "size"]).reset_index()
