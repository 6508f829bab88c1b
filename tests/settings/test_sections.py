"""Sections of the configuration are read whole or refused."""

import json
from dataclasses import FrozenInstanceError, fields

import pytest
import yaml

from goalsplice.io.errors import StudyError
from goalsplice.settings import sections

ALL = [kind for kind in vars(sections).values() if isinstance(kind, type) and issubclass(kind, sections.Section)]
SECTIONS = [kind for kind in ALL if kind is not sections.Section]


@pytest.fixture
def config(pytestconfig) -> dict:
    return yaml.safe_load((pytestconfig.rootpath / "config.yaml").read_text())


@pytest.mark.parametrize("section", SECTIONS)
def test_what_a_rule_passes_is_what_the_stage_gets(config, section):
    found = section.from_json(section.passed(config))
    own = json.loads(json.dumps(config[section.named]))
    assert json.loads(json.dumps(vars(found))) == {field.name: own[field.name] for field in fields(section)}
    with pytest.raises(FrozenInstanceError):
        setattr(found, fields(section)[0].name, None)


@pytest.mark.parametrize("section", SECTIONS)
@pytest.mark.parametrize(
    ("change", "message"), [("drop", "{} lacks the key {}"), ("add", "{} has the unknown key kee")]
)
def test_missing_and_unknown_keys_are_named(config, section, change, message):
    values = json.loads(section.passed(config))
    first = min(values)
    if change == "drop":
        del values[first]
    else:
        values["kee"] = 1
    with pytest.raises(StudyError, match=message.format(section.named, first)):
        section.from_json(json.dumps(values))


def test_lists_cannot_be_changed(config):
    assert sections.Splices.from_json(sections.Splices.passed(config)).pairs[0] == (18, 19)


def test_a_stage_does_not_depend_on_what_it_does_not_read(config):
    """Another tuning seed or ablation seed makes nothing anew that is there."""
    before = sections.Retargeting.passed(config), sections.Ablations.passed(config)
    config["retargeting"]["tuning_seeds"].append(107)
    config["ablations"]["seeds"].append(206)
    config["ablations"]["arms"]["wide"] = {"base": "onehot", "hidden_size": 1024}
    assert (sections.Retargeting.passed(config), sections.Ablations.passed(config)) == before
