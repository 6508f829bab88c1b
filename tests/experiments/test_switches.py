"""Switches by hand, and how far apart two actors are."""

from dataclasses import replace

import pandas as pd
import pytest
import torch
import yaml

from goalsplice.agent.network import Agent
from goalsplice.agent.recipe import Recipe
from goalsplice.agent.runs import Checkpoint, Run
from goalsplice.experiments.switches import (
    RECOVERED,
    RETARGETING_COLUMNS,
    SWITCH_COLUMNS,
    Switches,
    last_switches,
    movement,
    spliced_edits,
)
from goalsplice.settings.recovery import SMALLEST_GAP
from goalsplice.settings.sections import Ablations, Retargeting

RETARGETING = Retargeting(
    **{"target": "yellow", "absent": "green", "strength": 1.3, "weight_share": 0.02},
    downstream={"onehot": "layer 2"},
    **{"draws": 2, "evaluations": 4, "levels": 12, "control_levels": 5, "control_precision": 0.0},
    level_distributions=("three_colours",),
    action_selection="sampling",
)


@pytest.fixture(scope="module")
def recipe(pytestconfig) -> Recipe:
    """The published recipe with small layers and a small view."""
    config = yaml.safe_load((pytestconfig.rootpath / "config.yaml").read_text())
    return Recipe(**{**config["recipe"], **config["arms"]["onehot"], "view_size": 3, "hidden_size": 8})


def test_the_last_switches_are_those_where_the_objective_changed():
    assert last_switches(["a", "b", "b", "a", "b"], 2) == [(2, 3), (3, 4)]
    assert last_switches(["a", "b", "b", "a"], 9) == [(0, 1), (2, 3)]
    assert last_switches(["a", "a"], 3) == []
    assert last_switches(["a"], 3) == []


def test_movement_by_hand():
    origin = Agent(6, 4, torch.Generator().manual_seed(1)).actor.state_dict()
    moved = {name: tensor.clone() for name, tensor in origin.items()}
    moved["layer1.weight"][0, 0] += 3
    moved["layer3.bias"][2] += 4
    found = movement(origin, moved)
    assert found["distance"] == pytest.approx(5)
    assert found["layer1_variance_share"] == pytest.approx(9 / 25)
    assert found["effective_rank"] == pytest.approx(1, abs=1e-6)
    norm = sum(float((tensor**2).sum()) for tensor in origin.values()) ** 0.5
    assert found["relative_distance"] == pytest.approx(5 / norm)
    still = movement(origin, origin)
    assert still["distance"] == 0
    assert pd.isna(still["layer1_variance_share"])
    assert pd.isna(still["effective_rank"])


def checkpoint(recipe, phase, drawn=0) -> Checkpoint:
    """An untrained actor whose policy is not uniform, for a phase of alternating objectives."""
    actor = Agent(
        recipe.world.inputs, recipe.hidden_size, torch.Generator().manual_seed(phase + drawn)
    ).actor.state_dict()
    actor = {**actor, "layer4.weight": 300 * actor["layer4.weight"]}
    return Checkpoint(7, phase, ("blue", "purple")[phase % 2], actor)


def switches_of(recipe, checkpoints, switches=1) -> Switches:
    run = Run("onehot", 7, recipe, {one.phase: one for one in checkpoints})
    return Switches.of(run, Ablations(switches, rank=2, levels=40, draws=2), RETARGETING, levels_seed=3)


def test_recoveries_are_scaled_by_recipient_and_donor(recipe):
    switches = switches_of(recipe, [checkpoint(recipe, phase, drawn=50) for phase in range(3)])
    rows = list(switches.rows())
    assert [(row["recipient_phase"], row["donor_phase"]) for row in rows] == [(1, 2), (2, 1)]
    assert all(list(row) == SWITCH_COLUMNS for row in rows)
    actors = {phase: one.actor for phase, one in switches.run.checkpoints.items()}
    for row in rows:
        recipient, donor = actors[row["recipient_phase"]], actors[row["donor_phase"]]
        spliced = {name: (donor if name.startswith("layer1.") else recipient)[name] for name in recipient}
        floor, ceiling, share = (
            switches.bench.evaluate(actor)[f"episode_share_{row['donor_objective']}"]
            for actor in (recipient, donor, spliced)
        )
        assert row["gap"] == ceiling - floor
        if row["gap"] < SMALLEST_GAP:
            assert pd.isna([row[name] for name in RECOVERED[1:]]).all()
        else:
            assert row["spliced"] == pytest.approx((share - floor) / (ceiling - floor))
    assert {row["gap"] >= SMALLEST_GAP for row in rows} == {True, False}, "one way or the other there must be a gap"


def test_low_rank_is_the_settings_or_the_whole(recipe):
    actor = checkpoint(recipe, 0).actor
    assert [spliced_edits(actor, rank)["low_rank"].dose for rank in (1, 2, 4, 32)] == [1, 2, 4, 8]


def test_the_last_checkpoints_are_edited_for_the_new_colour(recipe):
    rows = list(switches_of(recipe, [checkpoint(recipe, phase) for phase in range(3)], switches=2).retargeting_rows())
    assert all(list(row) == RETARGETING_COLUMNS for row in rows)
    found = [(row["phase"], row["wanted"], row["edit"], row["control"], row["draw"]) for row in rows]
    edits = [("unedited", "no_control", 0), ("swap", "no_control", 0)]
    for edit in ("sparse", "downstream of layer 1"):
        edits += [(edit, "no_control", 0), (edit, "gaussian", 0), (edit, "gaussian", 1)]
    assert found == [(phase, wanted, *edit) for phase, wanted in ((1, "purple"), (2, "blue")) for edit in edits]


def test_shares_and_returns_are_those_of_the_new_colour(recipe):
    switches = switches_of(recipe, [checkpoint(recipe, phase) for phase in range(3)], switches=2)
    unedited = [row for row in switches.retargeting_rows() if row["edit"] == "unedited"]
    for row in unedited:
        measured = switches.bench.evaluate(switches.run.checkpoints[row["phase"]].actor)
        assert row["episode_share_target"] == measured["episode_share_yellow"]
        assert row["return_target"] == measured["return_yellow"]


def test_what_was_trained_on_the_new_colour_is_not_edited(recipe):
    three = replace(recipe, objectives=("blue", "purple", "yellow"))
    trained = checkpoint(recipe, 2)._replace(objective="yellow")
    (row,) = switches_of(three, [checkpoint(recipe, 1), trained]).retargeting_rows()
    assert (row["phase"], row["wanted"], row["edit"], row["size"]) == (2, "yellow", "unedited", 0)


def test_a_run_of_one_objective_has_no_switch(recipe):
    still = [checkpoint(recipe, phase)._replace(objective="blue") for phase in range(3)]
    assert list(switches_of(replace(recipe, objectives=("blue",)), still).rows()) == []
