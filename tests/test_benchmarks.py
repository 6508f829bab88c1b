"""The benchmarks run, compare what they say they compare, and compute the same as what they are measured against."""

import ast
import contextlib
import importlib
import json
import re
import subprocess
import sys
import warnings

import numpy as np
import pandas as pd
import pytest
import torch
import yaml
from matplotlib.text import Text
from study import ROOT

from goalsplice.agent.fast import backprop
from goalsplice.agent.fast.learner import Learner
from goalsplice.agent.fast.policy import policy_of
from goalsplice.agent.fast.rollout import collect
from goalsplice.agent.network import Agent
from goalsplice.agent.ppo import PlainLearner
from goalsplice.figures.style import styled
from goalsplice.io.errors import StudyError
from goalsplice.world.simulator import colour_numbers, create

FOLDER = ROOT / "benchmarks"
COLUMNS = {
    *("subject", "arm", "stage", "varied", "num_envs", "hidden_size", "processes", "repeat", "machine"),
    *("steps_per_second", "peak_mib", "total_mib"),
}

# MiniGrid asks pygame for a font by a name that it does not list.
pytestmark = pytest.mark.filterwarnings("ignore:The system font")


@pytest.fixture
def module(monkeypatch):
    """Imports a module of the benchmarks."""
    monkeypatch.syspath_prepend(FOLDER)
    return importlib.import_module


def run(*arguments):
    return subprocess.run(
        [sys.executable, str(FOLDER / "run.py"), *arguments], capture_output=True, text=True, check=False
    )


@pytest.mark.slow
def test_a_quick_run_end_to_end(tmp_path):
    table = tmp_path / "speed.parquet"
    subjects = ["training", "training_navix", "world_kernel", "world_minigrid_1"]
    result = run("--quick", "--processes", "1", "--arms", "integers", "--subjects", *subjects, "--output", str(table))
    assert result.returncode == 0, result.stderr
    assert "Leaving out training_navix" in result.stderr
    measured = pd.read_parquet(table)
    assert set(measured) == COLUMNS
    assert measured["varied"].value_counts().to_dict() == {"nothing": 4, "num_envs": 1}
    assert set(zip(measured["subject"], measured["stage"], strict=True)) == {
        ("training", "early"),
        ("training", "late"),
        ("world_kernel", "any"),
        ("world_minigrid_1", "any"),
    }
    assert (measured[["steps_per_second", "peak_mib"]] > 0).all(axis=None)
    assert (measured["total_mib"] == measured["peak_mib"]).all(), "one process at a time"
    assert re.search(r"world_kernel +world_minigrid_1 +integers +any", result.stdout), "the ratio"
    assert table.with_suffix(".png").read_bytes().startswith(b"\x89PNG")
    assert "<svg" in table.with_suffix(".svg").read_text()


def synthetic_tables(stages, arms=("onehot", "integers"), repeats=3, scaled=True):
    """A table as `run.py` would write it, in which each subject is 1.5 times as fast as the one before it."""
    chance = np.random.default_rng(0)
    base = {"varied": "nothing", "num_envs": 32, "hidden_size": 128, "processes": 2, "machine": "A processor, 2 cores"}
    rows = [
        {**base, "subject": subject, "arm": arm, "stage": stage, "repeat": repeat, "steps_per_second": 1e3 * 1.5**place}
        for repeat in range(repeats)
        for arm in arms
        for place, subject in enumerate(stages)
        for stage in stages[subject]
    ]
    for name, values in {"num_envs": (8, 16, 64, 128), "hidden_size": (32, 64, 256, 512), "processes": (1, 4)}.items():
        rows += [
            {**rows[0], "varied": name, name: value, "repeat": repeat, "steps_per_second": 900.0 * value}
            for repeat in range(repeats)
            for value in values
            if scaled
        ]
    table = pd.DataFrame(rows).assign(peak_mib=400.0, total_mib=800.0)
    table["steps_per_second"] *= chance.uniform(0.9, 1.1, len(table))
    return table


def test_ratios_are_within_a_repeat_and_a_peer_of_any_stage_goes_with_each(module):
    rows = [
        ("training", "early", 0, 20),
        ("training", "early", 1, 60),
        ("training", "late", 0, 50),
        ("training_sb3", "early", 0, 10),
        ("training_sb3", "early", 1, 20),
        ("training_sb3", "late", 0, 10),
        ("training_navix", "any", 0, 5),
    ]
    table = pd.DataFrame(rows, columns=["subject", "stage", "repeat", "steps_per_second"])
    table = table.assign(arm="onehot", varied="nothing")
    other_size = table.iloc[:1].assign(varied="num_envs", steps_per_second=1e9)
    found = module("ratios").ratios(pd.concat([table, other_size]))
    by_key = found.set_index(["peer", "stage", "repeat"])["ratio"].to_dict()
    assert by_key == {
        ("training_sb3", "early", 0): 2,
        ("training_sb3", "early", 1): 3,
        ("training_sb3", "late", 0): 5,
        ("training_navix", "early", 0): 4,
        ("training_navix", "late", 0): 10,
    }
    summary = module("ratios").spread(found).set_index(["peer", "stage"]).loc[("training_sb3", "early")]
    assert summary[["median", "min", "max", "size"]].tolist() == [2.5, 2, 3, 2]


