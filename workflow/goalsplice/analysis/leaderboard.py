"""The configuration's own edits beside some of the study's, ranked by how much of the donor's choice they recover."""

import numpy as np
import pandas as pd

from goalsplice.analysis.recovery import FAIR, recoveries, with_recovery
from goalsplice.analysis.statistics import each_over_seeds, exact_paired_tests, holm, interquartile_mean
from goalsplice.settings.labels import BOUND, NO_CONTROL, NO_EDIT

CUSTOM = "custom"
REFERENCES = pd.DataFrame(
    [
        ("layers", "layer1", np.nan),
        ("layers", "layer1+layer2", np.nan),
        ("layers", "layer1+layer2+layer3+layer4", np.nan),
        ("inputs", "blue and purple", np.nan),
        ("inputs", "colour", np.nan),
        ("inputs", "own blue and purple exchanged", np.nan),
        ("units", "incoming, by attribution", 32.0),
        ("weights", "by attribution", 0.01),
        ("weights", "by attribution", 0.03),
        ("rank", "all layers", 4.0),
        ("path", "whole actor", 0.5),
    ],
    columns=["family", "edit", "dose"],
)
"""The study's own edits that are listed: from each family one or two that say something of its best. An encoding may
lack some."""

_EDIT = ["arm", "family", "edit", "dose"]
_INTERVALS = (
    ("recovery", "recovery_low", "recovery_high"),
    ("control_recovery", "control_low", "control_high"),
    ("margin", "margin_low", "margin_high"),
)


def _same_dose(doses: pd.Series) -> pd.Series:
    """Doses as keys: rounded, and one that a missing one equals."""
    return doses.astype(float).round(9).fillna(-np.inf)


def _listed(splices: pd.DataFrame) -> pd.Series:
    """Which rows of the splices table are of the references."""
    keys = ["family", "edit", "dose"]
    wanted, found = (
        pd.MultiIndex.from_frame(frame[keys].assign(dose=_same_dose(frame["dose"]))) for frame in (REFERENCES, splices)
    )
    return pd.Series(found.isin(wanted), splices.index)


def by_seed(splices: pd.DataFrame, custom: pd.DataFrame) -> pd.DataFrame:
    """One row a run, edit and control, of the references and of the custom edits that have no problem in that run.

    Args:
        splices: the splices table, which holds floor and ceiling too.
        custom: the custom_edits table.

    Returns:
        The columns of `measure.recovery.recoveries`, and `broken`, the share of crashes and timeouts.
    """
    bounds = (splices["control"] == BOUND) | (
        (splices["family"] == "layers") & (splices["edit"] == NO_EDIT) & (splices["control"] == NO_CONTROL)
    )
    listed = _listed(splices)
    scored = custom[custom["problem"] == ""].drop(columns="problem")
    rows = with_recovery(pd.concat([splices[listed | bounds], scored], ignore_index=True))
    found = recoveries(rows[_listed(rows) | (rows["family"] == CUSTOM)])
    return found.assign(broken=found["share_crash"] + found["share_timeout"])


def _problem(custom: pd.DataFrame, runs: int) -> str:
    """What keeps one edit of one arm from having a score, or nothing.

    Args:
        custom: its rows of the custom_edits table.
        runs: runs of the arm.
    """
    failed = custom[custom["problem"] != ""].drop_duplicates("seed")
    if len(failed):
        first = failed.iloc[0]
        return (
            f"{first['problem']} (failed in {len(failed)} of {runs} runs, first in seed {first['seed']}, phase "
            f"{first['donor_phase']} into {first['recipient_phase']})"
        )
    scored = custom["seed"].nunique()
    if scored < runs:
        return f"it declines {runs - scored} of {runs} runs of the arm; an edit takes all runs of an arm or none"
    return ""


def _middle(recoveries: pd.Series) -> float:
    """Interquartile mean over the seeds that have one."""
    found = recoveries.dropna().to_numpy(dtype=float)
    return float(interquartile_mean(found)) if len(found) else np.nan


