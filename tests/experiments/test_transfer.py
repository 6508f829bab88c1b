"""Task vectors are added where they should be, and what is said of the result is true."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from edits.contexts import context_of
from goalsplice.agent.checkpoint import Header, save_checkpoint
from goalsplice.agent.network import ACTOR_LAYERS, Agent
from goalsplice.agent.recipe import Recipe
from goalsplice.agent.runs import Checkpoint, Run
from goalsplice.cli import transfer
from goalsplice.edits.alignment import match, permute
from goalsplice.edits.delta import WeightDelta
from goalsplice.experiments.bench import Bench
from goalsplice.experiments.evaluation import evaluate, levels
from goalsplice.experiments.transfer import PARTS, Transfer, nearest, source_of, transferred
from goalsplice.io.errors import StudyError
from goalsplice.io.frames import read_frame
from goalsplice.settings.schedule import objective_of

PHASES, HIDDEN, DRAWS = 6, 12, 2


@pytest.fixture(scope="module")
def recipe(pytestconfig) -> Recipe:
    """A small network, and six phases."""
    config = yaml.safe_load((pytestconfig.rootpath / "config.yaml").read_text())
    small = {"encoding": "onehot", "view_size": 5, "hidden_size": HIDDEN, "rollouts": PHASES, "phase_rollouts": 1}
    return Recipe(**{**config["recipe"], **small})


def agent(seed, inputs=20):
    """An agent that acts on what it sees, as if it had learned something."""
    made = Agent(inputs, HIDDEN, torch.Generator().manual_seed(seed))
    with torch.no_grad():
        made.actor.layer4.weight.mul_(300)
    return made


def actor(seed, inputs=20):
    return agent(seed, inputs).actor.state_dict()


def source(recipient, donor, run=None):
    """Two actors, or two phases of a run, as the source of a task vector."""
    return source_of(run, recipient, donor) if run else context_of(recipient, donor)


@pytest.fixture(scope="module")
def bench(recipe) -> Bench:
    on = levels("three_colours", 48, 0, recipe.grid_size)
    return Bench(recipe, on, "three_colours", "sampling", control_levels=16)


@pytest.fixture(scope="module")
def run(recipe) -> Run:
    """A made-up run."""
    checkpoints = {
        phase: Checkpoint(
            1,
            phase,
            objective_of(recipe.schedule, phase, recipe.objectives, seed=0),
            actor(100 + phase, recipe.world.inputs),
        )
        for phase in range(PHASES)
    }
    return Run("onehot", 1, recipe, checkpoints)


@pytest.fixture
def rows_of(run, bench):
    """Rows for a target's phase and a source, added to the run."""

    def rows_of(phase, source, aligned="unaligned"):
        return pd.DataFrame(Transfer(run, bench, DRAWS).rows(phase, source, aligned))

    return rows_of


def close(one, other):
    return all(torch.allclose(one[name], other[name], atol=1e-5) for name in one)


@given(st.integers(0, 999), st.sampled_from(list(PARTS)))
@settings(max_examples=25)
def test_a_part_of_the_difference_reaches_its_layers_and_no_others(seed, part):
    target, recipient, donor = actor(seed), actor(seed + 1000), actor(seed + 2000)
    before = {name: tensor.clone() for name, tensor in target.items()}
    network = transferred(target, source(recipient, donor), part, None)
    for name in target:
        if name.split(".")[0] in PARTS[part]:
            torch.testing.assert_close(network[name] - target[name], donor[name] - recipient[name], atol=1e-4, rtol=0)
        else:
            assert torch.equal(network[name], target[name])
        assert torch.equal(target[name], before[name])


def test_in_its_own_recipient_a_vector_makes_the_donor():
    recipient, donor = actor(0), actor(1)
    assert close(transferred(recipient, source(recipient, donor), "all", None), donor)
    first_layer = transferred(recipient, source(recipient, donor), "layer1", None)
    assert close(
        first_layer, {**recipient, **{name: donor[name] for name in donor if name.startswith(ACTOR_LAYERS[0])}}
    )


def test_in_a_permuted_copy_it_makes_the_donors_copy_if_units_are_matched():
    recipient, donor = actor(0), actor(1)
    chance = np.random.default_rng(0)
    order = tuple(chance.permutation(HIDDEN) for _ in range(3))
    target = permute(recipient, order)
    assert close(transferred(target, source(recipient, donor), "all", match(target, recipient)), permute(donor, order))
    assert not close(transferred(target, source(recipient, donor), "all", None), permute(donor, order))


