"""What the rules say of the package: which modules make which outputs."""

import re

from study import ROOT

from goalsplice.io.source_digest import PACKAGE, closure, files_of

RULES = "".join(path.read_text(encoding="utf-8") for path in sorted((ROOT / "workflow/rules").glob("*.smk")))
STAGES = {*re.findall(r'"(goalsplice\.cli\.\w+)"', RULES)}
SUMMARIES = {
    f"goalsplice.analysis.summaries.{name}" for name in re.findall(r'^    "(\w+)": \["[^\n]*"\],$', RULES, re.M)
}
FIGURES = {f"goalsplice.figures.{name}" for name in re.findall(r'^    "(\w+)": \($', RULES, re.M)}

MAKE_NOTHING = {
    "cli/document_tables.py": "run by hand, for docs/tables.md",
    "hooks/__init__.py": "what the terminal says",
    "hooks/progress.py": "what the terminal says",
    "hooks/summary.py": "what the terminal says",
    "world/play.py": "for people who play",
    "world/vector.py": "for trainers other than the study's",
}
"""Modules whose change reruns nothing, and why."""


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


def test_a_change_of_any_module_reruns_a_rule_but_for_a_few():
    watched = set(closure((*STAGES, *SUMMARIES, *FIGURES)))
    others = {path.relative_to(PACKAGE).as_posix() for path in PACKAGE.rglob("*.py") if path not in watched}
    assert others == set(MAKE_NOTHING)
