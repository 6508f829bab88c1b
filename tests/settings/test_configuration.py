"""Bad configuration: one sentence that names the key, exit code not 0, nothing run."""

import json
import re
from dataclasses import fields
from itertools import product

import pytest
import yaml
from study import check, copy_project, merged, planned, snakemake

from goalsplice.agent.recipe import Recipe
from goalsplice.io.errors import StudyError
from goalsplice.settings import study


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """A copy of the project without results."""
    return copy_project(tmp_path_factory.mktemp("configuration") / "project")


BAD = {
    "a misspelt key": ("seedz: [1]", r"the top level: .*'seedz' was unexpected"),
    "a misspelt key of the recipe": ("recipe: {learnin_rate: 3}", r"recipe: .*'learnin_rate' was unexpected"),
    "a misspelt key of an arm": ("arms: {onehot: {encodin: onehot}}", r"arms\.onehot: .*'encodin' was unexpected"),
    "a wrong type": ("recipe: {learning_rate: fast}", r"recipe\.learning_rate: 'fast' is not of type 'number'"),
    "a number that is not a list": ("seeds: 7", r"seeds: 7 is not of type 'array'"),
    "a negative count": ("recipe: {num_envs: -3}", r"recipe\.num_envs: -3 is less than the minimum of 1"),
    "a negative seed": ("seeds: [-1]", r"seeds\.0: -1 is less than the minimum"),
    "a seed twice": ("seeds: [1, 1]", r"seeds: \[1, 1\] has non-unique elements"),
    "an arm without an encoding": ("arms: {third: {view_size: 5}}", r"arms\.third: 'encoding' is a required property"),
    "an unknown encoding": ("arms: {onehot: {encoding: oneheart}}", r"'oneheart' is not one of"),
    "a seed for a figure that is not trained": ("figures: {seed: 1234}", r"figures\.seed is 1234, which is not one of"),
    "a phase that is not trained": ("splices: {pairs: [[30, 31]]}", r"names phase 31, but arm onehot has 24"),
    "a tuning seed that is reported": (
        "retargeting: {tuning_seeds: [99]}",
        r"tuning_seeds names 99, which is one of seeds",
    ),
    "an arm trained on the new colour": (
        "arms: {three: {encoding: onehot, view_size: 5, objectives: [blue, purple, yellow]}}",
        r"retargeting\.target is yellow, which arm three is trained on",
    ),
    "a phase to train further from that is not there": (
        "finetuning: {phases: [40]}",
        r"finetuning\.phases names phase 40, but arm onehot has 24",
    ),
    "a phase paired with itself": ("splices: {pairs: [[3, 3]]}", r"phases 3 and 3, which arm onehot both trains on"),
    "a pair of one objective": ("splices: {pairs: [[3, 5]]}", r"which arm onehot both trains on purple"),
    "a pair twice": ("splices: {pairs: [[3, 4], [4, 3]]}", r"splices\.pairs has a pair twice"),
    "a phase that probes learn and are scored on": ("probes: {test_phases: [19, 20]}", r"names phase 19, which probes"),
    "a probed phase that is not trained": (
        "probes: {test_phases: [24, 25]}",
        r"test_phases names phase 25, but arm",
    ),
    "a phase for task vectors that is not trained": ("transfer: {phases: [24]}", r"names phase 24, but arm onehot"),
    "no other run to lend its vectors": (
        "transfer: {others: 0}",
        r"transfer\.others: 0 is less than the minimum of 1",
    ),
    "probed phases of one objective": ("probes: {test_phases: [20, 22]}", r"blue 2 times, purple 0 times"),
    "an arm with the author's name": ("arms: {published: {encoding: onehot, view_size: 5}}", r"arms: 'published'"),
    "a main arm that does not alternate": (
        "arms: {onehot: {schedule: random}}",
        r"arms\.onehot\.schedule: 'alternation' was expected",
    ),
    "an ablation's key that is misspelt": (
        "ablations: {arms: {wide: {base: onehot, hiden_size: 3}}}",
        r"ablations\.arms\.wide: .*'hiden_size' was unexpected",
    ),
    "an ablation without a base": ("ablations: {arms: {wide: {hidden_size: 3}}}", r"wide: 'base' is a required"),
    "an ablation of an arm that is not there": (
        "ablations: {arms: {wide: {base: one, hidden_size: 3}}}",
        r"ablations\.arms\.wide\.base is 'one', which is no main arm",
    ),
    "an ablation with a main arm's name": (
        "ablations: {arms: {integers: {base: onehot, hidden_size: 3}}}",
        r"ablations\.arms has integers, which is the name of a main arm",
    ),
    "an ablation's seed that is reported": ("ablations: {seeds: [99]}", r"ablations\.seeds names 99, .* one of seeds"),
    "an ablation's seed that is for tuning": (
        "ablations: {seeds: [101]}",
        r"ablations\.seeds names 101, which is one of retargeting\.tuning_seeds",
    ),
    "an ablation of an arm without a reference": (
        "arms: {other: {encoding: integers, view_size: 3}}\nablations: {arms: {wide: {base: other, hidden_size: 3}}}",
        r"arms of base other have 0 references",
    ),
    "two references": ("ablations: {arms: {again: {base: onehot}}}", r"arms of base onehot have 2 references"),
    "an ablation that is longer than its reference": (
        "ablations: {arms: {wide: {base: onehot, hidden_size: 3, rollouts: 300}}}",
        r"arms\.reference\.rollouts is 270, but an arm that is compared with it has 300",
    ),
    "an ablation without a whole phase": ("ablations: {rollouts: 10}", r"has no whole phase"),
    "an ablation's minibatches that do not divide": (
        "ablations: {arms: {odd: {base: onehot, minibatches: 7}}}",
        r"minibatches of arm odd is 7, which does not",
    ),
    "minibatches that do not divide": ("recipe: {minibatches: 7}", r"minibatches of arm onehot is 7, which does not"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_configuration_is_told(case):
    text, sentence = BAD[case]
    with pytest.raises(StudyError, match=sentence) as told:
        check(merged(text))
    assert "\n" not in str(told.value)


@pytest.mark.slow
@pytest.mark.parametrize("case", ["a misspelt key", "a pair twice"])
def test_snakemake_ends_with_that_sentence_and_runs_nothing(project, case):
    """What the schema refuses, and what its values mean."""
    text, sentence = BAD[case]
    (project / "bad.yaml").write_text(text)
    result = snakemake(project, "--dry-run", "--cores", "1", config="bad.yaml")
    output = result.stdout + result.stderr
    assert result.returncode != 0
    assert "Traceback" not in output
    assert re.search(sentence, output), output
    assert not (project / "results").exists()


@pytest.mark.slow
@pytest.mark.parametrize("target", ["arm=third/seed=1", "arm=onehot/seed=77"])
def test_an_arm_or_seed_that_does_not_exist_is_told(project, target):
    path = f"results/runs/{target}/training.parquet"
    result = snakemake(project, "--dry-run", "--cores", "1", path, config=None)
    assert result.returncode != 0
    assert f"No rule to produce {path}" in result.stdout + result.stderr


@pytest.mark.slow
def test_the_default_target_is_the_whole_study_without_ablations(project):
    jobs = planned(project, config=None)
    assert jobs["training_onehot"] == jobs["training_integers"] == 10
    assert jobs["evaluation"] == jobs["splices"] == 20
    assert jobs["report"] == jobs["all"] == 1
    assert not [rule for rule in jobs if "ablation" in rule or (rule.endswith("_phases") and "train" in rule)]


@pytest.mark.slow
def test_an_arm_in_three_lines(project):
    """A user's own arm runs beside the others, with only what it says changed."""
    (project / "mine.yaml").write_text(
        "arms:\n  patient: {encoding: onehot, view_size: 5, phase_rollouts: 30, rollouts: 732}\n"
    )
    jobs = planned(project, "tables", config="mine.yaml")
    assert jobs["training_patient"] == 10
    assert jobs["evaluation"] == 30


@pytest.mark.slow
def test_a_run_gets_the_checkpoints_of_those_that_follow_it(project):
    """Of five seeds two others each, in a circle; of those the last pair's, and what stands in for their goals."""
    (project / "circle.yaml").write_text("seeds: [99, 1, 2, 3, 4]\ntransfer: {others: 2}\n")
    target = "results/runs/arm=onehot/seed=3/transfer.parquet"
    printed = snakemake(project, "--dry-run", "--cores", "1", "--printshellcmds", target, config="circle.yaml").stdout
    (line,) = [line for line in printed.splitlines() if "goalsplice.cli.transfer" in line]
    given = re.findall(r"seed=(\d+)/checkpoints/phase=(\d+)", line)
    own, lent = [("3", f"{phase:02d}") for phase in range(24)], product(["99", "4"], ["20", "21", "22", "23"])
    assert given == [*own, *lent]


@pytest.mark.nightly
def test_the_line_of_a_stage_that_reads_much_of_every_run_does_not_grow_with_the_runs(project):
    """Linux takes no shell line of more than 131,072 bytes."""
    stages = ("benchmarks", "similarity_between_runs")
    targets = [f"results/tables/{stage}.parquet" for stage in stages]
    lengths = []
    for seeds in (2, 4):
        (project / "long.yaml").write_text(f"seeds: {[99, *range(1, seeds)]}\n")
        printed = snakemake(
            project, "--dry-run", "--cores", "1", "--printshellcmds", *targets, config="long.yaml"
        ).stdout
        found = [[line for line in printed.splitlines() if f"goalsplice.cli.{stage} " in line] for stage in stages]
        lengths.append([len(line) for (line,) in found])
    assert [after - before for before, after in zip(*lengths, strict=True)] == [len(" 2 3")] * len(stages)


@pytest.mark.slow
def test_every_figure_of_the_arms_is_told_what_they_see(project):
    (project / "wide.yaml").write_text("arms: {onehot: {view_size: 7}}\n")
    printed = snakemake(project, "--dry-run", "--cores", "1", "--printshellcmds", "figures", config="wide.yaml").stdout
    lines = [line for line in printed.splitlines() if "goalsplice.cli.draw " in line]
    assert len(lines) > 15
    for line in lines:
        (told,) = re.findall(r"--config '(.*?)'", line)
        assert json.loads(told)["arms"]["onehot"] == {"encoding": "onehot", "view_size": 7, "grid_size": 6}


@pytest.mark.slow
def test_an_ablation_in_a_line(project):
    (project / "mine.yaml").write_text("ablations:\n  arms:\n    slow: {base: onehot, learning_rate: 1.0e-4}\n")
    target = "results/runs/arm=slow/seed=201/plasticity.parquet"
    assert planned(project, target, config="mine.yaml") == {"training_6_phases": 1, "plasticity": 1}


@pytest.mark.slow
def test_every_target_can_be_planned(project):
    targets = ["tables", "figures", "report", "quick", "all", "ablations"]
    jobs = planned(project, *targets, config=None)
    assert {target: jobs.get(target) for target in targets} == dict.fromkeys(targets, 1)


@pytest.mark.slow
def test_every_rule_says_what_it_does(project):
    lines = snakemake(project, "--list-rules", config=None).stdout.splitlines()
    rules = [line for line in lines if line and not line.startswith("Using")]
    assert len(rules) > 15
    for line in rules:
        assert "(" in line, f"{line} has no docstring"


def test_recipes_are_the_common_one_but_for_the_arms_keys():
    config = {
        "recipe": {"objectives": ["green", "blue"], "b": 2},
        "arms": {"x": {"b": 3}},
        "retargeting": {"target": "red"},
    }
    assert study.recipe_of(config, "x") == {
        "objectives": ["green", "blue"],
        "b": 3,
        "key_colours": ["green", "blue", "red"],
    }
    assert config["recipe"] == {"objectives": ["green", "blue"], "b": 2}


def test_whole_phases_only():
    assert study.whole_phases({"rollouts": 366, "phase_rollouts": 15}) == 24


def test_every_key_has_a_description(pytestconfig):
    """The schema is where a user looks up what a key means."""
    schema = yaml.safe_load((pytestconfig.rootpath / "workflow/schemas/config.schema.yaml").read_text())

    def keys(node, path=""):
        for name, child in node.get("properties", {}).items():
            yield f"{path}{name}", child
            yield from keys(child, f"{path}{name}.")

    described = [
        *keys(schema),
        *keys(schema["$defs"]["keys"], "recipe."),
        *keys(schema["$defs"]["training"], "recipe."),
    ]
    assert len(described) > 35
    for name, child in described:
        assert len(child.get("description", "")) > 8, name


@pytest.mark.parametrize(
    ("section", "key", "sentence"),
    [
        (None, "perception", r"the top level: 'perception' is a required property"),
        ("retargeting", "level_distributions", r"retargeting: 'level_distributions' is a required property"),
        ("ablations", "rank", r"ablations: 'rank' is a required property"),
        ("figures", "level_distribution", r"figures: 'level_distribution' is a required property"),
        ("figures", "action_selection", r"figures: 'action_selection' is a required property"),
    ],
)
def test_a_configuration_of_before_is_told_which_key_it_lacks(pytestconfig, section, key, sentence):
    config = yaml.safe_load((pytestconfig.rootpath / "config.yaml").read_text())
    schema = yaml.safe_load((pytestconfig.rootpath / "workflow/schemas/config.schema.yaml").read_text())
    study.validate(config, schema)
    del (config[section] if section else config)[key]
    with pytest.raises(StudyError, match=sentence):
        study.validate(config, schema)


@pytest.mark.parametrize(
    ("level_distribution", "sentence"),
    [
        (["training", "three_colours"], r"retargeting\.level_distributions\.0: 'three_colours' was expected"),
        (["three_colours", "three_colours"], r"retargeting\.level_distributions"),
        ([], r"retargeting\.level_distributions: \[\] should be non-empty"),
    ],
)
def test_everything_is_tried_where_the_three_colours_are(pytestconfig, level_distribution, sentence):
    config = yaml.safe_load((pytestconfig.rootpath / "config.yaml").read_text())
    schema = yaml.safe_load((pytestconfig.rootpath / "workflow/schemas/config.schema.yaml").read_text())
    config["retargeting"]["level_distributions"] = level_distribution
    with pytest.raises(StudyError, match=sentence):
        study.validate(config, schema)


def test_the_schema_knows_exactly_the_recipes_keys(pytestconfig):
    schema = yaml.safe_load((pytestconfig.rootpath / "workflow/schemas/config.schema.yaml").read_text())
    # The colours of the keys are the first objectives and retargeting.target.
    named = {field.name for field in fields(Recipe)} - {"key_colours"}
    known = {*schema["$defs"]["keys"]["properties"], *schema["$defs"]["training"]["properties"]}
    assert known == named


@pytest.mark.parametrize(
    ("old", "said"),
    [
        ("transport: {others: 2}", r"transport has another name now: transfer; rename it"),
        ("evaluation: {layouts: [three_colours]}", r"evaluation\.layouts has another name now: level_distributions"),
        ("splices: {policy: greedy}", r"splices\.policy has another name now: action_selection;"),
        ("measures: {settled_after: 3}", r"measures\.settled_after has another name now: burn_in"),
        ("recipe: {layouts: training}", r"recipe\.layouts has another name now: level_distribution;"),
        ("arms: {x: {encoding: onehot, view_size: 5, layouts: training}}", r"arms\.x\.layouts has another name now"),
    ],
)
def test_an_old_key_is_told_its_new_name(pytestconfig, old, said):
    config = yaml.safe_load((pytestconfig.rootpath / "config.yaml").read_text())
    schema = yaml.safe_load((pytestconfig.rootpath / "workflow/schemas/config.schema.yaml").read_text())
    for section, values in yaml.safe_load(old).items():
        config[section] = {**config.get(section, {}), **values}
    with pytest.raises(StudyError, match=said):
        study.validate(config, schema)


@pytest.mark.parametrize(
    ("section", "key", "value", "said"),
    [
        (
            "retargeting",
            "absent",
            "blue",
            r"absent is blue, the colour of a key that is there; name another than blue,",
        ),
        (
            "recipe",
            "objectives",
            ["blue", "purple", "red"],
            r"of arms\.onehot name red, but the keys .* are blue, purple, y",
        ),
    ],
)
def test_colours_fit_together(pytestconfig, section, key, value, said):
    config = yaml.safe_load((pytestconfig.rootpath / "config.yaml").read_text())
    config[section][key] = value
    with pytest.raises(StudyError, match=said):
        study.check(config)


def test_ablations_name_colours_by_what_they_are_to_the_study(pytestconfig):
    config = yaml.safe_load((pytestconfig.rootpath / "config.yaml").read_text())
    config["recipe"]["objectives"], config["retargeting"]["target"] = ["red", "green"], "blue"
    assert study.ablation_recipe(config, "one_objective")["objectives"] == ["red"]
    assert study.ablation_recipe(config, "three_objectives")["objectives"] == ["red", "green", "blue"]
    assert study.ablation_recipe(config, "reference")["objectives"] == ["red", "green"]
