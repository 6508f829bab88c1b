"""Synthetic tables of differences between actors, only to be drawn."""

import numpy as np
import pandas as pd
import torch

from goalsplice.agent.network import Agent
from goalsplice.experiments.colour_exchanges import colour_exchanges
from goalsplice.experiments.similarity import ACTOR
from goalsplice.experiments.weight_changes import weight_changes
from goalsplice.world.observation import Encoding

PARTS = (ACTOR, "layer1", "layer2", "layer3", "layer4")
INTEGERS = Encoding("integers", 7)
"""How the arm `integers` sees; all others see as `onehot` does."""


def objective(phase):
    return ("blue", "purple")[phase % 2]


def pair_rows(encoding, phases):
    """Rows of weight_changes and colour_exchanges for each two neighbouring phases of one run of untrained actors."""
    actors = [
        Agent(encoding.inputs, 4, torch.Generator().manual_seed(phase)).actor.state_dict() for phase in range(phases)
    ]
    parts, swaps = [], []
    for phase in range(phases - 1):
        pair = {
            "recipient_phase": phase,
            "donor_phase": phase + 1,
            "recipient_objective": objective(phase),
            "donor_objective": objective(phase + 1),
        }
        both = actors[phase : phase + 2]
        parts += [{**pair, **row} for row in weight_changes(*both, encoding, np.random.default_rng(phase))]
        swaps += [{**pair, **row} for row in colour_exchanges(*both, encoding)]
    return pd.DataFrame(parts), pd.DataFrame(swaps)


def similarity_rows(chance, phases):
    """Rows of the similarity table of one run, cosines at random."""
    return pd.DataFrame(
        [
            {
                "part": part,
                "phase": phase,
                "other_phase": other,
                "same_way": (other - phase) % 2 == 0,
                "cosine": chance.uniform(-0.3, 1),
                "null_low": -0.01,
                "null_high": 0.02,
            }
            for other in range(1, phases - 1)
            for phase in range(other)
            for part in PARTS
        ]
    )


def weights_tables(seeds, arms, phases, first=0):
    """Tables of the figures `weight_changes` and `similarity`, runs of some phases, the late ones from `first` on."""
    chance = np.random.default_rng(0)
    tables = {"weight_changes": [], "colour_exchanges": [], "similarity": []}
    between = []
    for arm in arms:
        made = pair_rows(INTEGERS if arm == "integers" else Encoding("onehot", 5), phases)
        for number, seed in enumerate(seeds):
            run = {"arm": arm, "seed": seed}
            for table, rows in zip(tables, (*made, similarity_rows(chance, phases)), strict=True):
                tables[table].append(rows.assign(**run))
            between += [
                {**run, "other_seed": other, "part": part, "phase": phase, "cosine": chance.uniform(-0.1, 0.1)}
                for other in seeds[number + 1 :]
                for phase in range(first, phases - 1)
                for part in PARTS
            ]
    columns = ["arm", "seed", "other_seed", "part", "phase", "cosine"]
    return {
        **{table: pd.concat(frames, ignore_index=True) for table, frames in tables.items()},
        "similarity_between_runs": pd.DataFrame(between, columns=columns).assign(null_low=-0.01, null_high=0.02),
    }
