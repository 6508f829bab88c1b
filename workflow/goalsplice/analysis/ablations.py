"""What one change of the recipe does: each ablation arm's runs beside those of the arm that it differs from."""

import math
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd

from goalsplice.analysis import phases
from goalsplice.analysis.over_seeds import difference, summarise
from goalsplice.analysis.statistics import Interval
from goalsplice.settings.labels import DOWNSTREAM, NO_CONTROL, SPARSE

COLLAPSED = 0.5
"""Return at a phase's end below which a run that had learned counts as collapsed."""


class Measure(NamedTuple):
    """A number of one run.

    Attributes:
        name, unit, meaning: as the tables have them.
        better: 1 if more of it is better, -1 if less is, 0 if neither.
        margin: a difference up to which arms count as alike.
    """

    name: str
    unit: str
    meaning: str
    better: int = 0
    margin: float = np.nan


_LEARNING = {
    "first_rollout": (-1, 3.0),
    "phase_end_return": (1, 0.02),
    "rollouts_to_threshold": (-1, 1.0),
}
"""Of the measures of learning those with a better end, and their margins."""

_SWITCHES = "of the phases whose objective is another than the one before, after the burn-in"

MEASURES = (
    *(
        Measure(measure.name, measure.unit, measure.meaning, *_LEARNING.get(measure.name, ()))
        for measure in phases.MEASURES
    ),
    Measure(
        "rollouts_to_switch",
        "rollouts",
        f"mean rollouts until the threshold is reached, {_SWITCHES}, that reach it",
        -1,
        1.0,
    ),
    Measure("never_switched", "share", f"share, {_SWITCHES}, that never reach the threshold"),
    Measure(
        "collapses",
        "phases",
        "phases, after the first that ended at the threshold or above, that ended below a return of 0.5",
    ),
    Measure("collapsed_for_good", "share", "whether the last phase was such a one"),
    Measure("distance", "", "L2 norm of what a switch of the objective added to the actor"),
    Measure("relative_distance", "", "the same in parts of the actor's norm before"),
    Measure("layer1_variance_share", "share", "share of that norm's square in layer 1"),
    Measure("effective_rank", "", "effective rank of the difference of layer 1's weights"),
    Measure("spliced", "recovery", "donor's choice that splicing layer 1 brings", 1, 0.05),
    Measure("spliced_random", "recovery", "the same by as many weights at random places"),
    Measure("low_rank", "recovery", "donor's choice that the rank-4 part of layer 1's difference brings", 1, 0.05),
    Measure("low_rank_random", "recovery", "the same by random directions of that rank and size"),
    Measure("target_return", "return", "return under the new colour after the preregistered edit for it", 1, 0.05),
    Measure("target_return_gaussian", "return", "the same after Gaussian noise of the edit's norm at its places"),
    Measure("target_return_ceiling", "return", "the same of unedited networks that see it and their colour exchanged"),
    Measure("target_return_trained", "return", "the same of unedited networks that were trained on it"),
    Measure("inactive", "share", "actor's hidden units that no observation activates, at the end"),
    Measure("dormant", "share", "actor's hidden units that hardly any observation activates, at the end"),
    Measure("feature_rank", "", "effective rank of the actor's hidden activations at the end, mean over layers"),
    Measure("weight_norm", "", "L2 norm of the actor's hidden layers at the end"),
)

RUN = ["arm", "seed"]


def _learning(training: pd.DataFrame, threshold: float, burn_in: int) -> dict[str, float]:
    of_phases = phases.phases_of(training, threshold)
    whole = of_phases[phases.is_whole(of_phases)]
    learned = np.flatnonzero(whole["end_return"] >= threshold)
    ends = whole["end_return"].to_numpy()[learned[0] + 1 :] if len(learned) else np.array([])
    collapsed = ends < COLLAPSED
    other = whole["objective"] != whole["objective"].shift(fill_value=whole["objective"].iloc[0])
    switched = whole.loc[other & (whole["first_rollout"] > burn_in), "rollouts_to_threshold"]
    return {
        **phases.run_measures(training, of_phases, threshold, burn_in),
        "rollouts_to_switch": float(switched.mean()),
        "never_switched": float(switched.isna().mean()),
        "collapses": float(collapsed.sum()),
        "collapsed_for_good": float(collapsed[-1]) if len(ends) else 0.0,
    }


def _switch_retargeting(found: pd.DataFrame, target: str) -> dict[str, float]:
    def mean(rows: pd.DataFrame) -> float:
        return float(rows["return_target"].mean())

    edited = found[found["wanted"] != target]
    # Where a colour has columns of its own, the sparse edit; else the one downstream of layer 1.
    chosen = SPARSE if (edited["edit"] == SPARSE).any() else DOWNSTREAM
    mine = edited[edited["edit"] == chosen]
    return {
        "target_return": mean(mine[mine["control"] == NO_CONTROL]),
        "target_return_gaussian": mean(mine[mine["control"] != NO_CONTROL]),
        "target_return_ceiling": mean(edited[edited["edit"] == "swap"]),
        "target_return_trained": mean(found[found["wanted"] == target]),
    }


