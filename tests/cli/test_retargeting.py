"""The stage that edits checkpoints such that they fetch yellow: checkpoints in, a table out, the same each time."""

import json
import sys
from dataclasses import asdict, replace

import numpy as np
import pandas as pd
import pytest
import torch
import yaml

from goalsplice.agent.checkpoint import Header, save_checkpoint
from goalsplice.agent.fast.policy import policy_of
from goalsplice.agent.finetuning import save_actor
from goalsplice.agent.network import Agent
from goalsplice.agent.recipe import Recipe
from goalsplice.cli import retargeting as stage
from goalsplice.edits.relabelling import perceiving
from goalsplice.experiments import bench, retargeting
from goalsplice.experiments.evaluation import evaluate, levels
from goalsplice.io.errors import StudyError, run
from goalsplice.io.frames import read_frame
from goalsplice.io.tables import table_schema, write_table
from goalsplice.settings.sections import Retargeting

PHASES = 4
LATE = (2, 3)
SPARSE, DOWNSTREAM = "sparse", "downstream of layer 1"


@pytest.fixture
def config(pytestconfig) -> dict:
    """The study's, with few levels, draws and evaluations."""
    config = yaml.safe_load((pytestconfig.rootpath / "config.yaml").read_text())
    config["retargeting"] |= {"levels": 24, "control_levels": 5, "draws": 2, "evaluations": 3}
    return config


@pytest.fixture
def recipe(config) -> Recipe:
    """The published recipe with small layers and a small view."""
    small = {"view_size": 3, "hidden_size": 8}
    return Recipe(**{**config["recipe"], **config["arms"]["onehot"], **small})


def untrained(recipe, phase, seed=7) -> Agent:
    """An agent whose policy is not uniform."""
    agent = Agent(recipe.world.inputs, recipe.hidden_size, torch.Generator().manual_seed(100 * seed + phase))
    with torch.no_grad():
        agent.actor.layer4.weight *= 100
    return agent


@pytest.fixture
def run_stage(monkeypatch, tmp_path, recipe, config):
    """Run the stage on untrained agents, and read what it wrote."""

    def run_stage(output, recipe=recipe, other=True, trained_on="yellow", main=stage.main, **changed):
        def save(name, seed, phase, objective, save=save_checkpoint, drawn=None):
            path = tmp_path / name
            header = Header("onehot", seed, phase, objective, recipe.encoding, recipe.digest())
            save(path, untrained(recipe, phase, drawn or seed), header)
            return path

        def wanted(phase):
            return recipe.objectives[phase % len(recipe.objectives)]

        arguments = {
            "--arm": ["onehot"],
            "--seed": [7],
            "--recipe": [json.dumps(asdict(recipe))],
            "--retargeting": [Retargeting.passed(config)],
            "--levels-seed": [5],
            "--late": LATE,
            "--checkpoints": [save(f"7-{phase}", 7, phase, wanted(phase)) for phase in range(PHASES)],
            "--finetuned-phases": [3],
            "--finetuned-actors": [save("finetuned", 7, 3, trained_on, save_actor, drawn=9)],
            "--output": [tmp_path / f"{output}.parquet"],
        }
        if other:
            arguments["--other-seed"] = [8]
            arguments["--other-checkpoints"] = [save(f"8-{phase}", 8, phase, wanted(phase)) for phase in LATE]
        arguments |= {f"--{name.replace('_', '-')}": value for name, value in changed.items()}
        words = [str(word) for name, own in arguments.items() for word in (name, *own)]
        monkeypatch.setattr(sys, "argv", ["retargeting", *words])
        main()
        return read_frame(tmp_path / f"{output}.parquet")

    return run_stage


def chosen(frame, **values):
    """The rows that have these values."""
    for name, value in values.items():
        frame = frame[frame[name] == value]
    return frame


def test_the_same_bytes_twice(run_stage, tmp_path):
    run_stage("one")
    run_stage("two")
    assert (tmp_path / "one.parquet").read_bytes() == (tmp_path / "two.parquet").read_bytes()


