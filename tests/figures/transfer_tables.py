"""Synthetic tables of task vectors, only to be drawn."""

import pandas as pd

PHASES, PAIRS = (2, 3, 4, 5, 6, 7), ((4, 5), (6, 7))
SHARES = {
    ("within", "unaligned", "no_control"): 0.8,
    ("within", "unaligned", "sign_flipped"): 0.01,
    ("within", "matched", "no_control"): 0.8,
    ("between", "unaligned", "no_control"): 0.03,
    ("between", "matched", "no_control"): 0.7,
    ("between", "matched", "same_goal_donor"): 0.05,
    ("between", "random", "no_control"): 0.06,
}


def _colour(phase):
    return ("blue", "purple")[phase % 2]


def _rows_of(seed, source, target, vector, aligned, control):
    place = "within" if seed == source else "between"
    share = SHARES.get((place, aligned, control), 0.02) + 0.001 * target - 0.01 * (seed == 2)
    for part, less in (("all", 0.0), ("layer1", 0.005)):
        recipient, donor = vector
        yield {
            "arm": "onehot",
            "seed": seed,
            "target_phase": target,
            "source_seed": source,
            "source_recipient_phase": recipient,
            "source_donor_phase": donor,
            "recipient_objective": _colour(recipient),
            "donor_objective": _colour(donor),
            "part": part,
            "aligned": aligned,
            "control": control,
            "draw": 0,
            "level_distribution": "three_colours",
            "action_selection": "sampling",
            "levels": 64 if control == "no_control" else 16,
            "floor": 0.1,
            "ceiling": 0.9,
            "episode_share_donor": share - less,
        }


def transfer_table(seeds, arms=("onehot",)):
    """The transfer table of two pairs of phases, with two earlier phases; its shares differ a little by target."""
    rows = []
    for seed in seeds:
        for first, second in PAIRS:
            for vector in ((first, second), (second, first)):
                for target in PHASES:
                    if target % 2 == vector[0] % 2:
                        for control in ("no_control", "sign_flipped", "permuted", "same_goal_donor"):
                            rows += _rows_of(seed, seed, target, vector, "unaligned", control)
        for source in seeds:
            for vector in (PAIRS[-1], PAIRS[-1][::-1]):
                for aligned in ("unaligned", "matched", "random"):
                    if aligned != "unaligned" or source != seed:
                        for control in (
                            ("no_control",)
                            if aligned == "random"
                            else ("no_control", "sign_flipped", "same_goal_donor")
                        ):
                            rows += _rows_of(seed, source, vector[0], vector, aligned, control)
    frame = pd.DataFrame(rows)
    return pd.concat([frame.assign(arm=arm) for arm in arms], ignore_index=True)
