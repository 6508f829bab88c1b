"""What the rules say of the package: which modules make which outputs."""

import importlib
import re
import sys

import pytest
from study import ROOT

from goalsplice.io.source_digest import PACKAGE, closure, files_of
from goalsplice.settings import registry

KNOWN = registry.read(ROOT)
RULES = "".join(path.read_text(encoding="utf-8") for path in sorted((ROOT / "workflow/rules").glob("*.smk")))
STAGES = {*re.findall(r'"(goalsplice\.cli\.\w+)"', RULES)}
SUMMARIES = {f"goalsplice.analysis.summaries.{name}" for name in KNOWN.over_seeds()}
FIGURES = {f"goalsplice.figures.{figure}" for figure in KNOWN.figures}

MAKE_NOTHING = {
    "cli/document.py": "run by hand, for pages and SLURM's profile",
    "hooks/__init__.py": "what the terminal says",
    "hooks/progress.py": "what the terminal says",
    "hooks/summary.py": "what the terminal says",
    "world/play.py": "for people who play",
    "world/vector.py": "for trainers other than the study's",
}
"""Modules whose change reruns nothing, and why."""

HERE = set(re.findall(r"^    (\w+),$", re.search(r"^localrules:\n(.*?)\n\n", RULES, re.M | re.S)[1], re.M))
"""Rules that are never submitted to a cluster."""


def rules() -> dict[str, str]:
    """The text of each rule, by the registry's name for it: those in a loop stand for several."""
    texts = {}
    for text in re.split(r"^(?=(?: {4})?rule\b)", RULES, flags=re.M)[1:]:
        named = re.match(r'rule (\w+):|(?s: +rule:.*?name:\s+f"(\w+)_)', text)
        texts[named[1] or named[2]] = text
    return texts


def test_every_module_that_a_rule_names_is_there():
    assert len(STAGES) > 25
    assert len(FIGURES) > 20
    assert len(SUMMARIES) > 10
    for module in STAGES | SUMMARIES | FIGURES:
        assert len(files_of(module)) == len(module.split(".")), module


def test_a_rule_says_the_modules_that_its_shell_line_runs():
    for block in re.split(r"^ *rule\b", RULES, flags=re.M)[1:]:
        run = {*re.findall(r"python -m (goalsplice\.cli\.\w+)", block)}
        named = {*re.findall(r'^ *"(goalsplice\.cli\.\w+)"|made_by\("(goalsplice\.cli\.\w+)"', block, re.M)}
        assert run == {name for names in named for name in names if name}, block[:80]


def given_options() -> dict[str, set[str]]:
    """By command of the package, the options that rules' shell lines name."""
    found: dict[str, set[str]] = {}
    for module, line in re.findall(r"python -m (goalsplice\.cli\.\w+)((?:(?!python -m|&&|2>|\|).)*)", RULES, re.S):
        found.setdefault(module, set()).update(re.findall(r"(?<=\s)--[a-z][\w-]*", line))
    return found


@pytest.mark.parametrize("module", given_options())
def test_a_command_takes_the_options_that_its_rules_give(module, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", [module, "--help"])
    with pytest.raises(SystemExit):
        importlib.import_module(module).main()
    taken = set(re.findall(r"--[a-z][\w-]*", capsys.readouterr().out))
    assert given_options()[module] <= taken


def test_a_change_of_any_module_reruns_a_rule_but_for_a_few():
    watched = set(closure((*STAGES, *SUMMARIES, *FIGURES)))
    others = {path.relative_to(PACKAGE).as_posix() for path in PACKAGE.rglob("*.py") if path not in watched}
    assert others == set(MAKE_NOTHING)


def test_the_registry_has_all_rules_that_may_be_submitted_and_no_others():
    targets = {name for name, text in rules().items() if "output:" not in text and "shell:" not in text}
    assert targets == {"tables", "figures", "ablations"}
    assert set(KNOWN.rules) == set(rules()) - HERE - targets


@pytest.mark.parametrize("name", KNOWN.rules)
def test_a_rule_leaves_the_record_that_the_registry_says(name):
    run, study = f'"results/benchmarks/{name}/arm={{arm}}/seed={{seed}}.tsv"', f'"results/benchmarks/{name}.tsv"'
    found = re.findall(r"^ +benchmark:\n +(.*)$", rules()[name], re.M)
    assert found == {"run": [run], "study": [study], None: []}[KNOWN.rules[name].benchmark]


@pytest.mark.parametrize("name", KNOWN.tables)
def test_a_table_is_made_by_the_rule_that_the_registry_says(name):
    table = KNOWN.tables[name]
    folder = "results/tables" if table.scope.endswith("study") else "results/runs/arm={arm}/seed={seed}"
    file = name.removeprefix("ablation_") if table.scope == "ablation_run" else name
    file = "{topic}_over_seeds" if table.of else file
    outputs = rules()[table.rule].partition("output:")[2].partition("log:")[0]
    assert f'"{folder}/{file}.parquet"' in outputs
