"""The figures of the ablations draw whatever arms a configuration names. The tables are synthetic, only to be drawn."""

import json

import numpy as np
import pandas as pd
import pytest

from figures.over_seeds_tables import table_over_seeds
from figures.test_figures import training_run
from goalsplice.analysis.ablations import MEASURES, ablations
from goalsplice.figures import hyperparameters, plasticity, schedules, schedules_summary, world_changes
from goalsplice.figures.ablation_marks import sentence
from goalsplice.figures.style import save, styled
from goalsplice.settings.labels import PUBLISHED

ARMS = {
    "reference": ("reference", {}),
    "other": ("reference", {}),
    "other_decay": ("hyperparameters", {"weight_decay": 0.0}),
    "other_switch": ("schedule", {"phase_rollouts": 135}),
    "one_objective": ("schedule", {"objectives": ["blue"]}),
    "phases_of_45": ("schedule", {"phase_rollouts": 45}),
    "decay_0": ("hyperparameters", {"weight_decay": 0.0}),
    "decoupled_1": ("hyperparameters", {"decoupled_decay": True, "weight_decay": 0.1}),
    "clip_01": ("hyperparameters", {"clip_coefficient": 0.1}),
    "mine": ("hyperparameters", {"clip_coefficient": 0.3, "num_envs": 8}),
    "blocking_keys": ("world", {"walkable_keys": False}),
}
RECIPE = {"weight_decay": 3e-4, "decoupled_decay": False, "clip_coefficient": 0.2, "num_envs": 32}
CONFIG = {
    "threshold": 0.8,
    "burn_in": 6,
    "recipes": dict.fromkeys(["reference", "other"], RECIPE),
}
FIGURES = {
    "schedules": schedules,
    "hyperparameters": hyperparameters,
    "world_changes": world_changes,
    "plasticity": plasticity,
    "schedules_summary": schedules_summary,
}


def synthetic_tables(seeds):
    chance = np.random.default_rng(0)
    training = pd.concat([training_run(chance, arm, seed) for arm in ARMS for seed in seeds])
    rollouts = int(training["rollout"].max())
    runs = [
        (arm, seed, rollouts, measure.name, chance.uniform())
        for arm in ARMS
        for seed in seeds
        for measure in MEASURES
        # An arm of one objective has no switches, and not every seed learns.
        if (arm, measure.name) != ("one_objective", "spliced") and (seed, measure.name) != (seeds[-1], "first_rollout")
    ]
    runs = pd.DataFrame(runs, columns=["arm", "seed", "rollouts", "measure", "value"])
    about = {
        arm: {
            "reference": "other" if arm.startswith("other") else "reference",
            **{"group": group, "changes": json.dumps(changes), "rollouts": rollouts},
        }
        for arm, (group, changes) in ARMS.items()
    }
    layers = [
        (arm, seed, phase, network, layer, *chance.uniform(size=4))
        for arm in ARMS
        for seed in seeds
        for phase in training["phase"].unique()
        for network, layer in (("actor", "layer1"), ("actor", "layer2"), ("critic", "layer1"))
    ]
    measures = ["inactive", "dormant", "effective_rank", "weight_norm"]
    tables = {
        "ablation_training": training,
        "ablation_runs": runs,
        "ablations": ablations(runs, about, CONFIG["threshold"]),
        "ablation_plasticity": pd.DataFrame(layers, columns=["arm", "seed", "phase", "network", "layer", *measures]),
        PUBLISHED: training_run(chance, PUBLISHED, 99),
    }
    over = table_over_seeds("ablation_phases", tables, [], CONFIG["threshold"])
    return {**tables, "ablation_phases_over_seeds": over}


def drawn(module, tables, path):
    """The figure, drawn from the columns that it says it reads."""
    with styled():
        figure = module.draw({table: tables[table][columns] for table, columns in module.TABLES.items()}, CONFIG)
        save(figure, path)
    return figure


@pytest.mark.parametrize("name", FIGURES)
@pytest.mark.parametrize("seeds", [[1], [1, 2, 3]], ids=["one seed", "three seeds"])
def test_figures_draw_and_name_every_arm(tmp_path, name, seeds):
    figure = drawn(FIGURES[name], synthetic_tables(seeds), tmp_path / "figure.svg")
    text = (tmp_path / "figure.svg").read_text()
    named = {
        "schedules": ["one colour only", "phases of 45", "recovery by", "other switch"],
        "hyperparameters": ["weight decay", "decoupled decay (AdamW)", "clip coefficient", "recipe", "(other)"],
        "world_changes": ["walkable keys: no", "the author's run"],
        "schedules_summary": ["one colour only", "phases of 45", "as many random weights", "other switch"],
        "plasticity": ["L2 0.0003 (recipe)", "decoupled 0.1", "dormant units", "Arms beside other"],
    }
    for words in named[name]:
        assert words in text, words
    assert all(axes.has_data() for axes in figure.axes if axes.get_visible() and "schedules" not in name)


@pytest.mark.parametrize("name", FIGURES)
def test_equal_tables_give_equal_bytes(tmp_path, name):
    for file in ("one.svg", "other.svg"):
        drawn(FIGURES[name], synthetic_tables([1, 2]), tmp_path / file)
    assert (tmp_path / "one.svg").read_bytes() == (tmp_path / "other.svg").read_bytes()


def test_changes_in_words():
    assert sentence({}) == "reference"
    assert sentence({"wall_penalty": False, "view_size": 7}) == "wall penalty: no, view size: 7"


def test_a_configuration_without_such_arms_has_a_figure_that_says_so(tmp_path):
    tables = synthetic_tables([1, 2])
    for name, frame in tables.items():
        if "arm" in frame and name != PUBLISHED:
            tables[name] = frame[frame["arm"] == "reference"]
    for name, module in FIGURES.items():
        drawn(module, tables, tmp_path / f"{name}.svg")
    assert "No arm changes a hyperparameter" in (tmp_path / "hyperparameters.svg").read_text()
