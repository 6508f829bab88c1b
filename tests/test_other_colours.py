"""A study of other colours than blue, purple and yellow, from training to edits, probes and tests of perception."""

import json
import sys
from dataclasses import asdict

import numpy as np
import pytest
import yaml

from goalsplice.agent.checkpoint import Header, save_checkpoint
from goalsplice.agent.recipe import Recipe
from goalsplice.agent.training import train
from goalsplice.cli import evaluation, finetuning, perception, probes, retargeting
from goalsplice.io.frames import read_frame
from goalsplice.settings import sections

COLOURS = ("red", "green", "blue")
TARGET = COLOURS[2]


@pytest.fixture(scope="module")
def config(pytestconfig) -> dict:
    """The study's configuration for other colours, and small."""
    config = yaml.safe_load((pytestconfig.rootpath / "config.yaml").read_text())
    config["retargeting"] |= {
        "target": TARGET,
        "absent": "yellow",
        "level_distributions": ["three_colours", "without_third_colour"],
    }
    config["retargeting"] |= {"levels": 40, "control_levels": 8, "draws": 1, "evaluations": 2}
    config["finetuning"] |= {"phases": [3], "rollouts": 1, "levels": 20}
    config["perception"] |= {"levels": 30, "stimuli": 90}
    config["probes"] |= {"train_phases": [0, 1], "test_phases": [2, 3], "observations": 300, "draws": 1}
    config["evaluation"] |= {"levels": 60, "action_selections": ["sampling"]}
    return config


@pytest.fixture(scope="module")
def recipe(config) -> Recipe:
    small = {"view_size": 3, "hidden_size": 16, "num_envs": 8, "num_steps": 64, "update_epochs": 2}
    short = {"phase_rollouts": 1, "rollouts": 4}
    own = {"objectives": COLOURS[:2], "key_colours": COLOURS}
    return Recipe(**{**config["recipe"], **config["arms"]["onehot"], **small, **short, **own})


@pytest.fixture(scope="module")
def tables(config, recipe, tmp_path_factory) -> dict:
    """What the stages make of one run, by table."""
    folder, checkpoints = tmp_path_factory.mktemp("study"), []
    for progress in train(recipe, "onehot", 7):
        row = progress.row
        header = Header("onehot", 7, row["phase"], row["objective"], recipe.encoding, recipe.digest())
        checkpoints.append(folder / f"{row['phase']}")
        save_checkpoint(checkpoints[-1], progress.agent, header)
    run = {"arm": "onehot", "seed": 7, "recipe": json.dumps(asdict(recipe)), "levels-seed": 5}
    given = {
        section.named.replace("_", "-"): section.passed(config)
        for section in (sections.Retargeting, sections.FineTuning, sections.Perception, sections.Probes)
    }
    tuned = {"finetuned-phases": 3, "finetuned-actors": folder / "tuned"}
    late = {**run, "retargeting": given["retargeting"], "late": [2, 3], "checkpoints": checkpoints, **tuned}
    stages = {
        "finetuning": (
            finetuning,
            {
                **run,
                **{"finetuning": given["finetuning"], "target": TARGET, "device": "cpu"},
                **{"checkpoints": checkpoints[3:], "actors": folder / "tuned"},
            },
        ),
        "evaluation": (
            evaluation,
            {
                **{name: run[name] for name in ("arm", "seed", "recipe")},
                **{"evaluation": sections.Evaluation.passed(config), "checkpoints": checkpoints},
            },
        ),
        "retargeting": (retargeting, late),
        "perception": (perception, {**late, "perception": given["perception"]}),
        "probes": (
            probes,
            {
                **{name: run[name] for name in ("arm", "seed", "recipe")},
                **{"probes": given["probes"], "checkpoints": checkpoints},
            },
        ),
    }
    found = {}
    with pytest.MonkeyPatch.context() as patch:
        for table, (stage, arguments) in stages.items():
            words = []
            for name, own in {**arguments, "output": folder / table}.items():
                words += [f"--{name}", *map(str, own if isinstance(own, list) else [own])]
            patch.setattr(sys, "argv", [table, *words])
            stage.main()
            found[table] = read_frame(folder / table)
    return found


def test_tables_name_the_colours(tables):
    for table in ("finetuning", "evaluation", "retargeting"):
        ends = [f"episode_share_{name}" for name in (*COLOURS, "other", "crash", "timeout")]
        assert set(ends) <= set(tables[table])
        assert not {"episode_share_purple", "episode_share_yellow"} & set(tables[table])
        np.testing.assert_allclose(tables[table][ends].sum(axis=1), 1)
    assert set(tables["finetuning"]["objective"]) == {"blue", "red"}
    assert list(tables["evaluation"]["objective"].unique()) == ["red", "green"]
    assert set(tables["probes"]["test_key"]) == {*COLOURS, ""}
    assert set(tables["perception"]["target"]) == set(COLOURS)


def test_levels_have_the_three_colours_or_all_but_the_third(tables):
    evaluated = tables["evaluation"].groupby("level_distribution")[["episode_share_blue", "episode_share_other"]].sum()
    assert evaluated.loc["three_colours", "episode_share_other"] == 0
    assert evaluated.loc["three_colours", "episode_share_blue"] > 0
    assert evaluated.loc["training", "episode_share_other"] > 0
    without = tables["retargeting"][tables["retargeting"]["level_distribution"] == "without_third_colour"]
    assert without["episode_share_blue"].eq(0).all()


def test_an_agent_that_sees_the_target_exchanged_takes_it(tables):
    """What it takes of the one it takes of the other: a check of edits, levels and names together."""
    plays = tables["retargeting"].query("level_distribution == 'three_colours' and control == 'no_control'")
    plain, swapped = (plays[plays["family"] == family].set_index("phase") for family in ("bounds", "perception"))
    for phase, row in plain.iterrows():
        assert swapped.loc[phase, "episode_share_blue"] == pytest.approx(
            row[f"episode_share_{row['wanted']}"], abs=0.25
        )
