"""Synthetic tables of edits towards yellow, only to be drawn."""

import numpy as np
import pandas as pd

from figures.over_seeds_tables import table_over_seeds
from goalsplice.analysis.retargeting import effects

LATE, LAST = 18, 24
STRENGTHS, SHARES, UNITS, RANKS = (0.5, 1.0, 1.5, 2.0, 3.0), (0.0005, 0.002, 0.005, 0.02), (4, 16, 64, 128), (1, 2, 4)
LAYERS = ("layer 2", "layers 2 to 3", "layers 2 to 4", "layer 3", "layers 3 to 4", "layer 4")
CONTROLS = {
    "gaussian": 0.05,
    "permuted": 0.08,
    "sign_flipped": 0.0,
    "unrelated": 0.1,
    "absent": 0.02,
    "optimised_same_budget": 0.4,
}
SWAP, UNEDITED, TRAINED = 0.99, 0.01, 0.9
ROLLOUTS = 3


def edits(arm):
    """Family, edit, dose, share of the weights and of yellow of all edits of an arm but the preregistered ones."""
    nothing = np.nan
    if arm == "onehot":
        for strength in STRENGTHS:
            yield "contrastive direction", "full", strength, 0.04, 0.95 - 0.2 * abs(strength - 1.5)
            yield "contrastive direction", "added only", strength, 0.02, 0.6 - 0.1 * abs(strength - 1)
            yield "contrastive direction", "sparse", strength, 0.005, 0.93 - 0.15 * abs(strength - 1.5)
        yield from (("contrastive direction", "top-k", share, share, min(0.95, 100 * share + 0.1)) for share in SHARES)
        yield from (("contrastive direction", "units", count, 0.0003 * count, count / 140) for count in UNITS)
        yield from (("contrastive direction", "rank", rank, 0.04, 0.5 + 0.1 * rank) for rank in RANKS)
        yield "analogy", "all of layer 1", nothing, 0.8, 0.2
    else:
        yield "layer 1", "least squares", nothing, 0.6, 0.7
    for strength in STRENGTHS:
        yield "task vector", "one switch", strength, 0.9, 0.1 * strength
        yield "task vector", "mean of the run's", strength, 0.9, 0.2 * strength
        yield "task vector", "other run's", strength, 0.9, 0.02
        yield "task vector", "other run's, units matched", strength, 0.9, 0.15 * strength
        yield "extrapolation", "linear", 1 + strength, 1.0, 0.05 * strength
    yield from (("downstream", name, nothing, 0.3, 0.9 - 0.1 * place) for place, name in enumerate(LAYERS))
    yield from (
        ("sparse graft", "by size", share, 0.9 * share, share**0.5 * TRAINED) for share in (0.01, 0.1, 0.5, 1.0)
    )


def preregistered(arm):
    """The preregistered edits of an arm, with their share of the weights and of yellow."""
    sparse = (("sparse", 0.005, 0.93),) if arm == "onehot" else ()
    return (*sparse, ("downstream of layer 1", 0.3, 0.85))


def retargeting_tables(seeds, arms=("onehot", "integers"), never=False):
    """The tables retargeting and finetuning; with `never`, no edit makes it take yellow."""
    chance = np.random.default_rng(0)
    rows, finetuning = [], []

    def add(known, family, edit, dose, size, yellow, control="no_control", draw=0):
        yellow = 0.0 if never else float(np.clip(yellow + chance.normal(0, 0.04), 0, 1))
        rest = (1 - yellow) * chance.dirichlet([8, 4, 1, 1])
        ends = dict(zip(("blue", "purple", "crash", "timeout"), rest, strict=True))
        rows.append(
            {
                **known,
                **{
                    "family": family,
                    "edit": edit,
                    "dose": dose,
                    "control": control,
                    "draw": draw,
                    "weight_share": size,
                },
                **{
                    "levels": 64 if control == "no_control" else 16,
                    "episode_share_target": yellow,
                    "episode_share_wanted": ends[known["wanted"]],
                },
                **{f"episode_share_{end}": ends[end] for end in ("crash", "timeout")},
            }
        )

    for arm in arms:
        for seed in seeds:
            for phase in range(LAST):
                wanted = ("blue", "purple")[phase % 2]
                known = {"arm": arm, "seed": seed, "phase": phase, "wanted": wanted, "target": "yellow"}
                grown = min(1.0, (phase + 1) / (2 if arm == "onehot" else 8))
                for level_distribution in ("three_colours", "training"):
                    of = {**known, "level_distribution": level_distribution}
                    add(of, "bounds", "unedited", np.nan, 0.0, UNEDITED)
                    add(of, "perception", "swap", np.nan, 0.0, SWAP * grown)
                    for edit, size, yellow in preregistered(arm):
                        add(of, "preregistered", edit, np.nan, size, yellow * grown)
                        for control, other in CONTROLS.items() if phase >= LATE else ():
                            draws = 2 if control in ("gaussian", "permuted") else 1
                            for draw in range(draws):
                                add(of, "preregistered", edit, np.nan, size, other, control, draw)
                    for family, edit, dose, size, yellow in edits(arm) if phase >= LATE else ():
                        add(of, family, edit, float(dose), size, yellow)
                for rollout in range(ROLLOUTS + 1) if phase >= LATE else ():
                    for towards in ("new", "trained"):
                        yellow = TRAINED * rollout / ROLLOUTS * (towards == "new")
                        finetuning.append(
                            {
                                **{**known, "level_distribution": "three_colours", "levels": 64},
                                **{"towards": towards, "rollout": rollout, "episode_share_objective": yellow},
                                **{
                                    "episode_share_crash": 0.01,
                                    "episode_share_timeout": 0.02,
                                    "distance": 1.0,
                                    "layer1_variance_share": 0.5,
                                },
                                **{"objective": "", "return_objective": 0.1},
                            }
                        )
    return with_effects({"retargeting": pd.DataFrame(rows), "finetuning": pd.DataFrame(finetuning)})


def with_effects(tables):
    """Tables of runs and those that the study makes of them, but for what no figure reads."""
    numbers = dict.fromkeys(
        ("return_target", "mean_length", "size", "norm", "cosine_trained", "episode_share_other"), 0.0
    )
    more = {
        "retargeting_effects": effects(tables["retargeting"].assign(**numbers), range(LATE, LAST)),
        "retargeting_over_seeds": table_over_seeds("retargeting", tables, range(LATE, LAST)),
        "finetuning_over_seeds": table_over_seeds("finetuning", tables, []),
    }
    return {**tables, **more}
