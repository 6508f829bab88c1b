"""Large tables over seeds, in the few rows that documents quote."""

from collections.abc import Sequence
from math import nan

import numpy as np
import pandas as pd

from goalsplice.analysis.perception import towards
from goalsplice.analysis.recovery import donors_share
from goalsplice.analysis.statistics import over_pairs, over_seeds


def rollouts_until(returns: Sequence[float], level: float) -> float:
    """The first rollout whose return is at least `level`; NaN if none is, or if the level is missing.

    Args:
        returns: in the order of the rollouts, from 0, the untouched checkpoint.
        level: a threshold such as 0.8, or what an edit of the checkpoint gets.
    """
    reached = np.flatnonzero(np.asarray(returns) >= level)
    return float(reached[0]) if reached.size else nan


def _over_seeds(rows: pd.DataFrame, by: list[str], value: str, source: str = "") -> pd.DataFrame:
    """Interquartile mean over seeds, with its interval, of each seed's mean `value`, for each group of rows.

    Args:
        source: column with the other run of each row, if rows are of pairs of runs; a pair of a run with itself is
            taken for a row of that run alone.
    """
    out = []
    for key, found in rows.groupby(by, sort=False):
        values = found.groupby("seed", sort=False)[value].mean()
        if source and (found["seed"] != found[source]).any():
            interval = over_pairs(found["seed"], found[source], found[value])
        else:
            interval = over_seeds(values.to_numpy())
        numbers = (len(values), interval.estimate, interval.low, interval.high, values.min(), values.max())
        out.append(dict(zip(by, key, strict=True)) | dict(zip(_COLUMNS, numbers, strict=True)))
    return pd.DataFrame(out)


COLUMNS = {
    "transports": [
        *("arm", "seed", "source_seed", "target_phase", "source_recipient_phase", "donor_objective"),
        *("part", "aligned", "control", "share_blue", "share_purple", "share_yellow"),
    ],
    "probes": [
        *("arm", "seed", "control", "probe", "layer", "train_objective", "test_objective"),
        *("train_key", "test_key", "train_phases", "test_phases", "balanced_accuracy"),
    ],
    "exchanges": [
        *("arm", "seed", "recipient_phase", "basis", "colour", "other_colour"),
        *("cosine_of_changes", "contrast_cosine", "share"),
    ],
    "anatomy": [
        *("arm", "seed", "recipient_phase", "grouping", "part"),
        *("share", "share_of_tensor", "stable_rank", "effective_rank"),
    ],
    "continued": [
        *("arm", "seed", "phase", "objective", "rollout", "return_blue", "return_purple", "return_yellow"),
        *("distance", "layer1_share"),
    ],
}
"""Columns that digests are made of; of the perceptions, of which there are few rows, all of them."""

_COLUMNS = ("seeds", "interquartile_mean", "low", "high", "lowest_seed", "highest_seed")


def transports(table: pd.DataFrame, late: Sequence[int]) -> pd.DataFrame:
    """Share of episodes with the donor's colour after a goal vector was added, by where it was added.

    Args:
        table: the transports table.
        late: the late phases (`study.late_phases`), from which vectors are.

    Returns:
        arm, target (own recipient, other late phase, early phase, other run), part, aligned, control, and over target
        seeds: seeds, interquartile_mean, low, high, lowest_seed, highest_seed. Between runs the interval is of a
        bootstrap over runs (`over_pairs`), as every run is also a source.
    """
    own_run = table["seed"] == table["source_seed"]
    own = own_run & (table["target_phase"] == table["source_recipient_phase"])
    where = pd.Series("other run", table.index)
    is_late = table["target_phase"].isin(late)
    where[own_run & is_late] = "other late phase"
    where[own_run & ~is_late] = "early phase"
    where[own] = "own recipient"
    rows = table.assign(share=donors_share(table), target=where)
    return _over_seeds(rows, ["arm", "target", "part", "aligned", "control"], "share", source="source_seed")


