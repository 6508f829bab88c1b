"""A user's edit from the page on edits, in a finished study: what runs, and what comes out."""

import ast
import json
import os
import re
from pathlib import Path

import pandas as pd
import pytest
import torch
import yaml
from jsonschema import Draft202012Validator
from study import QUICK, ROOT, check, copy_finished, copy_project, merged, planned, snakemake

from edits.contexts import context_of
from goalsplice.agent.network import Agent
from goalsplice.agent.recipe import Recipe
from goalsplice.experiments.custom import EditContext, custom_edit, load
from goalsplice.experiments.observing import met
from goalsplice.experiments.splices import Pair
from goalsplice.io.errors import StudyError
from goalsplice.settings import plugin
from goalsplice.settings.study import recipe_of

PAGE = (ROOT / "docs/edits.md").read_text(encoding="utf-8").partition("## Bring your own")[2]
FIGURE = "results/figures/leaderboard.svg"


def block(language: str) -> str:
    """The section's code block in a language."""
    (found,) = re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.M | re.S)
    return found


EDITS = yaml.safe_load(block("yaml"))["custom_edits"]


def configure(folder: Path, text: str) -> None:
    """Write `mine.yaml`: the mini study with `text`."""
    (folder / "mine.yaml").write_text((folder / QUICK).read_text(encoding="utf-8") + text, encoding="utf-8")


@pytest.fixture
def clone(finished, tmp_path) -> Path:
    """The finished mini study with the page's two files in it."""
    folder = copy_project(tmp_path / "clone")
    copy_finished(finished, folder, "results", ".snakemake")
    (folder / "my_edits.py").write_text(block("python"), encoding="utf-8")
    configure(folder, block("yaml"))
    return folder


def test_the_pages_edit_does_what_it_says(tmp_path):
    """Of layer 1's weights it takes the share that differs most, and for one who copies it no other file is needed."""
    (tmp_path / "my_edits.py").write_text(block("python"), encoding="utf-8")
    config = yaml.safe_load((ROOT / "config.yaml").read_text(encoding="utf-8"))
    recipe = Recipe(**{**recipe_of(config, "onehot"), "view_size": 3, "hidden_size": 16})
    recipient, donor = (
        Agent(recipe.world.inputs, 16, torch.Generator().manual_seed(seed)).actor.state_dict() for seed in (0, 1)
    )
    context = context_of(recipient, donor, recipe, met((recipient, donor), recipe, "three_colours", ("arm", 0)))
    for edit in EDITS:
        made = custom_edit(edit["name"], load(edit["function"], tmp_path), edit["parameters"], Pair(context, {}))
        edited = made.make(context)
        taken = edited["layer1.weight"] == donor["layer1.weight"]
        assert taken.float().mean().item() == pytest.approx(edit["parameters"]["share"], abs=1e-3)
        difference = (donor["layer1.weight"] - recipient["layer1.weight"]).abs()
        assert difference[taken].min() > difference[~taken].max()
        assert all(torch.equal(edited[name], recipient[name]) for name in recipient if name != "layer1.weight")


