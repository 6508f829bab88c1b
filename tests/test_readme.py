"""README.md is true: its commands, its snippet, its numbers and its rule graph."""

import re
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
import yaml
from study import ROOT, copy_finished, copy_project, planned, snakemake

from goalsplice.analysis.publishing import END, START, results_text, with_results
from goalsplice.cli.document import operating_page
from goalsplice.io.errors import StudyError
from goalsplice.settings.labels import PUBLISHED

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
    assert "episode_share_target" in result.stdout
    assert len(re.findall("integers|onehot|blue |purple ", result.stdout)) >= 4


@pytest.mark.slow
def test_the_commands_for_parts_can_be_planned(tmp_path):
    folder = copy_project(tmp_path / "project")
    commands = [line.split("#")[0].split() for line in blocks("sh")[2].splitlines() if line.startswith("snakemake")]
    assert len(commands) == 6
    for _, *arguments in commands:
        if "--list-rules" in arguments:
            assert snakemake(folder, *arguments, config=None).returncode == 0
        else:
            jobs = planned(folder, *[a for a in arguments if a != "--dry-run"], config=None)
            assert ("report" in jobs) == ("--dry-run" in arguments), "only a call without a target asks for everything"


@pytest.mark.slow
def test_the_second_configuration_file_adds_an_arm(tmp_path):
    folder = copy_project(tmp_path / "project")
    (folder / "mine.yaml").write_text(blocks("yaml")[0])
    assert planned(folder, "tables", config="mine.yaml")["training_patient"] == 10


@pytest.mark.slow
def test_the_rule_graph_is_snakemakes(tmp_path):
    folder = copy_project(tmp_path / "project")
    graph = snakemake(folder, "figures", "--rulegraph", "mermaid-js", config=None).stdout
    assert len(re.findall("-->", graph)) > 50
    page = (ROOT / "docs/operating.md").read_text(encoding="utf-8")
    assert operating_page(page, graph) == page, "python -m goalsplice.cli.document makes it anew"


def test_the_numbers_are_those_of_the_published_tables():
    """README's tables follow from the CSV files beside the figures, which `snakemake publish` wrote with them."""
    names = ("summary", "edit_effects", "retargeting_effects")
    summary, effects, retargeting = (pd.read_csv(ROOT / f"docs/results/{name}.csv") for name in names)
    assert with_results(PAGE, results_text(summary, effects, retargeting)) == PAGE
    seeds = yaml.safe_load((ROOT / "config.yaml").read_text())["seeds"]
    assert summary["seeds"].max() == effects["seeds"].max() == len(seeds), "the numbers are the default study's"


def number(value: float) -> str:
    return f"{value:.2f}".replace("-0.00", "0.00")


def test_the_answer_is_what_the_published_tables_say():
    """Each number of the first sentences, by arm, as the CSV files have it."""
    answer = " ".join(PAGE.partition("## What came out")[2].partition("<!-- results")[0].split())
    effects = pd.read_csv(ROOT / "docs/results/edit_effects.csv").fillna({"dose": -1})
    recovery = effects.set_index(["arm", "family", "edit", "dose", "control"])["recovery"]
    carried = pd.read_csv(ROOT / "docs/results/transfer.csv")
    carried = carried.set_index(["target", "part", "aligned", "control", "arm"])["interquartile_mean"]

    def of(*edit):
        return [number(recovery[(arm, *edit)]) for arm in ("onehot", "integers")]

    def share(*vector):
        return "{:.0f} % and {:.0f} %".format(*(100 * carried[(*vector, arm)] for arm in ("onehot", "integers")))

    layer1 = ("layers", "layer1", -1)
    assert "brings {} (`onehot`) and {} (`integers`)".format(*of(*layer1, "no_control")) in answer
    assert "at random places bring {} and {}".format(*of(*layer1, "random_weights")) in answer
    assert (
        "rank-4 part of each layer's difference brings {} and {}".format(*of("rank", "all layers", 4, "no_control"))
        in answer
    )
    best = ("weights", "by attribution", 0.03)
    assert "best 3 % of single weights {} and {}".format(*of(*best, "no_control")) in answer
    assert "about the same effort, bring {} and {}".format(*of(*best, "optimised_same_budget")) in answer
    assert "eight times the effort {} and {}".format(*of(*best, "optimised_8x_budget")) in answer
    biases = "layer1+layer2+layer3+layer4"
    assert "Biases alone bring {} and {}".format(*of("layer_biases", biases, -1, "no_control")) in answer
    shift = ("activations", "steering vector after layer1", -1, "no_control")
    assert "added to the activations after layer 1 {} and {}".format(*of(*shift)) in answer
    columns, exchanged = (
        number(recovery[("onehot", "inputs", name, -1, "no_control")])
        for name in ("blue and purple", "own blue and purple exchanged")
    )
    blank = number(recovery[("onehot", "inputs", "blue and purple", -1, "untrained")])
    assert f"blue and purple alone bring {columns}, where an untrained network's bring {blank}" in answer
    assert f"exchanged, without any donor, {exchanged}" in answer
    assert f"{share('other late phase', 'all', 'no_control', 'no_control')} of episodes end with" in answer
    assert f"to another run, {share('other run', 'all', 'no_control', 'no_control')}, but" in answer
    assert f"but {share('other run', 'all', 'matched', 'no_control')} once hidden units are matched" in answer