def test_columns_are_the_tables(run_stage, pytestconfig, tmp_path):
    frame = run_stage("one")
    schemas = pytestconfig.rootpath / "workflow" / "schemas" / "tables.yaml"
    columns = table_schema(schemas, "retargeting", frame).names
    assert columns[:2] == ["arm", "seed"]
    assert sorted(frame) == sorted(columns[2:])
    whole = frame.assign(arm="onehot", seed=7)
    write_table(tmp_path / "whole.parquet", whole, schemas, "retargeting")
    keys = ["phase", "family", "edit", "dose", "control", "draw", "level_distribution"]
    assert not whole.duplicated(keys).any()
    assert whole.drop(columns=["dose", "cosine_trained"]).notna().all(axis=None)


def test_early_phases_are_tested_with_what_was_preregistered(run_stage):
    frame = run_stage("one")
    assert frame.drop_duplicates("phase")[["phase", "wanted"]].to_numpy().tolist() == [
        [0, "blue"],
        [1, "purple"],
        [2, "blue"],
        [3, "purple"],
    ]
    fixed = [["bounds", "unedited"], ["perception", "swap"], ["preregistered", SPARSE], ["preregistered", DOWNSTREAM]]
    for phase in (0, 1):
        early = chosen(frame, phase=phase)
        assert early[["family", "edit"]].to_numpy().tolist() == fixed
        assert set(early["level_distribution"]) == {"three_colours"}
    for phase in LATE:
        late = chosen(frame, phase=phase)
        plain = chosen(late, control="no_control")
        assert plain["levels"].eq(24).all()
        for level_distribution in ("three_colours", "training", "without_third_colour"):
            tested = chosen(plain, level_distribution=level_distribution)[["family", "edit"]].to_numpy().tolist()
            assert tested[: len(fixed)] == fixed
            assert (len(tested) == len(fixed)) == (level_distribution != "three_colours")
        controls = late[late["control"] != "no_control"]
        assert controls["levels"].eq(5).all()
        assert set(controls["level_distribution"]) == {"three_colours"}
        assert set(controls["edit"]) == {SPARSE, DOWNSTREAM}
        assert controls.groupby(["edit", "control"])["draw"].apply(list).to_dict() == {
            (edit, control): [0, 1] if control in ("gaussian", "permuted") else [0]
            for edit in (SPARSE, DOWNSTREAM)
            for control in ("gaussian", "permuted", "sign_flipped", "unrelated", "absent", "optimised_same_budget")
        }
        assert ("sparse graft" in set(late["family"])) == (phase == 3)
    assert set(frame["action_selection"]) == {"sampling"}


def test_rows_say_what_the_agents_are_and_do(run_stage, recipe):
    frame = run_stage("one")
    total = sum(part.numel() for part in untrained(recipe, 0).actor.state_dict().values())
    np.testing.assert_array_equal(frame["weight_share"], frame["size"] / total)
    assert set(frame["target"]) == {"yellow"}
    assert frame["episode_share_target"].tolist() == frame["episode_share_yellow"].tolist()
    assert frame["return_target"].tolist() == frame["return_yellow"].tolist()
    assert frame["episode_share_wanted"].tolist() == [
        row[f"episode_share_{row['wanted']}"] for _, row in frame.iterrows()
    ]
    unedited = frame["family"].isin(["bounds", "perception"])
    assert frame.loc[unedited, ["size", "norm"]].eq(0).all(axis=None)
    # A search may find nothing better than the start.
    found = ~unedited & (frame["control"] != "optimised_same_budget")
    assert frame.loc[found, ["size", "norm"]].gt(0).all(axis=None)
    assert chosen(frame, edit=SPARSE, family="preregistered", control="no_control")["weight_share"].le(0.005).all()
    for phase, wanted in ((1, "purple"), (2, "blue")):
        actor = untrained(recipe, phase).actor.state_dict()
        policy = perceiving(policy_of(actor, recipe.world), recipe.world, wanted, "yellow")
        for level_distribution in ("three_colours", "without_third_colour") if phase in LATE else ("three_colours",):
            on = levels(level_distribution, 24, 5, recipe.grid_size)
            for family, expected in (
                ("bounds", evaluate(actor, recipe, on, "sampling")),
                ("perception", evaluate(policy, recipe, on, "sampling")),
            ):
                (row,) = chosen(frame, phase=phase, family=family, level_distribution=level_distribution)[
                    list(expected)
                ].to_numpy()
                np.testing.assert_array_equal(row, list(expected.values()))


