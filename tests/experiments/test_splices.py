"""The pairs of a run: who is spliced with whom, and which rows that gives."""

import numpy as np
import pytest
import torch

from edits.conftest import actor
from goalsplice.agent.runs import Checkpoint, Run
from goalsplice.edits.layers import layer_edits
from goalsplice.experiments import splices
from goalsplice.experiments.bench import Bench
from goalsplice.experiments.splices import edit_rows, pair_rows, pairs_of, untrained
from goalsplice.io.tables import table_schema
from goalsplice.settings.sections import Splices

SETTINGS = Splices(
    ((2, 3), (3, 4)),
    levels=12,
    control_levels=6,
    control_precision=0.0,
    draws=2,
    level_distribution="three_colours",
    action_selection="sampling",
)
RUN = ["arm", "seed"]


@pytest.fixture(scope="module")
def run_of(recipe):
    """A run of five phases, of untrained agents."""

    def run_of(seed, phases=range(5)):
        found = {
            phase: Checkpoint(seed, phase, recipe.objectives[phase % 2], actor(recipe, 10 * seed + phase))
            for phase in phases
        }
        return Run("onehot", seed, recipe, found)

    return run_of


@pytest.fixture(scope="module")
def pairs(run_of):
    return list(pairs_of(run_of(1), run_of(2), SETTINGS))


def test_every_pair_is_there_in_both_directions(pairs):
    ways = [(pair.context.phase, pair.context.donor.phase) for pair in pairs]
    assert ways == [(2, 3), (3, 2), (3, 4), (4, 3)]
    for pair in pairs:
        assert pair.context.recipient.objective != pair.context.donor.objective


def test_donors_of_controls_are_of_the_same_goal_another_run_and_nowhere(pairs, recipe):
    for pair in pairs:
        context = pair.context
        assert set(pair.donors) == {"same_goal_donor", "other_seed_donor", "untrained_donor"}
        same_goal = pair.donors["same_goal_donor"]
        assert same_goal.seed == 1
        assert same_goal.objective == context.recipient.objective
        assert abs(same_goal.phase - context.phase) == 2
        other = pair.donors["other_seed_donor"]
        assert (other.seed, other.phase, other.objective) == (2, context.donor.phase, context.donor.objective)
        blank = untrained(recipe, "onehot", 1)
        torch.testing.assert_close(pair.donors["untrained_donor"].actor, blank.actor, rtol=0, atol=0)
    assert not torch.equal(untrained(recipe, "onehot", 2).actor["layer1.weight"], blank.actor["layer1.weight"])


def test_a_run_alone_has_no_other_and_a_missing_phase_is_no_donor(run_of):
    for pair in pairs_of(run_of(1, phases=(2, 3, 4)), None, SETTINGS):
        # Of phases 2 and 3, the nearest ones of the same goal are 0 and 1.
        assert set(pair.donors) == (
            {"untrained_donor", "same_goal_donor"} if pair.context.phase == 4 else {"untrained_donor"}
        )


def test_each_pair_meets_observations_of_its_own(pairs, run_of):
    again = list(pairs_of(run_of(1), None, SETTINGS))
    for one, same in zip(pairs, again, strict=True):
        np.testing.assert_equal(same.context.observations, one.context.observations)
    codes = [pair.context.observations.codes for pair in pairs]
    assert not any(np.array_equal(one, other) for i, one in enumerate(codes) for other in codes[:i])


def test_rows_have_the_tables_columns_and_say_whose_they_are(pairs, recipe, monkeypatch, pytestconfig):
    monkeypatch.setattr(splices, "all_edits", lambda context: layer_edits()[:3])
    bench = Bench.of(recipe, SETTINGS, 0)
    rows = list(pair_rows(pairs[1], bench, SETTINGS.draws))
    schema = table_schema(pytestconfig.rootpath / "workflow/schemas/tables.yaml", "splices", rows[0])
    assert all(sorted([*RUN, *row]) == sorted(schema.names) for row in rows)
    assert {(row["recipient_phase"], row["donor_phase"], row["donor_objective"]) for row in rows} == {(3, 2, "blue")}
    edits = [row["edit"] for row in rows if row["control"] == "no_control"]
    assert edits == ["unedited", "layer1", "layer2"]
    (_, first, _) = layer_edits()[:3]
    own = list(edit_rows(pairs[1], first, bench, SETTINGS.draws))
    assert own == [row for row in rows if row["edit"] == "layer1"]
    assert sum(row["control"] == "gaussian" for row in own) == 2


def test_shares_of_donor_and_recipient_are_those_of_their_colours(pairs, recipe):
    """Whichever of the two colours the donor has."""
    bench, (_, first, _) = Bench.of(recipe, SETTINGS, 0), layer_edits()[:3]
    for pair in pairs[:2]:
        for row in edit_rows(pair, first, bench, SETTINGS.draws):
            for part in ("donor", "recipient"):
                assert row[f"episode_share_{part}"] == row[f"episode_share_{row[f'{part}_objective']}"]