def probes(table: pd.DataFrame) -> pd.DataFrame:
    """Balanced accuracy of probes by layer and by what was learned and what was read.

    Args:
        table: the probes table.

    Returns:
        arm, control, probe, layer, same_objective, same_key, learned_wanted and reads_wanted (whether the key was the
        wanted one when the probe was fitted, and when it was scored), ever_wanted (whether the key that it was fitted
        on is wanted in some phases), own_phases (fitted and scored on the same phases), and over seeds: as in
        `transports`.
    """
    objectives = [table[column].str.split("+").map(frozenset) for column in ("train_objective", "test_objective")]
    ever = {objective for these in objectives for several in these for objective in several}
    rows = table.assign(
        same_objective=objectives[0] == objectives[1],
        ever_wanted=table["train_key"].isin(ever),
        same_key=table["train_key"] == table["test_key"],
        learned_wanted=table["train_key"] == table["train_objective"],
        reads_wanted=table["test_key"] == table["test_objective"],
        own_phases=table["train_phases"] == table["test_phases"],
    )
    by = [
        "arm",
        "control",
        "probe",
        "layer",
        "same_objective",
        "same_key",
        "learned_wanted",
        "reads_wanted",
        "ever_wanted",
    ]
    return _over_seeds(rows, [*by, "own_phases"], "balanced_accuracy")


def exchanges(table: pd.DataFrame, late: Sequence[int]) -> pd.DataFrame:
    """How far late switches exchange two colours in layer 1: blue and purple, and the mean over pairs of other colours.

    Returns:
        arm, basis, colours, measure (cosine_of_changes, contrast_cosine or share), and over seeds: as in `transports`.
    """
    rows = table[table["recipient_phase"].isin(late)]
    trained = rows["colour"].isin(["blue", "purple"]).astype(int) + rows["other_colour"].isin(["blue", "purple"])
    rows = rows.assign(colours=trained.map({2: "blue and purple", 1: "one of them and another", 0: "two others"}))
    measures = ["cosine_of_changes", "contrast_cosine", "share"]
    long = rows.melt(["arm", "seed", "basis", "colours"], measures, var_name="measure")
    return _over_seeds(long.dropna(subset="value"), ["arm", "basis", "colours", "measure"], "value")


def anatomy(table: pd.DataFrame, late: Sequence[int]) -> pd.DataFrame:
    """What late switches change, by tensor of the actor, and by colour of layer 1's inputs.

    Returns:
        arm, grouping, part, measure (share, share_of_tensor, stable_rank or effective_rank), and over seeds: as in
        `transports`.
    """
    rows = table[table["recipient_phase"].isin(late) & table["grouping"].isin(["tensor", "colour", "field"])]
    measures = ["share", "share_of_tensor", "stable_rank", "effective_rank"]
    long = rows.melt(["arm", "seed", "grouping", "part"], measures, var_name="measure")
    return _over_seeds(long.dropna(subset="value"), ["arm", "grouping", "part", "measure"], "value")


def continued(table: pd.DataFrame) -> pd.DataFrame:
    """How long checkpoints take to learn another colour, and how far they go.

    Args:
        table: the continued table.

    Returns:
        arm, objective (new, or the next phase's), measure (rollouts until a return of 0.8 and of 0.95, return, distance
        and layer1_share at the end), and over seeds: as in `transports`. A run that never gets there has no such
        number: `seeds` says how many have.
    """
    out = []
    keys = ["arm", "seed", "phase", "objective"]
    for (arm, seed, phase, objective), rows in table.groupby(keys, sort=False):
        rows = rows.sort_values("rollout")
        returns, last = rows[f"return_{objective}"].to_numpy(), rows.iloc[-1]
        measures = {f"rollouts until {level}": rollouts_until(returns, level) for level in (0.8, 0.95)}
        measures |= {"return": returns[-1], "distance": last["distance"], "layer1_share": last["layer1_share"]}
        which = "new colour" if objective not in ("blue", "purple") else "next phase's colour"
        out += [
            {"arm": arm, "seed": seed, "phase": phase, "objective": which, "measure": name, "value": value}
            for name, value in measures.items()
        ]
    return _over_seeds(pd.DataFrame(out).dropna(subset="value"), ["arm", "objective", "measure"], "value")


def perceptions(table: pd.DataFrame) -> pd.DataFrame:
    """What probes read in edited networks, and what these do.

    Args:
        table: the perceptions table.

    Returns:
        arm, family, edit, test, layer, what, for edits towards the new colour, and over seeds: as in `transports`.
    """
    rows = table[towards(table) == "new"]
    by = ["arm", "family", "edit", "test", "layer", "what"]
    return _over_seeds(rows.dropna(subset="value"), by, "value")
