"""How much of the donor's choice an edit brings, over pairs, seeds and controls: from the splices table."""

import numpy as np
import pandas as pd

from goalsplice.analysis.statistics import each_over_seeds, exact_paired_tests, holm, interquartile_mean, over_seeds
from goalsplice.settings.labels import BOUND, NO_CONTROL, NO_EDIT
from goalsplice.settings.recovery import SMALLEST_GAP
from goalsplice.world.vocabulary import OBJECTIVES

FAIR = ("turned", "shuffled", "noise", "random_sites", "same_goal", "untrained", "equal_effort")
"""Controls that an edit has to beat. Three ask other questions: `complement`, whether the edit is necessary;
`other_seed`, whose donor has the donor's goal too, whether runs write their goals alike; and `longer_effort`, which
spends more on its values than the edit did on its places, how far random places can be brought at all."""

_PAIR = ["arm", "seed", "recipient_phase", "donor_phase"]
_EDIT = ["family", "edit", "dose", "control"]
_MEASURES = ["recovery", "share", "share_crash", "share_timeout", "mean_length", "size", "norm"]
_COMPETENCE = ["share_crash", "share_timeout", "mean_length"]
COLUMNS = [
    *_PAIR,
    "donor_objective",
    *_EDIT,
    *(f"share_{colour}" for colour in OBJECTIVES),
    *(measure for measure in _MEASURES if measure not in ("recovery", "share")),
]
"""Columns of the splices table that recoveries are measured from."""

SUFFICIENT = 0.95
"""Recovery that counts as all of the donor's choice."""


def donors_share(rows: pd.DataFrame) -> pd.Series:
    """Share of episodes that take the donor's colour: `share_blue` where `donor_objective` is blue, and so on."""
    objectives = rows["donor_objective"]
    share = pd.Series(np.nan, rows.index)
    for name in objectives.unique():
        share = share.where(objectives != name, rows[f"share_{name}"])
    return share


def with_recovery(splices: pd.DataFrame) -> pd.DataFrame:
    """The splices table with `share`, of episodes that take the donor's colour, and `recovery`.

    Recovery is that share, scaled so that the unedited recipient has 0 and the donor 1, both on the levels that the
    row's network played. It is NaN where the two differ by less than `SMALLEST_GAP` on the edits' levels, for edits and
    their controls alike, so that both are of the same pairs. Where they differ by that little on the controls' levels
    alone, which are fewer, the edits' difference scales the controls too. Rows of the bounds drop out.
    """
    rows = splices.assign(share=donors_share(splices))
    layers = rows[(rows["family"] == "layers") & (rows["control"] == NO_CONTROL)]
    whole = layers[layers["edit"].str.count(r"\+") == 3]
    bounds = rows[rows["control"] == BOUND]
    found = {
        (True, "floor"): layers[layers["edit"] == NO_EDIT],
        (True, "ceiling"): whole,
        (False, "floor"): bounds[bounds["edit"] == NO_EDIT],
        (False, "ceiling"): bounds[bounds["edit"] == "donor"],
    }
    rows = rows[rows["control"] != BOUND]
    is_edit = (rows["control"] == NO_CONTROL).to_numpy()
    pairs = pd.MultiIndex.from_frame(rows[_PAIR])
    shares = {key: bound.set_index(_PAIR)["share"].reindex(pairs).to_numpy() for key, bound in found.items()}
    gap, controls_gap = (shares[edit, "ceiling"] - shares[edit, "floor"] for edit in (True, False))
    floor = np.where(is_edit, shares[True, "floor"], shares[False, "floor"])
    scale = np.where(~is_edit & (controls_gap >= SMALLEST_GAP), controls_gap, gap)
    recovery = (rows["share"] - floor) / np.where(gap >= SMALLEST_GAP, scale, np.nan)
    return rows.assign(recovery=recovery)


def recoveries(splices: pd.DataFrame) -> pd.DataFrame:
    """One row a run, edit and control: means over pairs of phases, directions and draws.

    Args:
        splices: what `with_recovery` gives.
    """
    groups = splices.groupby(["arm", "seed", *_EDIT], sort=False, dropna=False)
    means = groups[_MEASURES].mean()
    counts = {"networks": groups.size(), "networks_with_recovery": groups["recovery"].count()}
    return means.assign(**counts).reset_index()


