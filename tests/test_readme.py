"""README.md is true: its commands, its snippet, its numbers and its rule graph."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
import yaml
from study import ROOT, copy_project, planned, snakemake

from goalsplice.errors import StudyError
from goalsplice.measure.published import PUBLISHED
from goalsplice.publishing import END, EVERYTHING, START, results_text, with_results

PAGE = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language: str, page: str = PAGE) -> list[str]:
    """The page's code blocks in a language."""
    return re.findall(rf"^```{language}\n(.*?)^```", page, re.M | re.S)


def test_the_two_commands_are_the_documented_ones():
    commands = blocks("sh")
    assert commands[0] == "python -m pip install -r envs/requirements.txt -e . && snakemake --cores all\n"
    assert commands[1] == "python -m pip install -r envs/requirements.txt -e '.[test]' && pytest\n"


def test_the_snippet_runs_on_a_study(finished):
    result = subprocess.run(
        [sys.executable, "-c", blocks("python")[0].replace("phase >= 20", "phase >= 2")],
        cwd=finished,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    assert "share_yellow" in result.stdout
    assert len(re.findall("integers|onehot|blue |purple ", result.stdout)) >= 4


def test_the_commands_for_parts_can_be_planned(tmp_path):
    folder = copy_project(tmp_path / "project")
    commands = [line.split("#")[0].split() for line in blocks("sh")[2].splitlines() if line.startswith("snakemake")]
    assert len(commands) == 5
    for _, *arguments in commands:
        if "--list-rules" in arguments:
            assert snakemake(folder, *arguments, config=None).returncode == 0
        else:
            jobs = planned(folder, *[a for a in arguments if a != "--dry-run"], config=None)
            assert ("report" in jobs) == ("--dry-run" in arguments), "only a call without a target asks for everything"


def test_the_second_configuration_file_adds_an_arm(tmp_path):
    folder = copy_project(tmp_path / "project")
    (folder / "mine.yaml").write_text(blocks("yaml")[0])
    assert planned(folder, "tables", config="mine.yaml")["train_patient"] == 10


def test_the_rule_graph_is_snakemakes(tmp_path):
    folder = copy_project(tmp_path / "project")
    graph = snakemake(folder, "figures", "--rulegraph", "mermaid-js", config=None).stdout

    def edges(text):
        names = dict(re.findall(r"(id\d+)\[(\w+)\]", text))
        return {(names[a], names[b]) for a, b in re.findall(r"(id\d+) --> (id\d+)", text)}

    page = (ROOT / "docs/reruns.md").read_text(encoding="utf-8")
    assert edges(blocks("mermaid", page)[0]) == edges(graph) != set()


def test_the_numbers_are_those_of_the_published_tables():
    """README's tables follow from the CSV files beside the figures, which `snakemake publish` wrote with them."""
    summary, shares = (pd.read_csv(ROOT / f"docs/results/{name}.csv") for name in ("summary", "layer_splices"))
    assert with_results(PAGE, results_text(summary, shares)) == PAGE
    seeds = yaml.safe_load((ROOT / "config.yaml").read_text())["seeds"]
    assert summary["seeds"].max() == shares["seeds"].max() == len(seeds), "the numbers are the default study's"


def test_the_answer_is_what_the_published_tables_say():
    """Each percentage of the first sentences, by arm, and the number of rollouts, as the CSV files have them."""
    shares = pd.read_csv(ROOT / "docs/results/layer_splices.csv").set_index(["arm", "edit"])["interquartile_mean"]
    percent = (100 * shares).round().astype(int)
    answer = " ".join(PAGE.partition("## What came out")[2].partition("<!-- results")[0].split())

    def of(arm, edit):
        return f"{percent[(arm, edit)]} %"

    one, other = "onehot", "integers"
    assert f"in {of(one, 'layer1')} of episodes (`onehot`) and {of(other, 'layer1')} (`integers`)" in answer
    assert f"up from {of(one, 'none')} and {of(other, 'none')}." in answer
    rest = "layer2+layer3+layer4"
    assert f"all other layers, to {of(one, rest)} and {of(other, rest)}." in answer
    assert f"Layers 1 and 2 bring it to {of(one, 'layer1+layer2')} and {of(other, 'layer1+layer2')}" in answer
    assert f"whole actor gives {of(one, EVERYTHING)} and {of(other, EVERYTHING)};" in answer
    seeds = pd.read_csv(ROOT / "docs/results/layer_splices_by_seed.csv").set_index(["arm", "edit", "seed"])["share"]
    odd = [round(100 * seeds[(other, edit, 8)]) for edit in ("layer1", "layer3", "layer1+layer3")]
    assert "layer 1 gives {} %, layer 3 gives {} %, and both together {} %".format(*odd) in answer
    alone = seeds.xs("layer1", level="edit")
    assert alone[alone < 0.6].index.tolist() == [(other, 8)], "one run of the twenty is otherwise"
    measures = pd.read_csv(ROOT / "docs/results/measures.csv").set_index("arm")
    first = measures["first_rollout"]
    assert first[one].max() <= 15
    early, late = (sorted(first[other][side]) for side in (first[other] < 70, first[other] > 70))
    assert (len(early), len(late)) == (6, 4)
    assert f"six seeds do so at rollouts {early[0]:.0f} to {early[-1]:.0f} and four at {late[0]:.0f} to" in answer
    author, ours = measures.loc[PUBLISHED], measures.loc[other]
    assert f"to {late[-1]:.0f}; the author's own run, at {author['first_rollout']:.0f}." in answer
    assert 0 < author["phase_end_return"] - ours["phase_end_return"].max() < 0.002
    assert 0 < ours["phase_start_return"].min() - author["phase_start_return"] < 0.002


def test_every_link_and_picture_is_there():
    for target in re.findall(r"\]\(([^)#]+)\)", PAGE):
        if not target.startswith("http"):
            assert (ROOT / target).exists(), target


def test_publishing_replaces_what_stands_between_the_marks(tmp_path, finished):
    folder = tmp_path / "project"
    shutil.copytree(finished, folder)
    (folder / "README.md").write_text(f"before\n{START}\nold\n{END}\nafter\n")
    result = snakemake(folder, "publish", "--cores", "1")
    assert result.returncode == 0, result.stdout + result.stderr
    page = (folder / "README.md").read_text(encoding="utf-8")
    assert page.startswith("before\n")
    assert page.endswith("after\n")
    assert "\nold\n" not in page
    assert "whole actor (ceiling)" in page
    assert {path.name for path in Path(folder / "docs/results").iterdir()} >= {"summary.csv", "alternation.png"}


def test_a_page_without_marks_is_refused():
    with pytest.raises(StudyError, match=r"README\.md lacks the marks"):
        with_results("nothing here", "text")
