"""The configuration's own edits beside some of the study's, ranked by how much of the donor's choice they recover."""

import numpy as np
import pandas as pd

from goalsplice.analysis.over_seeds import against_controls, summarise
from goalsplice.analysis.recovery import recoveries, with_recovery
from goalsplice.settings.labels import EXCHANGE, FAIR, INTERPOLATION, NO_CONTROL, NO_EDIT, TRAINED_COLOURS

CUSTOM = "custom"
REFERENCES = pd.DataFrame(
    [
        ("layers", "layer1", np.nan),
        ("layers", "layer1+layer2", np.nan),
        ("layers", "layer1+layer2+layer3+layer4", np.nan),
        ("inputs", TRAINED_COLOURS, np.nan),
        ("inputs", "colour", np.nan),
        ("inputs", EXCHANGE, np.nan),
        ("units", "incoming, by attribution", 32.0),
        ("weights", "by attribution", 0.01),
        ("weights", "by attribution", 0.03),
        ("rank", "all layers", 4.0),
        (INTERPOLATION, "whole actor", 0.5),
    ],
    columns=["family", "edit", "dose"],
)
"""The study's own edits that are listed: from each family one or two that say something of its best. An encoding may
lack some."""

_EDIT = ["arm", "family", "edit", "dose"]


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
        The columns of `recovery.recoveries`.
    """
    floor = (splices["family"] == "layers") & (splices["edit"] == NO_EDIT) & (splices["control"] == NO_CONTROL)
    listed = _listed(splices)
    scored = custom[custom["problem"] == ""].drop(columns="problem")
    rows = with_recovery(pd.concat([splices[listed | floor], scored], ignore_index=True))
    return recoveries(rows[_listed(rows) | (rows["family"] == CUSTOM)])


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


def _strongest(over: pd.DataFrame) -> pd.DataFrame:
    """Of each edit the `FAIR` control with the highest recovery over seeds, if it has one: `_EDIT` and control.

    Args:
        over: recovery over seeds, a row an edit and control.
    """
    fair = over[over["control"].isin(FAIR)].dropna(subset="recovery")
    # Of equal ones the first in the order of `FAIR`.
    fair = fair.sort_values("control", key=lambda names: names.map(FAIR.index), kind="stable")
    fair = fair.sort_values("recovery", ascending=False, kind="stable")
    return fair.drop_duplicates(_EDIT)[[*_EDIT, "control"]]


def _scores(runs: pd.DataFrame) -> pd.DataFrame:
    """Numbers of an arm's edits, a row each in order, from their rows of `by_seed`."""
    order = list(dict.fromkeys(runs["seed"]))
    over = summarise(runs, [*_EDIT, "control"], ["recovery"], middles=["broken"], order=order)
    own = over[over["control"] == NO_CONTROL].drop(columns="control")
    mine = runs[runs["control"] == NO_CONTROL]
    sizes = mine.groupby(_EDIT, sort=False, dropna=False)[["size", "norm"]].mean().reset_index()
    strongest = _strongest(over)
    beaten = runs.merge(strongest, on=[*_EDIT, "control"])
    # An edit's question is one, whichever control is its strongest: so all tests of the arm are one family.
    tests = against_controls(pd.concat([mine, beaten]), _EDIT, "recovery", ["arm"], order=order)
    columns = {"recovery": "control_recovery", "recovery_low": "control_low", "recovery_high": "control_high"}
    controls = over.merge(strongest, on=[*_EDIT, "control"])[[*_EDIT, "control", *columns]].rename(columns=columns)
    controls = controls.merge(tests, on=[*_EDIT, "control"])
    complement = over[over["control"] == "complement"][[*_EDIT, "recovery"]]
    complement = complement.rename(columns={"recovery": "complement_recovery"})
    found = own.merge(sizes, on=_EDIT, how="left").merge(controls, on=_EDIT, how="left")
    found = found.merge(complement, on=_EDIT, how="left")
    return found.assign(control=found["control"].fillna(""), tried=int(tests["p"].notna().sum()), problem="")


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
        ranked = _scores(sound).sort_values("recovery", ascending=False, kind="stable", na_position="last")
        place = pd.Series(range(1, len(ranked) + 1), ranked.index).where(ranked["recovery"].notna())
        ranked = ranked.assign(place=place.astype("Int64"))
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
