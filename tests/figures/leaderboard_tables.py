"""Synthetic tables of the leaderboard, only to be drawn."""

import numpy as np
import pandas as pd

from goalsplice.analysis.leaderboard import REFERENCES, entries, leaderboard
from goalsplice.experiments.custom import CONTROLS


def leaderboard_tables(seeds, arms, never=False):
    """Both tables, with three custom edits, of which one failed; with `never`, no pair has a recovery."""
    chance = np.random.default_rng(2)
    custom = [("custom", name, np.nan) for name in ("mine", "an edit with a name of 32 letters")]
    runs = []
    for arm in arms:
        for family, edit, dose in [*REFERENCES.itertuples(index=False, name=None), *custom]:
            middle = chance.uniform(0, 1)
            for seed in seeds:
                known = {"arm": arm, "seed": seed, "family": family, "edit": edit, "dose": dose, "norm": 1.0}
                for control in ("no_control", *(CONTROLS if family != "weights" else ())):
                    recovery = np.nan if never else chance.normal(middle if control == "no_control" else 0.1, 0.1)
                    numbers = {"size": 20_000 * middle, "broken": chance.uniform(0, 1), "recovery": recovery}
                    runs.append({**known, "control": control, **numbers})
    rows = [("custom", edit, "", seed) for _, edit, _ in custom for seed in seeds]
    rows += [("custom", "broken", "m:f raised KeyError; mend it", seed) for seed in seeds]
    table = pd.DataFrame(rows, columns=["family", "edit", "problem", "seed"]).assign(recipient_phase=2, donor_phase=3)
    table = pd.concat([table.assign(arm=arm) for arm in arms], ignore_index=True)
    board = leaderboard(pd.DataFrame(runs), table)
    return {"leaderboard": board, "leaderboard_entries": entries(pd.DataFrame(runs), board)}