def test_the_page_names_what_there_is():
    for field in EditContext._fields:
        assert f"`context.{field}`" in PAGE
    for control in (
        "same_goal_donor",
        "other_seed_donor",
        "untrained_donor",
        "sign_flipped",
        "complement",
        "permuted",
        "gaussian",
        "random_weights",
    ):
        assert f"`{control}`" in PAGE
    for word in re.findall(r"`goalsplice\.([\w.]+)", PAGE):
        module, _, name = word.rpartition(".")
        tree = ast.parse((ROOT / "workflow/goalsplice" / f"{module.replace('.', '/')}.py").read_text())
        assert name in {node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    for target in re.findall(r"\]\(([^)#]+)\)", PAGE):
        assert (ROOT / "docs" / target).exists(), target


def test_the_schema_takes_exactly_the_names_that_the_code_does():
    schema = yaml.safe_load((ROOT / "workflow/schemas/config.schema.yaml").read_text(encoding="utf-8"))
    item = schema["properties"]["custom_edits"]["items"]
    assert re.compile(item["properties"]["function"]["pattern"].strip("^$")) == plugin._NAMED
    validator = Draft202012Validator(schema["properties"]["custom_edits"])
    good = {"name": "x", "function": "a.b:c", "parameters": {"one": [1, {"two": None}]}, "reads": ["a/b.npy"]}
    assert validator.is_valid([good, *EDITS])
    assert validator.is_valid(yaml.safe_load((ROOT / "config.yaml").read_text())["custom_edits"])
    bad = [{"name": " x"}, {"name": ""}, {"name": 33 * "x"}, {"function": "../a:b"}, {"function": "a"}, {"code": "a:b"}]
    for change in [*bad, {"parameters": [1]}, {"parameters": {"a-b": 1}}, {"reads": "a.npy"}, {"reads": [1]}]:
        assert not validator.is_valid([{**good, **change}]), change


def test_the_pages_command_scores_the_edit_and_nothing_else(clone):
    command = block("sh").split()
    assert command[0] == "snakemake"
    assert command[command.index("--configfile") + 1] == "mine.yaml"
    jobs = planned(clone, *command[3 : command.index("--configfile")], config="mine.yaml")
    assert jobs == {"custom_edits": 4, "combine": 1, "leaderboard": 1, "draw_leaderboard": 1}


def test_the_pages_edit_is_in_the_leaderboard(clone):
    """Beside one that fails: that is told on the terminal, and stops nothing."""
    (clone / "broken.py").write_text("def edit(recipient, donor, context):\n    return 1 / 0\n")
    configure(clone, block("yaml") + "  - {name: it's broken, function: 'broken:edit'}\n")
    result = snakemake(clone, FIGURE, "--cores", "1", config="mine.yaml")
    output = result.stdout + result.stderr
    assert result.returncode == 0, output
    assert (
        'The custom edit "it\'s broken" has no score in arm onehot: broken:edit raised ZeroDivisionError: division by '
        "zero (broken.py, line 2); mend the function or its parameters (failed in 2 of 2 runs, first in seed 99, "
    ) in output
    board = pd.read_parquet(clone / "results/tables/leaderboard.parquet").set_index(["arm", "edit"])
    for arm in ("onehot", "integers"):
        for edit in EDITS:
            row = board.loc[(arm, edit["name"])]
            assert row["problem"] == ""
            assert row["size"] > 0
        assert board.loc[(arm, "it's broken"), "problem"]
    assert "1 / 0" in (clone / "results/logs/custom_edits/arm=onehot/seed=99.log").read_text(), "with its traceback"
    assert (clone / FIGURE).read_text(encoding="utf-8").count("no score") == 2
    assert planned(clone, FIGURE, config="mine.yaml") == {}


@pytest.mark.nightly
def test_a_study_without_custom_edits(clone):
    configure(clone, "custom_edits: []\n")
    result = snakemake(clone, FIGURE, "--cores", "1", config="mine.yaml")
    assert result.returncode == 0, result.stdout + result.stderr
    assert len(pd.read_parquet(clone / "results/tables/custom_edits.parquet")) == 0
    assert "custom" not in set(pd.read_parquet(clone / "results/tables/leaderboard.parquet")["family"])


@pytest.mark.nightly
def test_editing_the_file_or_what_it_imports_scores_again(clone):
    """And no splice, however much the study's own edits share with it."""
    helper = clone / "shares" / "core.py"
    helper.parent.mkdir()
    (helper.parent / "__init__.py").write_text("from .core import SHARE\n")
    helper.write_text("SHARE = 0.5\n")
    path = clone / "my_edits.py"
    path.write_text("from shares import SHARE\n\n\ndef most_changed(recipient, *_, share):\n    return recipient\n")
    table = "results/runs/arm=onehot/seed=1/custom_edits.parquet"
    assert snakemake(clone, table, "--cores", "1", config="mine.yaml").returncode == 0
    assert planned(clone, table, config="mine.yaml") == {}
    old = helper.stat()
    helper.write_text("SHARE = 0.6\n")
    assert planned(clone, table, config="mine.yaml") == {"custom_edits": 1}
    helper.write_text("SHARE = 0.5\n")
    assert planned(clone, table, config="mine.yaml") == {}
    helper.write_text("SHARE = 0.7\n")
    os.utime(helper, ns=(old.st_atime_ns, old.st_mtime_ns))
    assert planned(clone, table, config="mine.yaml") == {"custom_edits": 1}, "content counts, not its time"


@pytest.mark.parametrize(
    ("edit", "sentence"),
    [
        ({"function": "nowhere:edit"}, r"there is no file nowhere\.py in the project's folder"),
        ({"function": "../my_edits:edit"}, r"custom_edits\.0\.function: .* does not match"),
        ({"fonction": "my_edits:edit"}, r"custom_edits\.0: .*'fonction' was unexpected"),
        ({"parameters": 3}, r"custom_edits\.0\.parameters: 3 is not of type 'object'"),
    ],
)
def test_a_bad_entry_is_one_sentence(edit, sentence):
    with pytest.raises(StudyError, match=sentence) as told:
        check(merged(json.dumps({"custom_edits": [{"name": "x", "function": "my_edits:f", **edit}]})))
    assert "\n" not in str(told.value)