def test_every_subject_is_compared_and_every_pair_is_measured(module):
    stages = module("run").STAGES
    pairs = module("ratios").PAIRS
    assert {subject for pair in pairs for subject in pair} == set(stages)


@pytest.mark.parametrize(
    "case",
    [{}, {"arms": ["onehot"]}, {"repeats": 1}, {"scaled": False}],
    ids=["all", "one arm", "one repeat", "no scaling"],
)
def test_the_figure_draws_without_warnings_and_names_every_pair(module, case):
    table = synthetic_tables(module("run").STAGES, **case)
    with warnings.catch_warnings(), styled():
        warnings.simplefilter("error")
        warnings.filterwarnings("ignore", "The system font")
        figure = module("figure").draw(table)
        figure.draw_without_rendering()
        drawn = [text for text in figure.findobj(Text) if text.get_visible() and text.get_text().strip()]
        edges = [(text.get_text(), Text.get_window_extent(text)) for text in drawn]
    # Words only: Matplotlib also has numbers of ticks beyond the axes, which are not drawn.
    assert not [text for text, box in edges if " " in text and (box.x0 < -2 or box.x1 > figure.bbox.x1 + 2)]
    texts = {text for text, _ in edges}
    assert set(module("ratios").PAIRS.values()) <= texts
    assert ("units of a hidden layer" in texts) == case.get("scaled", True)


def test_the_kernel_is_the_study_s_world_under_random_actions(module):
    """As a rollout whose policy's logits are all zero, world by world and number by number."""
    subjects = module("subjects")
    recipe = subjects.recipe_for("onehot", num_envs=8, num_steps=300)
    encoding, colours = recipe.world, colour_numbers(recipe.level_distribution)
    agent = Agent(encoding.inputs, 8)
    for parameter in agent.parameters():
        torch.nn.init.zeros_(parameter)
    ours, theirs = (create(8, recipe.level_distribution, np.random.default_rng(1)) for _ in range(2))
    rewards, codes = np.empty(8), np.empty(8, dtype=np.int64)
    subjects.run_worlds(ours, encoding.geometry, recipe.rules, colours, 0, 7, rewards, codes, recipe.num_steps)
    policy = policy_of(agent.actor.state_dict(), encoding)
    rollout = collect(theirs, policy, encoding, recipe.rules, colours, 0, recipe.num_steps)
    for one, other in zip(ours, theirs, strict=True):
        np.testing.assert_array_equal(one, other)
    np.testing.assert_array_equal(codes, rollout.last_codes)
    np.testing.assert_allclose(rewards, rollout.rewards[-1], rtol=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["adam", "units", "dense", "plain", "distinct"])
def test_all_kinds_of_update_compute_the_same(module, monkeypatch, kind):
    subjects = module("subjects")
    for name in ("table_of", "gather_relu", "scatter_through_relu", "weight_gradient_of", "active_columns"):
        monkeypatch.setattr(backprop, name, getattr(backprop, name))
    recipe = subjects.recipe_for("integers", num_envs=8, num_steps=32, update_epochs=1)
    kinds = {
        "ours": lambda agent, recipe: Learner(agent, recipe).learn,
        **{
            name: lambda agent, recipe, name=name: subjects.slowed(agent, recipe, name).learn
            for name in subjects.STEPS_BACK
        },
        "plain": lambda agent, recipe: PlainLearner(agent, recipe).learn,
        "distinct": lambda agent, recipe: subjects.UniqueLearner(agent, recipe).learn,
    }
    weights = []
    for name in ("ours", kind):
        agent = Agent(recipe.world.inputs, recipe.hidden_size, torch.Generator().manual_seed(0))
        before = torch.nn.utils.parameters_to_vector(agent.parameters()).detach().clone()
        rollout = subjects._rollouts(recipe, agent)()
        kinds[name](agent, recipe)(rollout, np.random.default_rng(0))
        weights.append(torch.nn.utils.parameters_to_vector(agent.parameters()).detach())
    moved = (weights[0] - before).norm()
    assert (weights[1] - weights[0]).norm() < 1e-3 * moved