def test_changes_are_compared_with_that_by_training_on_yellow_where_there_is_one(run_stage, recipe):
    frame = run_stage("one")
    compared = frame["cosine_trained"].notna()
    np.testing.assert_array_equal(compared, (frame["phase"] == 3) & (frame["size"] > 0))
    assert frame.loc[compared, "cosine_trained"].abs().max() < 1 + 1e-9, "but for rounding"
    assert chosen(frame, family="sparse graft", dose=1.0)["cosine_trained"].to_numpy() == pytest.approx([1.0], abs=1e-6)
    found = chosen(frame, phase=3, edit=DOWNSTREAM)
    (edited,) = chosen(found, control="no_control", level_distribution="three_colours")["cosine_trained"]
    (flipped,) = chosen(found, control="sign_flipped")["cosine_trained"]
    assert flipped == pytest.approx(-edited, abs=1e-3)


def test_without_yellow_no_yellow_key_is_fetched(run_stage):
    frame = chosen(run_stage("one"), level_distribution="without_third_colour")
    assert frame["episode_share_yellow"].eq(0).all()
    assert frame["episode_share_other"].gt(0).any()


def test_effort_is_spent_on_other_levels_than_those_of_the_test(run_stage, recipe, monkeypatch):
    asked = []

    def spied(actor, recipe, on, action_selection):
        asked.append(on.stream.tolist())
        return evaluate(actor, recipe, on, action_selection)

    for module in (bench, retargeting):
        monkeypatch.setattr(module, "evaluate", spied)
    run_stage("one")
    on, practice = levels("three_colours", 24, 5, 6), levels("three_colours", 5, 6, 6)
    assert asked.count(practice.stream.tolist()) == 2 * 3 * len(LATE), "two edits, three evaluations each"
    assert not set(practice.stream.tolist()) & set(on.stream.tolist())
    known = [
        levels(level_distribution, 24, 5, 6).stream.tolist()
        for level_distribution in ("three_colours", "training", "without_third_colour")
    ]
    known += [practice.stream.tolist(), on.part(0, 5).stream.tolist()]
    assert all(streams in known for streams in asked)


def test_whole_numbers_have_no_columns_of_a_colour(run_stage, recipe):
    frame = run_stage("one", recipe=replace(recipe, encoding="integers"))
    assert SPARSE not in set(frame["edit"])
    assert set(frame["family"]) == {
        "bounds",
        "perception",
        "preregistered",
        "layer 1",
        "downstream",
        "extrapolation",
        "sparse graft",
    }


def test_a_run_alone_has_no_other_runs_switch(run_stage):
    alone, beside = (run_stage(name, other=other) for name, other in (("alone", False), ("beside", True)))
    extra = beside["edit"].str.startswith("other run's")
    assert extra.sum() == 2 * 7
    assert set(beside.loc[extra, "phase"]) == {3}, "the other run's phase before the first late one is not there"
    pd.testing.assert_frame_equal(alone, beside[~extra].reset_index(drop=True))


def test_another_runs_phases_or_goals_files_are_refused(run_stage, tmp_path):
    with pytest.raises(StudyError, match=r"7-0 is of seed 7, not 6"):
        run_stage("one", seed=[6])
    with pytest.raises(StudyError, match=r"8-2 is of seed 8, not 9"):
        run_stage("one", other_seed=[9])
    with pytest.raises(StudyError, match=r"7-1 is of phase 1, not 0"):
        run_stage("one", checkpoints=[tmp_path / f"7-{phase}" for phase in (1, 0, 2, 3)])
    with pytest.raises(StudyError, match=r"finetuned is of objective 'purple', not 'yellow'"):
        run_stage("one", trained_on="purple")
    with pytest.raises(StudyError, match=r"finetuned is of phase 3, not 2"):
        run_stage("one", finetuned_phases=[2])
    with pytest.raises(StudyError, match=r"there is no checkpoint .*nowhere; train it first"):
        run_stage("one", finetuned_actors=[tmp_path / "nowhere"])


def test_a_fault_is_one_sentence_and_leaves_no_table(run_stage, tmp_path):
    with pytest.raises(SystemExit, match=r"^Error: .*7-0 is of seed 7, not 6; name the right file or train it anew$"):
        run_stage("one", main=lambda: run(stage.main), seed=[6])
    assert not (tmp_path / "one.parquet").exists()
