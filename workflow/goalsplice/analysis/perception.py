"""Whether an edit changed what an agent wants, or what it sees: what probes read in the edited network, and verdicts.

The colours of this world are alike but for what they pay. So an agent that wants yellow, and one that wants purple and
sees the two exchanged, do the same on every level: no test of what they do alone can tell them apart. What can differ
is what is inside. docs/goal_or_perception.md works out what each test can tell, and what it cannot.

| test | asks |
|---|---|
| `alone` | does the edited network take the target at all? |
| `change` | which layers' weights does the edit change? |
| `probe` | does a linear probe of the unedited network still find a key (`correct`), or another one (`swapped`)? |
| `distance` | how far are activations from those that training left? |
| `composition` | with the run's own next switch added: is the colour taken that the switch is to? |

A probe is judged against networks for which the answer is known: the exchange of the two colours in the input is a
change of perception by construction, and a network that was trained to another colour has another goal. On these the
composition answers the wrong way round, so no verdict rests on it.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from goalsplice.analysis.statistics import Interval, over_seeds
from goalsplice.settings.labels import (
    ALONE,
    CHANGE,
    COMPOSITION,
    CORRECT,
    FINETUNED,
    NEW,
    OTHER,
    PROBE,
    SWAPPED,
    SWITCH,
    TARGET,
    THIRD,
    TRAINED,
    UNEDITED,
)

PERCEPTION, GOAL, BETWEEN, INCONCLUSIVE, NO_EFFECT = "perception", "goal", "between", "inconclusive", "no effect"
"""The verdicts: see `verdicts`."""

COLUMNS = ["arm", "seed", "phase", "wanted", "target", "family", "edit", "test", "layer", "what", "value", "reference"]
"""Columns of the perception table that verdicts are made from."""

_EDIT = ["towards", "family", "edit"]
"""Columns that tell edits apart within an arm, once `towards` is there."""

EFFECT = 1 / 3
"""Share of the target above which an edit has an effect: that of an agent to which three keys are alike."""

READABLE = 0.1
"""By how much `correct` must exceed `swapped` in the unedited network for a probe to be considered."""


def sides(perception: pd.DataFrame) -> pd.DataFrame:
    """On which side each reading is, for each run: 1 as in the unedited network, 0 undecided, -1 as if exchanged.

    That is `correct` less `swapped`, in parts of the same in the unedited network, each a mean over phases.

    Returns:
        arm, seed, towards (see `towards`), family, edit, layer, key (target or wanted), side, and `margin`, the
        unedited network's `correct` less `swapped`.
    """
    rows = perception.assign(towards=towards(perception))
    rows = rows[rows["test"] == PROBE]
    rows[["key", "reading"]] = rows["what"].str.split(" ", expand=True)
    index = ["arm", "seed", *_EDIT, "layer", "key"]
    wide = rows[rows["key"] != THIRD].pivot_table(
        index=index, columns="reading", values=["value", "reference"], sort=False
    )
    margin = wide["reference", CORRECT] - wide["reference", SWAPPED]
    mine = wide["value", CORRECT] - wide["value", SWAPPED]
    return pd.DataFrame({"side": mine / margin.where(margin != 0), "margin": margin}).reset_index()


def towards(perception: pd.DataFrame) -> np.ndarray:
    """For each row whether its target is a colour that its arm was trained on: `trained`, else `new`."""
    trained = perception.groupby("arm")["wanted"].agg(set)
    known = [target in trained[arm] for arm, target in zip(perception["arm"], perception["target"], strict=True)]
    return np.where(known, TRAINED, NEW)


def informative(perception: pd.DataFrame) -> pd.DataFrame:
    """The readings that can tell an edit of the goal from one of perception, for each arm.

    A reading is a hidden layer and a key, target or wanted. It is informative where

    - the unedited network is readable: `correct` exceeds `swapped` by `READABLE`, over seeds;
    - known changes of the goal leave it right: the side of trained/switch is significantly above 0 (see `verdicts`),
      and towards a new colour that of trained/fine-tuned too, if it is there.

    Elsewhere being swapped is no sign of a change of perception: a layer that holds the place of the wanted key in one
    code, whichever colour is wanted, is "swapped" by training, too.

    Returns:
        arm, towards, layer, key, and the least of the sides: estimate, low, high.
    """
    every = sides(perception)
    own = every[(every["family"] == UNEDITED[0]) & (every["edit"] == UNEDITED[1])]
    known = every[every["family"] == SWITCH[0]]
    found = {name: over_seeds(mine["side"].to_numpy()) for name, mine in known.groupby(["arm", "edit", "layer", "key"])}
    rows = []
    for (arm, toward, layer, key), mine in own.groupby(["arm", "towards", "layer", "key"], sort=False):
        names = [SWITCH[1]] if toward == TRAINED else [SWITCH[1], FINETUNED[1]]
        goals = [found[arm, name, layer, key] for name in names if (arm, name, layer, key) in found]
        readable = over_seeds(mine["margin"].to_numpy()).estimate >= READABLE
        if goals and readable and all(_significant_side(side) > 0 for side in goals):
            rows.append({"arm": arm, "towards": toward, "layer": layer, "key": key, **min(goals)._asdict()})
    return pd.DataFrame(rows, columns=["arm", "towards", "layer", "key", *Interval._fields])


def _significant_side(found: Interval) -> int:
    """1 or -1 where the whole interval is above or below 0, else 0; of a single seed, by its value."""
    low, high = (found.estimate if np.isnan(end) else end for end in (found.low, found.high))
    return int(low > 0) - int(high < 0)


def verdicts(perception: pd.DataFrame) -> pd.DataFrame:
    """What each edit changes, by rules that were fixed before the reported runs were looked at.

    An edit of weights is considered in the hidden layers from the first that it changes on; before it, the network is
    as it was. With no weights changed, all layers count. There, among the readings that are `informative`, the first
    rule holds that fits:

    1. `no effect`: the target is not taken more often than `EFFECT`; there is nothing to explain.
    2. `inconclusive`: no reading is informative.
    3. `perception`: in the first layer with informative readings, all of them are significantly swapped.
    4. `goal`: all informative readings, of all these layers, are significantly right.
    5. `between`: anything else.

    *Significantly*: the 95 % interval over seeds of the side (`sides`) is on one side of 0.

    Args:
        perception: the table, with the columns arm and seed.

    Returns:
        arm, towards, family, edit, first (layer that is changed; empty for none), readings (those considered, with
        their sides, as "layer1 target -0.98 [-0.99, -0.97]; ..."), episode_share_target, composed (what the next
        switch brings of its colour, in parts of what it brings in the unedited network; missing where it was not tried)
        and verdict. trained/switch and trained/fine-tuned are the measure and have none.
    """
    considered = dict(iter(informative(perception).groupby(["arm", "towards"])))
    of_edit = dict(iter(sides(perception).groupby(["arm", *_EDIT])))
    rows = []
    labelled = perception.assign(towards=towards(perception))
    for name, mine in labelled.groupby(["arm", *_EDIT], sort=False):
        arm, toward, *which = name
        if tuple(which) in (SWITCH, FINETUNED):
            continue
        first = min(mine[(mine["test"] == CHANGE) & (mine["value"] > 0)]["layer"], default="")
        found = of_edit[name].groupby(["layer", "key"])["side"]
        readings = {}
        if (arm, toward) in considered:
            for reading in considered[arm, toward][["layer", "key"]].itertuples(index=False, name=None):
                if reading[0] >= first:
                    readings[reading] = over_seeds(found.get_group(reading).to_numpy())
        share = _over(mine, ALONE, TARGET)
        composed = _over(mine, COMPOSITION, OTHER, relative=True)
        said = (
            f"{layer} {key} {side.estimate:.2f} [{side.low:.2f}, {side.high:.2f}]"
            for (layer, key), side in readings.items()
        )
        rows.append(
            {
                **dict(zip(["arm", *_EDIT], name, strict=True)),
                **{"first": first, "readings": "; ".join(said), "episode_share_target": share, "composed": composed},
                "verdict": _verdict(readings, share),
            }
        )
    return pd.DataFrame(rows)


def _verdict(readings: Mapping[tuple[str, str], Interval], share: float) -> str:
    if share <= EFFECT:
        return NO_EFFECT
    if not readings:
        return INCONCLUSIVE
    first = min(layer for layer, _ in readings)
    if all(_significant_side(side) < 0 for (layer, _), side in readings.items() if layer == first):
        return PERCEPTION
    if all(_significant_side(side) > 0 for side in readings.values()):
        return GOAL
    return BETWEEN


def _over(rows: pd.DataFrame, test: str, what: str, relative: bool = False) -> float:
    """Interquartile mean over seeds of their means over phases, or of these in parts of the unedited network's."""
    found = rows[(rows["test"] == test) & (rows["what"] == what)].groupby("seed")[["value", "reference"]].mean()
    values = found["value"] / found["reference"] if relative else found["value"]
    return over_seeds(values.to_numpy()).estimate
