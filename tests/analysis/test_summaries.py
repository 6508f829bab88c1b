"""Tables over seeds are of the right rows."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from goalsplice.analysis.over_seeds import with_runs
from goalsplice.analysis.publishing import rows_over_seeds
from goalsplice.analysis.summaries import (
    colour_exchanges,
    evaluation,
    finetuning,
    perception,
    probes,
    transfer,
    weight_changes,
)
from goalsplice.analysis.summaries.finetuning import rollouts_until
from goalsplice.settings.labels import CORRECT, SWAPPED

VALUES = st.floats(-1, 1)
READINGS = (CORRECT, SWAPPED)


def published(summary, rows, late=18):
    """What is published of a table of runs: its rows over seeds."""
    (name,) = summary.TABLES
    values = summary.values({name: pd.DataFrame(rows)}, {"late": range(late, 24), "threshold": 0.8})
    return rows_over_seeds(with_runs(values, summary.KEYS, getattr(summary, "OTHER", "")))


def transfer_row(seed, source_seed, target_phase, share, aligned="unaligned"):
    return {
        "arm": "a",
        "seed": seed,
        "source_seed": source_seed,
        "target_phase": target_phase,
        "source_recipient_phase": 18,
        "source_donor_phase": 19,
        "recipient_objective": "blue",
        **{"floor": 0.0, "ceiling": 1.0, "episode_share_donor": share},
        "part": "all",
        "aligned": aligned,
        "control": "no_control",
        "donor_objective": "purple",
    }


def test_transfers_are_grouped_by_their_target():
    rows = [
        transfer_row(1, 1, 18, 1.0),
        transfer_row(1, 1, 20, 0.8),
        transfer_row(1, 1, 4, 0.2),
        transfer_row(1, 2, 18, 0.1),
        transfer_row(2, 1, 18, 0.3),
        transfer_row(1, 2, 18, 0.6, aligned="matched"),
    ]
    out = published(transfer, rows).set_index(["target", "aligned"])["interquartile_mean"]
    assert out[("own recipient", "unaligned")] == 1
    assert out[("other late phase", "unaligned")] == pytest.approx(0.8)
    assert out[("early phase", "unaligned")] == pytest.approx(0.2)
    assert out[("other run", "unaligned")] == pytest.approx(0.2)
    assert out[("other run", "matched")] == pytest.approx(0.6)


def test_between_runs_it_is_runs_that_are_resampled():
    """A source's vectors do equally well everywhere: seeds are nearly alike, and say nothing of another source."""
    seeds = range(8)
    rows = [transfer_row(seed, source, 18, source / 10) for seed in seeds for source in seeds if seed != source]
    (out,) = published(transfer, rows).to_dict("records")
    assert (out["target"], out["seeds"]) == ("other run", 8)
    assert out["interquartile_mean"] == pytest.approx(0.35)
    assert out["highest_seed"] - out["lowest_seed"] == pytest.approx(0.1)
    assert out["high"] - out["low"] > 0.25


def test_probes_are_grouped_by_what_was_learned_and_read():
    known = {
        "arm": "a",
        "seed": 1,
        "control": "no_control",
        "probe": "transferred_place",
        "layer": "layer3",
        "train_phases": "12",
        "test_phases": "20",
        "classes": 20,
    }
    role = {"train_objective": "blue", "train_key": "blue", "test_objective": "purple", "test_key": "purple"}
    colour = {**role, "train_key": "purple"}
    rows = [{**known, **role, "balanced_accuracy": 0.9}, {**known, **colour, "balanced_accuracy": 0.1}]
    out = published(probes, rows).set_index(["same_key", "learned_wanted", "reads_wanted"])
    assert out.loc[(False, True, True), "interquartile_mean"] == pytest.approx(0.9)
    assert out.loc[(True, False, True), "interquartile_mean"] == pytest.approx(0.1)


def test_colour_exchanges_are_of_the_trained_colours_or_of_others():
    rows = [
        {"arm": "a", "seed": 1, "recipient_phase": phase, "basis": "columns", "colour": one, "other_colour": other}
        | {"cosine_of_changes": value, "contrast_cosine": value, "variance_share": value}
        | {"recipient_objective": "blue", "donor_objective": "purple"}
        for phase, one, other, value in (
            (18, "blue", "purple", -0.9),
            (18, "blue", "red", 0.1),
            (18, "green", "red", 0.5),
            (2, "blue", "purple", 0.9),
        )
    ]
    out = published(colour_exchanges, rows).set_index(["colours", "measure"])["interquartile_mean"]
    assert out[("trained colours", "contrast_cosine")] == pytest.approx(-0.9), "early phases are left out"
    assert out[("one of them and another", "variance_share")] == pytest.approx(0.1)
    assert out[("two others", "variance_share")] == pytest.approx(0.5)


