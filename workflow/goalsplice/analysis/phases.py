"""How well and how fast each phase is learned, from the training table."""

from typing import NamedTuple

import numpy as np
import pandas as pd

from goalsplice.analysis.over_seeds import summarise as summarise_over_seeds


class Measure(NamedTuple):
    """A number of one run's learning: its name, unit and meaning."""

    name: str
    unit: str
    meaning: str


MEASURES = (
    Measure("first_rollout", "rollouts", "first rollout whose mean return reaches the threshold"),
    Measure("phase_end_return", "return", "mean return of the phases' last rollouts, after the burn-in"),
    Measure("phase_start_return", "return", "mean return of the phases' first rollouts, after the burn-in"),
    Measure(
        "rollouts_to_threshold",
        "rollouts",
        "mean rollouts of a phase until the threshold is reached, after the burn-in, of the phases that reach it",
    ),
    Measure("never_at_threshold", "share", "share of the phases that never reach the threshold, after the burn-in"),
)


def phases_of(run: pd.DataFrame, threshold: float) -> pd.DataFrame:
    """One row a phase of one run, in order.

    Args:
        run: rows of the training table, with rollout, phase, objective and mean_return.
        threshold: mean return that counts as learned.

    Returns:
        phase, objective, first_rollout and last_rollout of the phase, its start_return and end_return, and
        rollouts_to_threshold: how many rollouts until `threshold`, 1 for the first one, missing if never.
    """
    rows = []
    for phase, rollouts in run.sort_values("rollout").groupby("phase"):
        reached = np.flatnonzero(rollouts["mean_return"] >= threshold)
        rows.append(
            {
                "phase": phase,
                "objective": rollouts["objective"].iloc[0],
                "first_rollout": rollouts["rollout"].iloc[0],
                "last_rollout": rollouts["rollout"].iloc[-1],
                "start_return": rollouts["mean_return"].iloc[0],
                "end_return": rollouts["mean_return"].iloc[-1],
                "rollouts_to_threshold": reached[0] + 1 if len(reached) else np.nan,
            }
        )
    return pd.DataFrame(rows).astype({"rollouts_to_threshold": "float64"})


def is_whole(phases: pd.DataFrame) -> pd.Series:
    """Which phases of one run lasted as long as its first: the run may stop in the middle of its last one.

    Args:
        phases: the run's `phases_of`.
    """
    lengths = phases["last_rollout"] - phases["first_rollout"]
    return lengths == lengths.iloc[0]


def run_measures(run: pd.DataFrame, phases: pd.DataFrame, threshold: float, burn_in: int) -> dict[str, float]:
    """The `MEASURES` of one run; NaN where there is nothing to measure.

    Args:
        run: the run's rows of the training table.
        phases: its `phases_of`.
        threshold: mean return that counts as learned.
        burn_in: rollout after which a run counts.
    """
    reached = run.loc[run["mean_return"] >= threshold, "rollout"]
    starts = phases[phases["first_rollout"] > burn_in]
    # A phase that was cut short has a start but no end.
    whole = is_whole(phases)
    ends = phases[whole & (phases["last_rollout"] > burn_in)]
    return {
        "first_rollout": float(reached.min()) if len(reached) else np.nan,
        "phase_end_return": float(ends["end_return"].mean()),
        "phase_start_return": float(starts["start_return"].mean()),
        "rollouts_to_threshold": float(starts.loc[whole, "rollouts_to_threshold"].mean()),
        "never_at_threshold": float(starts.loc[whole, "rollouts_to_threshold"].isna().mean()),
    }


def summarise(measured: pd.DataFrame, published: dict[str, float]) -> pd.DataFrame:
    """Each arm's measures over its seeds, beside the published run's.

    Args:
        measured: arm, seed and one column for each of `MEASURES`.
        published: the same measures of the post's author's run.

    Returns:
        One row for each arm and measure: arm, measure, unit, meaning, seeds (that have it), mean, interquartile_mean
        with its 95 % interval (low, high), and published.
    """
    names = [measure.name for measure in MEASURES]
    long = measured.melt(["arm", "seed"], names, var_name="measure", value_name="interquartile_mean")
    # The measures of one arm after those of another, in the arms' order.
    long = pd.concat([rows for _, rows in long.groupby("arm", sort=False)])
    seeds = list(dict.fromkeys(measured["seed"]))
    found = summarise_over_seeds(
        long, ["arm", "measure"], ["interquartile_mean"], means=["interquartile_mean"], order=seeds
    )
    found = found.drop(columns=[f"mean_interquartile_mean_{end}" for end in ("low", "high")])
    about = pd.DataFrame(MEASURES).rename(columns={"name": "measure"})
    found = found.merge(about, on="measure", how="left").assign(published=found["measure"].map(published))
    ends = {f"interquartile_mean_{end}": end for end in ("low", "high")}
    return found.rename(columns={"mean_interquartile_mean": "mean", **ends})
