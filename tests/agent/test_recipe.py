"""A recipe is read whole or refused."""

import dataclasses
import json

import pytest

from goalsplice.agent.recipe import Recipe
from goalsplice.io.errors import StudyError


def test_json_round_trip(recipe):
    again = Recipe.from_json(json.dumps(dataclasses.asdict(recipe)))
    assert again == recipe
    assert again.digest() == recipe.digest()


def test_the_digest_depends_on_every_value(recipe):
    changed = dataclasses.replace(recipe, entropy_coefficient=0.02)
    assert changed.digest() != recipe.digest()


@pytest.mark.parametrize(("change", "message"), [("drop", "lacks the key gamma"), ("add", "has the unknown key gama")])
def test_missing_and_unknown_keys_are_named(recipe, change, message):
    values = dataclasses.asdict(recipe)
    if change == "drop":
        del values["gamma"]
    else:
        values["gama"] = 1
    with pytest.raises(StudyError, match=message):
        Recipe.from_json(json.dumps(values))