def test_weight_changes_are_of_late_switches():
    rows = [
        {"arm": "a", "seed": 1, "recipient_phase": phase, "grouping": "tensor", "part": part, "active_weights": active}
        | {"variance_share": share, "tensor_variance_share": 1.0, "stable_rank": 2.0, "effective_rank": 20.0}
        | {"permuted_stable_rank": 3.0, "permuted_effective_rank": 30.0, "view_row": np.nan, "view_column": np.nan}
        | {"recipient_objective": "blue", "donor_objective": "purple"}
        for phase, layer1 in ((2, 0.1), (18, 0.8), (19, 0.6))
        for part, share, active in (("layer1.weight", layer1, 6), ("layer1.bias", 0.1, 2), ("layer2.bias", 0.05, 2))
    ]
    out = published(weight_changes, rows).set_index(["grouping", "part", "measure"])["interquartile_mean"]
    assert out[("tensor", "layer1.weight", "variance_share")] == pytest.approx(0.7)
    assert out[("layer", "layer1.weight", "variance_share")] == pytest.approx(0.7)
    assert out[("layer", "biases", "variance_share")] == pytest.approx(0.15), "all of them"
    assert out[("layer", "biases", "even_variance_share")] == pytest.approx(0.4)
    assert out[("layer", "layer1.weight", "permuted_stable_rank")] == 3


def test_finetuning_says_how_long_a_colour_takes():
    rows = [
        {
            **{"arm": "a", "seed": seed, "phase": 23, "wanted": "purple", "towards": towards, "rollout": rollout},
            **{"return_objective": rollout / (10 if towards == "new" else 5)},
            **{
                "distance": float(rollout),
                "layer1_variance_share": 0.5,
                "episode_share_crash": 0.01,
                "episode_share_timeout": 0.02,
            },
            **{"episode_share_objective": rollout / 10},
        }
        for seed in range(3)
        for towards in ("new", "trained")
        for rollout in range(10)
    ]
    found = published(finetuning, pd.DataFrame(rows).reindex(columns=finetuning.TABLES["finetuning"], fill_value=0.0))
    found = found.set_index(["towards", "measure"])
    middle = found["interquartile_mean"]
    assert middle[("new", "rollouts until 0.8")] == 8
    assert middle[("trained", "rollouts until 0.8")] == 4
    assert middle[("new", "distance")] == 9
    assert ("new", "rollouts until 0.95") not in found.index, "it does not get there"
    assert middle[("trained", "rollouts until 0.95")] == 5


def test_perceptions_are_towards_the_new_colour():
    known = {"arm": "a", "phase": 18, "family": "preregistered", "edit": "x", "test": "alone", "layer": "", "what": "y"}
    rows = [
        {**known, "seed": seed, "target": target, "wanted": wanted, "value": value}
        for seed in range(2)
        for wanted in ("blue", "purple")
        for target, value in (("yellow", 0.9), ("blue" if wanted == "purple" else "purple", 0.1))
    ]
    rows += [{**row, "test": "probe", "layer": "layer1", "what": f"target {what}"} for row in rows for what in READINGS]
    found = published(perception, pd.DataFrame(rows).assign(chance=np.nan, reference=0.5))
    (new,) = found.query("test == 'alone' and towards == 'new'").to_dict("records")
    assert new["interquartile_mean"] == pytest.approx(0.9)
    assert not found["informative"].any(), "nothing is known to be a change of the goal"


def test_shares_are_of_the_later_half_and_of_each_phase():
    """The objective's, and those of the colours that the table happens to have."""
    known = {"arm": "a", "level_distribution": "training", "action_selection": "greedy"}
    rows = [
        {**known, "seed": seed, "phase": phase, "objective": ("blue", "purple")[phase % 2]}
        | {"episode_share_objective": phase / 10, "episode_share_blue": 0.5, "episode_share_red": 0.25}
        | dict.fromkeys(("episode_share_other", "episode_share_crash", "episode_share_timeout"), 0.0)
        for seed in range(3)
        for phase in range(4)
    ]
    values = evaluation.values({"evaluation": pd.DataFrame(rows)}, {})
    over = with_runs(values, evaluation.KEYS).query("seed.isna()").set_index(["measure", "objective"])
    later, of_phases = over[over["phase"].isna()]["value"], over.dropna(subset="phase")
    assert later["episode_share_objective"].to_dict() == pytest.approx({"blue": 0.2, "purple": 0.3})
    own = of_phases.loc["episode_share_objective"].sort_values("phase")["value"]
    assert own.tolist() == pytest.approx([0, 0.1, 0.2, 0.3])
    assert later["episode_share_blue"].tolist() == [0.5, 0.5]
    assert later["episode_share_red"].tolist() == [0.25, 0.25]
    assert "episode_share_green" not in over.index


@given(st.lists(VALUES, min_size=1), VALUES)
def test_a_level_is_reached_first_where_it_was_below_before(returns, level):
    found = rollouts_until(returns, level)
    if np.isnan(found):
        assert max(returns) < level
    else:
        assert returns[int(found)] >= level
        assert all(value < level for value in returns[: int(found)])


@given(st.lists(VALUES, min_size=1), VALUES, VALUES)
def test_a_higher_level_is_not_reached_sooner(returns, one, other):
    low, high = (rollouts_until(returns, level) for level in sorted((one, other)))
    assert np.isnan(high) or low <= high


def test_a_missing_level_or_return_is_never_reached():
    assert np.isnan(rollouts_until([0.1, 0.9], np.nan))
    assert rollouts_until([np.nan, 0.9], 0.8) == 1
    assert rollouts_until([0.9], 0.8) == 0