def constants(path):
    """A module's constants that are written out, by name, without importing it."""
    found = {}
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            with contextlib.suppress(ValueError):
                found[node.targets[0].id] = ast.literal_eval(node.value)
    return found


def test_navix_trains_with_this_study_s_sizes():
    config = yaml.safe_load((ROOT / "config.yaml").read_text())
    recipe, navix = config["recipe"], constants(FOLDER / "navix_subject.py")
    for name, ours in {"num_minibatches": "minibatches", "num_epochs": "update_epochs"}.items():
        assert navix["SIZES"].pop(name) == recipe[ours]
    assert navix["SIZES"] == {name: recipe[name] for name in ("num_envs", "num_steps")}
    names = {
        "gae_lambda": "gae_lambda",
        "clip_eps": "clip_coefficient",
        "ent_coef": "entropy_coefficient",
        "vf_coef": "value_coefficient",
        "max_grad_norm": "max_gradient_norm",
        "lr": "learning_rate",
    }
    for name, ours in names.items():
        assert navix["COEFFICIENTS"][name] == recipe[ours]
    assert (navix["HIDDEN"], navix["MAX_STEPS"]) == (recipe["hidden_size"], recipe["max_steps"])
    assert navix["GAMMA"] == recipe["gamma"]
    assert navix["VIEW_SIZE"] == {arm: config["arms"][arm]["view_size"] for arm in ("onehot", "integers")}


def test_navix_imports_nothing_of_the_study():
    tree = ast.parse((FOLDER / "navix_subject.py").read_text()), ast.parse((FOLDER / "memory.py").read_text())
    imported = {
        name.split(".")[0]
        for part in tree
        for node in ast.walk(part)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in ([node.module] if isinstance(node, ast.ImportFrom) else [alias.name for alias in node.names])
    }
    assert not imported & {"goalsplice", "torch", "numba"}
    pinned = {line.split("==")[0] for line in (FOLDER / "navix.txt").read_text().splitlines() if "==" in line}
    assert {"flax", "jax", "navix"} <= imported & pinned


def test_scale_fits_the_growth_beside_a_constant(module):
    seeds = np.array([10, 30, 100])
    scale = module("scale")
    for p in (0.5, 1, 2):
        assert scale.exponent(seeds, 7 + 0.01 * seeds**p) == pytest.approx(p)
    assert np.isnan(scale.exponent(seeds, np.array([5.0, 5.0, 4.0])))


def test_scale_gives_runs_to_more_seeds(module, tmp_path):
    scale = module("scale")
    for arm, seed in (("b", 1), ("b", 7), ("a", 1)):
        for table in scale.RUN_TABLES:
            path = tmp_path / f"study/runs/arm={arm}/seed={seed}/{table}.parquet"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(f"{arm} {seed}")
    paths = scale.replicate(tmp_path / "study", tmp_path, 3)
    assert [(tmp_path / path).read_text() for path in paths["splices"]] == ["a 1", "a 1", "a 1", "b 1", "b 7", "b 1"]
    assert paths["splices"][-1] == "runs/arm=b/seed=1002/splices.parquet"
    with pytest.raises(StudyError, match="has no runs; name a finished study"):
        scale.replicate(tmp_path / "none", tmp_path, 3)


def test_scale_starts_stages_that_are_there_with_arguments_that_they_take(module, tmp_path, monkeypatch):
    """They get as far as the first table, which is not there."""
    scale = module("scale")
    paths = {table: [f"{table}.parquet"] for table in scale.RUN_TABLES}
    commands = scale.stage_commands(paths, [4, 5], {"threshold": 0.8, "burn_in": 6})
    assert len(commands) > len(paths)
    monkeypatch.chdir(tmp_path)
    for command in commands.values():
        place = command.index("-m") + 1
        monkeypatch.setattr(sys, "argv", command[place:])
        with pytest.raises(StudyError, match="parquet"):
            importlib.import_module(command[place]).main()


@pytest.mark.slow
def test_scale_plans_as_many_runs_as_it_says(module):
    row = module("scale").dry_run(1, 3)
    assert row["jobs"] > 3 * 12
    assert row["cpu_seconds"] > 0
    assert row["peak_memory"] > 50


@pytest.mark.nightly
def test_learning_curves_start_alike_whatever_the_way():
    """The first rollout is of one network in the same worlds; the second follows one update, which hardly differs."""
    curves = []
    for way in ("study", "plain", "medium"):
        command = [sys.executable, str(FOLDER / "curves.py"), "--rollouts", "2", "--one", way, "integers", "101"]
        found = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        curves.append([row["mean_return"] for row in json.loads(found)])
    first, second = np.array(curves).T
    assert len(set(first)) == 1
    np.testing.assert_allclose(second, second[0], atol=0.05)
