"""The registry: what it says of tables, figures and rules, and which faults are one sentence."""

import copy
import importlib
import shutil

import pytest
import yaml
from study import ROOT

from goalsplice.analysis.published import PUBLISHED
from goalsplice.io.errors import StudyError
from goalsplice.settings import registry
from goalsplice.settings.configuration import check_files

SMALL = {
    "tables": {
        "looks": {"rule": "look", "scope": "run", "published": "over_seeds"},
        "means": {"rule": "average", "scope": "study", "published": "whole"},
        "ablation_looks": {"rule": "look", "scope": "ablation_run"},
        "ablations": {"rule": "average", "scope": "ablation_study"},
    },
    "figures": {
        "picture": {"category": "Goals", "label": "A picture", "draws": "it", "tables": ["looks", "means"]},
        "both": {"category": "Goals", "label": "Both", "draws": "two", "tables": ["means", "ablations"]},
    },
    "rules": {
        "average": {"benchmark": "study", "group": "tables", "runtime": 1},
        "look": {"benchmark": "run", "group": "tests", "runtime": 2, "mem_mb": 9},
        "train": {"benchmark": "run"},
        "draw": {"group": "figures", "runtime": 1},
    },
}


@pytest.fixture
def read(tmp_path):
    """Reads a registry of some content, held to the project's schema."""

    def read(content):
        for place in (registry.PLACE, registry.SCHEMA):
            (tmp_path / place).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / registry.SCHEMA, tmp_path / registry.SCHEMA)
        (tmp_path / registry.PLACE).write_text(yaml.safe_dump(content, sort_keys=False))
        return registry.read(tmp_path)

    return read


def test_tables_by_scope_and_publication(read):
    known = read(SMALL)
    assert known.tables_of("run") == ["looks"]
    assert known.tables_of("run", "study") == ["looks", "means"]
    assert known.tables_of("run", "study", published="whole") == ["means"]
    assert list(known.ablation_files()) == ["looks"]
    assert known.ablation_files()["looks"].scope == "ablation_run"


def test_a_figure_that_reads_any_table_of_the_ablations_is_theirs(read):
    """Or else `all` would train them."""
    known = read(SMALL)
    assert known.figures_of(ablations=False) == ["picture"]
    assert known.figures_of(ablations=True) == ["both"]


def test_rules_by_what_they_leave_and_ask_for(read):
    known = read(SMALL)
    assert known.benchmarked("run") == ["look", "train"]
    assert known.benchmarked("study") == ["average"]
    assert list(known.submitted()) == ["average", "look", "draw_picture", "draw_both"]
    assert known.submitted()["draw_both"] == known.rules["draw"]
    assert known.submitted()["look"].mem_mb == 9


def test_a_rule_that_reads_what_another_of_the_run_makes_is_one_part_with_it(read):
    content = copy.deepcopy(SMALL)
    assert read(content).parts_of_a_run() == 1
    content["rules"]["listen"] = {"benchmark": "run", "group": "tests", "runtime": 1}
    assert read(content).parts_of_a_run() == 2
    content["rules"]["listen"]["after"] = "look"
    assert read(content).parts_of_a_run() == 1


@pytest.mark.parametrize(
    ("place", "value", "told"),
    [
        (("tables", "looks", "scope"), "runs", r"tables\.looks\.scope: 'runs' is not one of .*registry\.schema\.yaml"),
        (("tables", "looks", "rule"), "see", r"tables\.looks names the rule see, which is not among rules"),
        (("tables", "Looks"), {"rule": "look", "scope": "run"}, "'Looks' does not match"),
        (
            ("tables", "more"),
            {"rule": "look", "scope": "ablation_run"},
            r"tables\.more .*begin its name with ablation_",
        ),
        (("tables", "more"), {"rule": "look"}, "'scope' is a required property"),
        (("figures", "picture", "tables"), ["sights"], r"figures\.picture names the table sights, .* not among tables"),
        (("figures", "picture", "draws"), "a sentence.", r"figures\.picture\.draws"),
        (("figures", "picture", "colour"), "red", r"figures\.picture: .*'colour' was unexpected"),
        (("rules", "look", "runtime"), 0, r"rules\.look\.runtime"),
        (("rules", "look", "after"), "see", r"rules\.look is after see, which is not among rules"),
        (("rules", "train", "mem_mb"), 100, "'group' is a dependency of 'mem_mb'"),
    ],
)
def test_a_fault_is_one_sentence(read, place, value, told):
    content = copy.deepcopy(SMALL)
    *folders, key = place
    part = content
    for folder in folders:
        part = part[folder]
    part[key] = value
    with pytest.raises(StudyError, match=f"in workflow/registry.yaml, .*{told}") as error:
        read(content)
    assert "\n" not in str(error.value)


def test_nothing_is_there_twice():
    """YAML keeps the last of two equal keys, as two merged branches may leave them."""
    check_files([ROOT / registry.PLACE])


def test_registry_and_schema_name_the_same_tables():
    schemas = yaml.safe_load((ROOT / "workflow/schemas/tables.yaml").read_text(encoding="utf-8"))
    assert set(registry.read(ROOT).tables) == set(schemas)


@pytest.mark.parametrize("figure", registry.read(ROOT).figures)
def test_a_figure_has_a_caption_and_reads_the_tables_that_its_rule_gives_it(figure):
    assert (ROOT / f"workflow/report/{figure}.rst").read_text(encoding="utf-8").strip()
    module = importlib.import_module(f"goalsplice.figures.{figure}")
    assert set(module.TABLES) - {PUBLISHED} == set(registry.read(ROOT).figures[figure].tables)