def _score(rows: pd.DataFrame) -> dict:
    """Numbers of one edit of one arm, from its rows of `by_seed`."""
    own = rows[rows["control"] == NO_CONTROL].set_index("seed")
    values = own["recovery"].to_numpy(dtype=float)
    by_control = rows.pivot(index="control", columns="seed", values="recovery")[own.index]
    fair = by_control.loc[[name for name in FAIR if name in by_control.index]].dropna(how="all")
    if fair.empty:
        strongest, beaten = "", np.full(len(values), np.nan)
    else:
        strongest = fair.index[int(fair.agg(_middle, axis=1).argmax())]
        beaten = fair.loc[strongest].to_numpy(dtype=float)
    intervals = each_over_seeds(np.stack([values, beaten, values - beaten]))
    return {
        "seeds": int((~np.isnan(values)).sum()),
        "size": float(own["size"].mean()),
        "norm": float(own["norm"].mean()),
        **{
            column: value
            for columns, interval in zip(_INTERVALS, intervals, strict=True)
            for column, value in zip(columns, interval, strict=True)
        },
        "control": strongest,
        "p": float(exact_paired_tests(values[None], beaten[None])[0]),
        "complement_recovery": _middle(by_control.loc["complement"]) if "complement" in by_control.index else np.nan,
        "broken": float(interquartile_mean(own["broken"].to_numpy())),
        "problem": "",
    }


def leaderboard(runs: pd.DataFrame, custom: pd.DataFrame) -> pd.DataFrame:
    """One row an arm and edit, the highest recovery first; edits without a score last, with their problem.

    An edit that fails in some runs of an arm, or declines some, has no score there: those of the runs that it mastered
    would be of runs that it chose. One that declines all runs is left out.

    Args:
        runs: what `by_seed` gives.
        custom: the custom_edits table.

    Returns:
        The leaderboard table. The strongest control is the one with the highest recovery, and `p` is of the exact
        paired test that the edit recovers no more than that; `p_holm` is corrected for the arm's listed edits.
    """
    parts = []
    for arm, of_arm in runs.groupby("arm", sort=False):
        mine = custom[custom["arm"] == arm]
        problems = {edit: _problem(rows, of_arm["seed"].nunique()) for edit, rows in mine.groupby("edit", sort=False)}
        problems = {edit: problem for edit, problem in problems.items() if problem}
        sound = of_arm[(of_arm["family"] != CUSTOM) | ~of_arm["edit"].isin(list(problems))]
        rows = [
            {**dict(zip(_EDIT, key, strict=True)), **_score(group)}
            for key, group in sound.groupby(_EDIT, sort=False, dropna=False)
        ]
        ranked = pd.DataFrame(rows).sort_values("recovery", ascending=False, kind="stable", na_position="last")
        place = pd.Series(range(1, len(ranked) + 1), ranked.index).where(ranked["recovery"].notna())
        ranked = ranked.assign(
            place=place.astype("Int64"), p_holm=holm(ranked["p"].to_numpy()), tried=int(ranked["p"].notna().sum())
        )
        nothing = {"arm": arm, "family": CUSTOM, "seeds": 0, "control": "", "tried": 0}
        failed = [{**nothing, "edit": edit, "problem": problem} for edit, problem in problems.items()]
        parts.append(pd.DataFrame(ranked.to_dict("records") + failed, columns=ranked.columns))
    table = pd.concat(parts, ignore_index=True)
    return table.assign(place=table["place"].astype("Int64"))


def entries(runs: pd.DataFrame, board: pd.DataFrame) -> pd.DataFrame:
    """The runs behind the leaderboard: a row for each listed edit in each run, beside its strongest control there.

    Args:
        runs: what `by_seed` gives.
        board: what `leaderboard` gives.
    """
    listed = board.loc[board["problem"] == "", [*_EDIT, "control"]]
    is_own = runs["control"] == NO_CONTROL
    own = runs.loc[is_own, [*_EDIT, "seed", "recovery", "size", "broken"]]
    beside = runs.loc[~is_own, [*_EDIT, "seed", "control", "recovery"]].rename(columns={"recovery": "control_recovery"})
    return listed.merge(own, on=_EDIT).merge(beside, on=[*_EDIT, "seed", "control"], how="left")