def test_yellow_is_what_the_published_tables_say():
    answer = " ".join(PAGE.partition("## What came out")[2].partition("<!-- results")[0].split())
    effects = pd.read_csv(ROOT / "docs/results/retargeting_effects.csv")
    effects = effects[(effects["level_distribution"] == "three_colours") & effects["dose"].isna()]
    rows = effects.set_index(["arm", "family", "edit", "control"]).sort_index()

    def yellow(*edit):
        return f"{100 * rows.loc[edit, 'episode_share_target']:.1f} %"

    few = rows.loc[("onehot", "preregistered", "sparse")]
    strongest = few.drop(index="no_control")["episode_share_target"].max()
    assert rows.loc[("onehot", "preregistered", "sparse", "no_control"), "share"] <= 0.005
    assert f"take yellow in {yellow('onehot', 'preregistered', 'sparse', 'no_control')} of episodes" in answer
    unedited = yellow("onehot", "bounds", "unedited", "no_control")
    assert f"(no edit: {unedited}, its strongest control: {100 * strongest:.1f} %)" in answer
    assert f"does so in {yellow('integers', 'preregistered', 'downstream of layer 1', 'no_control')}." in answer
    verdicts = pd.read_csv(ROOT / "docs/results/verdicts.csv").query("towards == 'new' and family == 'preregistered'")
    assert set(zip(verdicts["arm"], verdicts["edit"], strict=True)) == {
        *(("onehot", "sparse"), ("onehot", "downstream of layer 1")),
        ("integers", "downstream of layer 1"),
    }
    assert set(verdicts["verdict"]) == {"inconclusive"}
    assert "nor do probes inside tell, for either arm" in answer


def test_how_it_learns_is_what_the_published_tables_say():
    answer = " ".join(PAGE.partition("## What came out")[2].partition("<!-- results")[0].split())
    measures = pd.read_csv(ROOT / "docs/results/measures.csv").set_index("arm")
    first = measures["first_rollout"]
    assert first["onehot"].max() <= 15
    ordered = [f"{rollout:.0f}" for rollout in sorted(first["integers"])]
    assert len(ordered) == 10
    said = f"five of ten do so at rollouts {ordered[0]} to {ordered[4]}, three at {ordered[5]} to {ordered[7]}"
    said += f", and two at {ordered[8]} and {ordered[9]}"
    assert f"{said}; the author's own run at {measures.loc[PUBLISHED, 'first_rollout']:.0f}." in answer


def test_the_verdicts_are_those_of_the_published_table():
    page = " ".join((ROOT / "docs/goal_or_perception.md").read_text(encoding="utf-8").split())
    verdicts = pd.read_csv(ROOT / "docs/results/verdicts.csv").query("towards == 'new'").fillna({"readings": ""})
    shown = verdicts[verdicts["family"].isin(["preregistered", "contrastive direction", "layer 1"])]
    assert len(shown) == 6
    for row in shown.itertuples():
        assert f"**{row.verdict}** | {row.share:.2f} | {row.readings or 'none heard'}" in page


def test_every_link_and_picture_is_there():
    for target in re.findall(r"\]\(([^)#]+)\)", PAGE):
        if not target.startswith("http"):
            assert (ROOT / target).exists(), target


def test_publishing_replaces_what_stands_between_the_marks(tmp_path, finished):
    folder = tmp_path / "project"
    copy_finished(finished, folder)
    (folder / "README.md").write_text(f"before\n{START}\nold\n{END}\nafter\n")
    result = snakemake(folder, "publish", "--cores", "1")
    assert result.returncode == 0, result.stdout + result.stderr
    page = (folder / "README.md").read_text(encoding="utf-8")
    assert page.startswith("before\n")
    assert page.endswith("after\n")
    assert "\nold\n" not in page
    assert "no donor: its own columns of blue and purple exchanged" in page
    assert {path.name for path in Path(folder / "docs/results").iterdir()} >= {
        "summary.csv",
        "transfer.csv",
        "alternation.png",
    }


def test_a_page_without_marks_is_refused():
    with pytest.raises(StudyError, match=r"README\.md lacks the marks"):
        with_results("nothing here", "text")
