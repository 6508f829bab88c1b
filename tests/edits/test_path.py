"""The path runs through recipient and donor."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from edits.contexts import context_of
from goalsplice.edits.delta import WeightDelta
from goalsplice.edits.path import STEPS, along, path_edits

steps = st.floats(-2, 3)


def test_its_ends_are_recipient_and_donor(recipient, donor):
    torch.testing.assert_close(along(0.0)(context_of(recipient, donor)), dict(recipient), rtol=0, atol=0)
    torch.testing.assert_close(along(1.0)(context_of(recipient, donor)), dict(donor))


@given(steps)
def test_from_the_other_end_it_is_the_same_path(recipient, donor, step):
    torch.testing.assert_close(
        along(step)(context_of(recipient, donor)), along(1 - step)(context_of(donor, recipient)), rtol=1e-4, atol=1e-5
    )


@given(steps)
def test_steps_are_in_parts_of_the_difference(recipient, donor, step):
    assert WeightDelta(recipient, along(step)(context_of(recipient, donor))).norm == pytest.approx(
        abs(step) * WeightDelta(recipient, donor).norm, rel=1e-4, abs=1e-4
    )
    beyond = WeightDelta(along(step)(context_of(recipient, donor)), donor).norm
    assert beyond == pytest.approx(abs(1 - step) * WeightDelta(recipient, donor).norm, rel=1e-4, abs=1e-4)


def test_doses_are_the_steps_before_between_and_beyond(recipient, donor):
    edits = path_edits()
    assert tuple(edit.dose for edit in edits) == STEPS == tuple(sorted(set(STEPS)))
    assert 0 not in STEPS
    assert 1 in STEPS
    assert min(STEPS) < 0 < 1 < max(STEPS)
    for edit in edits:
        expected = along(edit.dose)(context_of(recipient, donor))
        torch.testing.assert_close(edit.make(context_of(recipient, donor)), expected, rtol=0, atol=0)