def effects(by_seed: pd.DataFrame) -> pd.DataFrame:
    """One row an arm, edit and control: statistics over seeds, and for controls the test of the edit against them.

    `p` is of the exact paired test that the edit recovers no more than this control; `p_holm` is corrected for all
    edits of the family that were tried against this control, of which there are `tried`.

    Args:
        by_seed: what `recoveries` gives.
    """
    return pd.concat([_effects_of_arm(rows) for _, rows in by_seed.groupby("arm", sort=False)], ignore_index=True)


def _effects_of_arm(by_seed: pd.DataFrame) -> pd.DataFrame:
    keys = ["arm", *_EDIT]
    # A number in place of a missing dose: groups are looked up by it below.
    rows = by_seed.assign(dose=by_seed["dose"].fillna(np.inf))
    groups = rows.groupby(keys, sort=False)
    frame = groups[["size", "norm"]].mean()

    def by_seeds(column: str) -> np.ndarray:
        return rows.pivot(index=keys, columns="seed", values=column).reindex(frame.index).to_numpy(dtype=float)

    recovery, share = by_seeds("recovery"), by_seeds("share")
    frame["seeds"] = (~np.isnan(recovery)).sum(axis=1)
    for name, values, statistic in (
        ("recovery", recovery, interquartile_mean),
        ("mean_recovery", recovery, np.mean),
        ("share", share, interquartile_mean),
    ):
        frame[[name, f"{name}_low", f"{name}_high"]] = each_over_seeds(values, statistic)
    for name in _COMPETENCE:
        # A seed may lack a control: a study of few phases has no other of the same goal.
        frame[name] = [float(interquartile_mean(values[~np.isnan(values)])) for values in by_seeds(name)]
    frame = frame.reset_index()

    labels = list(frame[keys].itertuples(index=False, name=None))
    place = {label: number for number, label in enumerate(labels)}
    own = recovery[[place[(*label[:-1], NO_CONTROL)] for label in labels]]
    frame["p"] = np.where(frame["control"] == NO_CONTROL, np.nan, exact_paired_tests(own, recovery))
    tests = frame.groupby(["family", "control"], sort=False)["p"]
    frame = frame.assign(p_holm=tests.transform(lambda p: holm(p.to_numpy())), tried=tests.transform("count"))
    return frame.assign(dose=frame["dose"].replace(np.inf, np.nan))


def _middle(values: pd.Series) -> float:
    return over_seeds(values.to_numpy()).estimate


def _half(rows: pd.DataFrame, part: int) -> pd.DataFrame:
    """Every second run and, of its pairs, every second: part 0 the first of each two, part 1 the others."""
    pair = pd.Series(list(map(frozenset, zip(rows["recipient_phase"], rows["donor_phase"], strict=True))), rows.index)
    pairs, seeds = list(pair.unique()), list(rows["seed"].unique())
    chosen = rows["seed"].isin(seeds[part::2]) if len(seeds) > 1 else pd.Series(True, rows.index)
    return rows[chosen & pair.isin(pairs[part::2])] if len(pairs) > 1 else rows[chosen]


def smallest(splices: pd.DataFrame) -> pd.DataFrame:
    """The smallest dose of each edit that recovers `SUFFICIENT`, found on half of the data, scored on the other half.

    Found: the first dose at which the interquartile mean over seeds gets there, on every second seed and pair of
    phases. Scored: that dose, on the other seeds and pairs. Without any such dose the row's numbers are missing.

    Args:
        splices: what `with_recovery` gives.
    """
    rows = splices[(splices["control"] == NO_CONTROL) & splices["dose"].notna() & (splices["family"] != "path")]
    out = []
    for (arm, family, edit), group in rows.groupby(["arm", "family", "edit"], sort=False):
        trial, check = _half(group, 0), _half(group, 1)
        by_dose = trial.groupby(["dose", "seed"])["recovery"].mean().groupby("dose").agg(_middle)
        enough = by_dose[by_dose >= SUFFICIENT].index
        row = {"arm": arm, "family": family, "edit": edit, "dose": np.nan, "size": np.nan, "found_recovery": np.nan}
        interval, seeds = over_seeds(np.array([])), 0
        if len(enough):
            scored = check[check["dose"] == enough.min()]
            values = scored.groupby("seed")["recovery"].mean().to_numpy()
            interval, seeds = over_seeds(values), int((~np.isnan(values)).sum())
            row |= {"dose": enough.min(), "size": scored["size"].mean(), "found_recovery": by_dose[enough.min()]}
        out.append({**row, "seeds": seeds, "recovery": interval.estimate, "low": interval.low, "high": interval.high})
    return pd.DataFrame(out)