def _last(plasticity: pd.DataFrame) -> dict[str, float]:
    rows = plasticity[(plasticity["network"] == "actor") & (plasticity["phase"] == plasticity["phase"].max())]
    return {
        "inactive": float(rows["inactive"].mean()),
        "dormant": float(rows["dormant"].mean()),
        "feature_rank": float(rows["effective_rank"].mean()),
        "weight_norm": math.sqrt((rows["weight_norm"] ** 2).sum()),
    }


def run_measures(
    tables: Mapping[str, pd.DataFrame], rollouts: int, threshold: float, burn_in: int, target: str
) -> dict[str, float]:
    """The `MEASURES` of one run, as if it had ended after `rollouts`; those that cannot be had are missing.

    Args:
        tables: the run's rows of training, plasticity, switches and switch_retargeting. The latter two are of its end,
            and are left out where the run was longer.
        threshold: mean return that counts as learned.
        burn_in: rollout after which phases enter the means.
        target: the new colour.
    """
    training, plasticity = tables["training"], tables["plasticity"]
    until = training[training["rollout"] <= rollouts]
    found = _learning(until, threshold, burn_in)
    last = int(until["phase"].max())
    found |= _last(plasticity[plasticity["phase"] <= last])
    if rollouts == training["rollout"].max():
        switches = tables["switches"]
        names = [measure.name for measure in MEASURES if measure.name in switches]
        found |= {name: float(switches[name].mean()) for name in names}
        found |= _switch_retargeting(tables["switch_retargeting"], target)
    return {name: value for name, value in found.items() if not np.isnan(value)}


def verdict(measure: Measure, value: float, apart: Interval, threshold: float) -> str:
    """What a change does, in a word; empty for a measure of which neither more nor less is better.

    `alike`: the interval of the difference lies within the margin. `better`, `worse`: it lies on one side of zero.
    `fails`: worse, and the phases do not end at the threshold. `inconclusive`: none of these.
    """
    if not measure.better or np.isnan(apart.low):
        return ""
    low, high = sorted((measure.better * apart.low, measure.better * apart.high))
    if high < 0 and measure.name == "phase_end_return" and value < threshold:
        return "fails"
    if -measure.margin <= low and high <= measure.margin:
        return "alike"
    return "better" if low > 0 else "worse" if high < 0 else "inconclusive"


def ablations(runs: pd.DataFrame, arms: Mapping[str, Mapping], threshold: float) -> pd.DataFrame:
    """One row an arm and measure: over its seeds, and beside its reference after as many rollouts.

    Args:
        runs: arm, seed, rollouts, measure and value, as the table ablation_runs has them.
        arms: of each arm its reference, group, changes (JSON) and rollouts.
        threshold: mean return that counts as learned.

    Returns:
        The columns of the table ablations.
    """
    key = ["arm", "rollouts", "measure"]
    values = {name: rows["value"].to_numpy() for name, rows in runs.groupby(key)}
    over = summarise(runs, key, ["value"], order=list(dict.fromkeys(runs["seed"])))
    over = over.set_index(key).to_dict("index")
    nothing = dict.fromkeys(("value", "value_low", "value_high"), np.nan)
    rows = []
    for arm, about in arms.items():
        for measure in MEASURES:
            name = (about["rollouts"], measure.name)
            mine = over.get((arm, *name))
            if mine is None:
                continue
            reference = over.get((about["reference"], *name), nothing)
            apart = Interval(np.nan, np.nan, np.nan)
            is_reference = arm == about["reference"]
            if not is_reference:
                apart = difference(values[(arm, *name)], values.get((about["reference"], *name), np.array([])))
            rows.append(
                {
                    "arm": arm,
                    "reference": about["reference"],
                    "group": about["group"],
                    "changes": about["changes"],
                    "rollouts": about["rollouts"],
                    **measure._asdict(),
                    "seeds": mine["seeds"],
                    "value": mine["value"],
                    "low": mine["value_low"],
                    "high": mine["value_high"],
                    "reference_value": reference["value"],
                    "reference_low": reference["value_low"],
                    "reference_high": reference["value_high"],
                    "difference": apart.estimate,
                    "difference_low": apart.low,
                    "difference_high": apart.high,
                    "verdict": "" if is_reference else verdict(measure, mine["value"], apart, threshold),
                }
            )
    frame = pd.DataFrame(rows).rename(columns={"name": "measure"})
    return frame.drop(columns=["better", "margin"])