def test_the_nearest_of_an_objective_is_the_later_of_two(run):
    assert nearest(run.checkpoints, 2, "purple").phase == 3
    assert nearest(run.checkpoints, 5, "blue").phase == 4
    assert nearest({0: run.checkpoints[0]}, 0, "purple") is None


def test_rows_of_a_vector_have_the_bounds_of_their_target(run, bench, rows_of):
    vector = source(2, 3, run)
    rows = rows_of(4, vector)
    assert len(rows) == 2 * (1 + 1 + DRAWS + 1)
    assert set(rows["control"]) == {"no_control", "sign_flipped", "permuted", "same_goal_donor"}
    assert set(rows["donor_objective"]) == {"purple"}
    assert rows.groupby("control")["levels"].unique().to_dict() == {
        control: [48 if control == "no_control" else 16] for control in rows["control"]
    }
    floor, ceiling = (
        evaluate(run.checkpoints[phase].actor, bench.recipe, bench.levels, "sampling")["episode_share_purple"]
        for phase in (4, 5)
    )
    assert set(rows["floor"]) == {floor}
    assert set(rows["ceiling"]) == {ceiling}
    edits = rows[rows["control"] == "no_control"].set_index("part")
    network = transferred(run.checkpoints[4].actor, vector, "all", None)
    assert edits.loc["all", "episode_share_purple"] == bench.evaluate(network)["episode_share_purple"]
    assert edits.loc["layer1", "size"] < edits.loc["all", "size"]
    assert edits.loc["layer1", "norm"] < edits.loc["all", "norm"]
    assert rows["episode_share_donor"].tolist() == rows["episode_share_purple"].tolist()
    assert rows["episode_share_recipient"].tolist() == rows["episode_share_blue"].tolist()


def test_controls_have_the_norm_of_what_they_add(run, rows_of):
    rows = rows_of(4, source(2, 3, run))
    for _, part in rows.groupby("part"):
        norms = part.groupby("control")["norm"].unique()
        for control in ("sign_flipped", "permuted"):
            assert norms[control] == pytest.approx(norms["no_control"][0], rel=1e-4)
    same_goal = rows[(rows["part"] == "all") & (rows["control"] == "same_goal_donor")]
    drift = WeightDelta(run.checkpoints[2].actor, run.checkpoints[0].actor)
    assert same_goal["norm"].item() == pytest.approx(drift.norm, rel=1e-4)


def test_in_its_own_phase_a_vector_reaches_the_ceiling_and_the_same_goal_does_not(run, bench, rows_of):
    rows = rows_of(4, source(4, 5, run))
    whole = rows[rows["part"] == "all"].set_index("control")
    donor = bench.evaluate(run.checkpoints[5].actor)
    shares = [name for name in donor if name.startswith("episode_share_")]
    assert sum(donor[share] for share in shares) == pytest.approx(1)
    # Sums are rounded, so that a likelihood of an action may differ in its last digit.
    assert sum(abs(whole.loc["no_control", share] - donor[share]) for share in shares) <= 2 / 48
    other = bench.evaluate(run.checkpoints[2].actor, "same_goal_donor")
    assert sum(abs(whole.loc["same_goal_donor", share] - other[share]) for share in shares) <= 2 / 16


def test_matching_finds_the_copy_of_a_run_and_a_random_order_is_drawn(run, rows_of):
    chance = np.random.default_rng(1)
    order = tuple(chance.permutation(HIDDEN) for _ in range(3))
    copies = {phase: run.checkpoints[phase]._replace(seed=2) for phase in (4, 5)}
    copies = {phase: found._replace(actor=permute(found.actor, order)) for phase, found in copies.items()}
    vector = source(4, 5, replace(run, seed=2, checkpoints=copies))
    matched = rows_of(4, vector, "matched")
    assert set(matched["control"]) == {"no_control", "sign_flipped", "permuted"}
    own = rows_of(4, source(4, 5, run))
    columns = ["episode_share_blue", "episode_share_purple", "episode_share_crash", "episode_share_timeout"]
    mine, theirs = (frame[frame["control"] == "no_control"][columns].to_numpy() for frame in (own, matched))
    assert np.abs(mine - theirs).sum() <= 4 / 48
    at_random = rows_of(4, vector, "random")
    assert list(at_random["control"]) == ["no_control"] * 4
    assert list(at_random["draw"]) == [0, 1, 0, 1]
    assert at_random["levels"].unique() == [48]
    assert at_random["source_seed"].unique() == [2]
    assert at_random["mean_length"].nunique() == 4


