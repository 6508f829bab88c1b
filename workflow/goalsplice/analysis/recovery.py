"""How much of the donor's choice an edit brings, over pairs, seeds and controls: from the splices table."""

import numpy as np
import pandas as pd

from goalsplice.analysis.over_seeds import against_controls, summarise
from goalsplice.settings.labels import FAIR, INTERPOLATION, NO_CONTROL, NO_EDIT, SUFFICIENT
from goalsplice.settings.recovery import SMALLEST_GAP

_PAIR = ["arm", "seed", "recipient_phase", "donor_phase"]
_EDIT = ["family", "edit", "dose", "control"]
_COMPETENCE = ["episode_share_crash", "episode_share_timeout", "mean_length"]
_PLAYED = ["episode_share_donor", *_COMPETENCE, "size", "norm"]
_MEASURES = ["recovery", *_PLAYED]
COLUMNS = [*_PAIR, *_EDIT, *_PLAYED]
"""Columns of the splices table that recoveries are measured from."""


def with_recovery(splices: pd.DataFrame) -> pd.DataFrame:
    """The splices table with `recovery`.

    Recovery is the share of episodes that take the donor's colour, scaled so that the unedited recipient has 0 and the
    donor 1. It is NaN for pairs in which the two differ by less than `SMALLEST_GAP`.
    """
    layers = splices[(splices["family"] == "layers") & (splices["control"] == NO_CONTROL)]
    pairs = pd.MultiIndex.from_frame(splices[_PAIR])
    floor, ceiling = (
        rows.set_index(_PAIR)["episode_share_donor"].reindex(pairs).to_numpy()
        for rows in (layers[layers["edit"] == NO_EDIT], layers[layers["edit"].str.count(r"\+") == 3])
    )
    gap = ceiling - floor
    return splices.assign(
        recovery=(splices["episode_share_donor"] - floor) / np.where(gap >= SMALLEST_GAP, gap, np.nan)
    )


def recoveries(splices: pd.DataFrame) -> pd.DataFrame:
    """One row a run, edit and control: means over pairs of phases, directions and draws; `broken` is crash or timeout.

    Args:
        splices: what `with_recovery` gives.
    """
    groups = splices.groupby(["arm", "seed", *_EDIT], sort=False, dropna=False)
    means = groups[_MEASURES].mean()
    counts = {"networks": groups.size(), "networks_with_recovery": groups["recovery"].count()}
    return means.assign(broken=means["episode_share_crash"] + means["episode_share_timeout"], **counts).reset_index()


def effects(by_seed: pd.DataFrame) -> pd.DataFrame:
    """One row an arm, edit and control: values over seeds, and for controls the test of the edit against them.

    `p` is of the exact paired test that the edit recovers no more than this control; `p_holm` is corrected for all
    edits of the family that were tried against this control, of which there are `tried`. `worst_p_holm` of an edit is
    the largest of those of its `FAIR` controls.

    Args:
        by_seed: what `recoveries` gives.
    """
    return pd.concat([_effects_of_arm(rows) for _, rows in by_seed.groupby("arm", sort=False)], ignore_index=True)


def _effects_of_arm(by_seed: pd.DataFrame) -> pd.DataFrame:
    edit = ["arm", "family", "edit", "dose"]
    keys = ["arm", *_EDIT]
    values = ["recovery", "episode_share_donor", "broken"]
    frame = summarise(by_seed, keys, values, means=["recovery"], middles=_COMPETENCE)
    sizes = by_seed.groupby(keys, sort=False, dropna=False)[["size", "norm"]].mean().reset_index()
    tests = against_controls(by_seed, edit, "recovery", ["arm", "family", "control"])
    found = frame.merge(sizes, on=keys, how="left").merge(tests, on=keys, how="left")
    fair = found[found["control"].isin(FAIR)]
    worst = fair.groupby(edit, sort=False, dropna=False)["p_holm"].max().rename("worst_p_holm").reset_index()
    found = found.merge(worst, on=edit, how="left")
    return found.assign(worst_p_holm=found["worst_p_holm"].where(found["control"] == NO_CONTROL))


def _half(rows: pd.DataFrame, part: int) -> pd.DataFrame:
    """Every second run and, of its pairs, every second: part 0 the first of each two, part 1 the others."""
    pair = pd.Series(list(map(frozenset, zip(rows["recipient_phase"], rows["donor_phase"], strict=True))), rows.index)
    pairs, seeds = list(pair.unique()), list(rows["seed"].unique())
    chosen = rows["seed"].isin(seeds[part::2]) if len(seeds) > 1 else pd.Series(True, rows.index)
    return rows[chosen & pair.isin(pairs[part::2])] if len(pairs) > 1 else rows[chosen]


def _by_dose(rows: pd.DataFrame) -> pd.DataFrame:
    """Each run's recovery at each dose, the smallest dose first."""
    return rows.groupby(["dose", "seed"], as_index=False)["recovery"].mean()


def smallest(splices: pd.DataFrame) -> pd.DataFrame:
    """The smallest dose of each edit that recovers `SUFFICIENT`, found on half of the data, scored on the other half.

    Found: the first dose at which the interquartile mean over seeds gets there, on every second seed and pair of
    phases. Scored: that dose, on the other seeds and pairs. Without any such dose the row's numbers are missing.

    Args:
        splices: what `with_recovery` gives.
    """
    rows = splices[(splices["control"] == NO_CONTROL) & splices["dose"].notna() & (splices["family"] != INTERPOLATION)]
    missing = dict.fromkeys(("dose", "size", "found_recovery", "recovery", "low", "high"), np.nan)
    out = []
    for key, group in rows.groupby(["arm", "family", "edit"], sort=False):
        row = dict(zip(("arm", "family", "edit"), key, strict=True)) | missing | {"seeds": 0}
        found = summarise(_by_dose(_half(group, 0)), ["dose"], [], middles=["recovery"]).set_index("dose")["recovery"]
        enough = found.index[found >= SUFFICIENT]
        if len(enough):
            check = _half(group, 1)
            scored = check[check["dose"] == enough[0]]
            row |= {"dose": enough[0], "size": scored["size"].mean(), "found_recovery": found[enough[0]]}
            for over in summarise(_by_dose(scored), ["dose"], ["recovery"]).to_dict("records"):
                row |= {"low": over["recovery_low"], "high": over["recovery_high"]}
                row |= {name: over[name] for name in ("seeds", "recovery")}
        out.append(row)
    return pd.DataFrame(out)
