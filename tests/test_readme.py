"""README.md is true: its commands, its snippet, its configuration; and the rule graph of docs/operating.md."""

import re
import subprocess
import sys

import pandas as pd
import pytest
import yaml
from study import ROOT, copy_finished, copy_project, planned, snakemake

from goalsplice.cli.document import operating_page
from goalsplice.cli.fill_pages import NUMBERS, RESULTS

PAGE = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language: str, page: str = PAGE) -> list[str]:
    """The page's code blocks in a language."""
    return re.findall(rf"^```{language}\n(.*?)^```", page, re.M | re.S)


def test_the_two_commands_are_the_documented_ones():
    """The first is what a reader types; the second is what .ci/run types."""
    commands = blocks("sh")
    whole, quick = commands[0].splitlines()
    assert whole == "python -m pip install -r envs/requirements.txt -e . && snakemake --cores all"
    assert quick.split("#")[0].split() == ["snakemake", "quick", "--cores", "all"]
    assert "python -m pip install -r envs/requirements.txt -e '.[test]' && pytest\n" in commands


def test_the_snippet_runs_on_a_study(finished):
    result = subprocess.run(
        [sys.executable, "-c", blocks("python")[0].replace("phase >= 20", "phase >= 2")],
        cwd=finished,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    assert "episode_share_yellow" in result.stdout
    assert len(re.findall("integers|onehot|blue |purple ", result.stdout)) >= 4


def test_the_published_numbers_are_read_as_the_page_says():
    [place] = re.findall(r'`pandas\.read_csv\("(.*?)", keep_default_na=False\)`', PAGE)
    summary = pd.read_csv(ROOT / place, keep_default_na=False)
    assert summary["seeds"].max() == len(yaml.safe_load((ROOT / "config.yaml").read_text())["seeds"])


@pytest.mark.slow
def test_the_commands_for_parts_can_be_planned(tmp_path):
    folder = copy_project(tmp_path / "project")
    [block] = [block for block in blocks("sh") if "--list-rules" in block]
    commands = [line.split("#")[0].split() for line in block.splitlines() if line.startswith("snakemake")]
    assert len(commands) == 3
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
def test_another_new_colour_can_be_planned(tmp_path):
    folder = copy_project(tmp_path / "project")
    [line] = re.findall(r"`(retargeting: \{target: \w+\})`", PAGE)
    (folder / "mine.yaml").write_text(line + "\n")
    assert planned(folder, "results/tables/retargeting.parquet", config="mine.yaml")["retargeting"] == 20


@pytest.mark.slow
def test_the_rule_graph_is_snakemakes(tmp_path):
    folder = copy_project(tmp_path / "project")
    graph = snakemake(folder, "figures", "--rulegraph", "mermaid-js", config=None).stdout
    assert len(re.findall("-->", graph)) > 50
    page = (ROOT / "docs/operating.md").read_text(encoding="utf-8")
    assert operating_page(page, graph) == page, "python -m goalsplice.cli.document makes it anew"


def test_publishing_puts_tables_and_figures_into_docs_and_numbers_into_pages(tmp_path, finished):
    folder = tmp_path / "project"
    copy_finished(finished, folder)
    (folder / RESULTS).mkdir(parents=True, exist_ok=True)
    content = yaml.safe_load((ROOT / NUMBERS).read_text(encoding="utf-8")) | {"pages": ["README.md"], "tables": {}}
    (folder / NUMBERS).write_text(yaml.safe_dump(content), encoding="utf-8")
    (folder / "README.md").write_text("Seeds: <!-- n learning.onehot.end:seeds -->old<!-- / -->.\n", encoding="utf-8")
    result = snakemake(folder, "publish", "--cores", "1")
    assert result.returncode == 0, result.stdout + result.stderr
    page = (folder / "README.md").read_text(encoding="utf-8")
    assert page == "Seeds: <!-- n learning.onehot.end:seeds -->2<!-- / -->.\n"
    published = {path.name for path in (folder / RESULTS).iterdir()}
    assert published >= {"summary.csv", "transfer.csv", "alternation.png"}