def test_the_same_rows_again(run, rows_of):
    vector = source(2, 3, run)
    first, second = (pd.concat([rows_of(4, vector, aligned) for aligned in ("unaligned", "random")]) for _ in range(2))
    pd.testing.assert_frame_equal(first, second)


SPLICES = {
    "pairs": [[2, 3], [3, 4]],
    "levels": 8,
    "control_levels": 4,
    "control_precision": 0.0,
    "draws": 1,
    "level_distribution": "three_colours",
    "action_selection": "sampling",
}


def write_run(folder, recipe, seed, phases):
    paths = []
    for phase in phases:
        objective = objective_of(recipe.schedule, phase, recipe.objectives, seed=0)
        header = Header("onehot", seed, phase, objective, recipe.encoding, recipe.digest())
        paths.append(folder / f"seed={seed}_phase={phase}")
        save_checkpoint(paths[-1], agent(100 * seed + phase, recipe.world.inputs), header)
    return paths


def run_stage(monkeypatch, recipe, seed, phases, paths, output):
    named = {
        "--arm": "onehot",
        "--seed": str(seed),
        "--recipe": json.dumps(vars(recipe)),
        "--splices": json.dumps(SPLICES),
        "--levels-seed": "0",
        "--output": str(output),
    }
    arguments = [text for pair in named.items() for text in pair]
    arguments += ["--phases", *map(str, phases), "--checkpoints", *map(str, paths)]
    monkeypatch.setattr("sys.argv", ["transfer", *arguments])
    transfer.main()


def test_the_stage_adds_all_vectors_of_the_run_and_the_last_pairs_of_others(tmp_path, monkeypatch, recipe):
    paths = [*write_run(tmp_path, recipe, 1, range(PHASES)), *write_run(tmp_path, recipe, 2, [3, 4])]
    run_stage(monkeypatch, recipe, 1, [0, 1, 3], paths, tmp_path / "transfer.parquet")
    rows = read_frame(tmp_path / "transfer.parquet")
    edits = rows[(rows["control"] == "no_control") & (rows["part"] == "all")]
    own, other = edits[edits["source_seed"] == 1], edits[edits["source_seed"] == 2]
    within = own[own["aligned"] == "unaligned"][["source_recipient_phase", "source_donor_phase", "target_phase"]]
    targets = {2: [0, 2, 4], 3: [1, 3], 4: [0, 2, 4]}
    directions = [(2, 3), (3, 2), (3, 4), (4, 3)]
    assert sorted(within.itertuples(index=False, name=None)) == sorted(
        (recipient, donor, target) for recipient, donor in directions for target in targets[recipient]
    )
    assert list(own[own["aligned"] != "unaligned"]["aligned"]) == ["matched", "random"] * 2
    assert list(other["aligned"]) == ["unaligned", "matched", "random"] * 2
    assert list(other["target_phase"]) == [3] * 3 + [4] * 3
    # Seed 2 has no other checkpoint of either goal here.
    assert "same_goal_donor" not in set(rows[rows["source_seed"] == 2]["control"])
    assert not rows.isna().any().any()


def test_a_study_of_one_seed_has_no_other_run(tmp_path, monkeypatch, recipe):
    paths = write_run(tmp_path, recipe, 1, range(PHASES))
    run_stage(monkeypatch, recipe, 1, [], paths, tmp_path / "transfer.parquet")
    rows = read_frame(tmp_path / "transfer.parquet")
    assert set(rows["source_seed"]) == {1}
    assert set(rows["target_phase"]) == {2, 3, 4}


def test_missing_checkpoints_are_one_sentence(tmp_path, monkeypatch, recipe):
    paths = write_run(tmp_path, recipe, 1, [2, 3])
    with pytest.raises(StudyError, match="lacks phase 4"):
        run_stage(monkeypatch, recipe, 1, [], paths, tmp_path / "out.parquet")
    with pytest.raises(StudyError, match="none of seed 5"):
        run_stage(monkeypatch, recipe, 5, [], paths, tmp_path / "out.parquet")
    assert not (tmp_path / "out.parquet").exists()
