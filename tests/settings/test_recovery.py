"""The normalised intervention effect, by hand."""

from math import isnan

import pytest

from goalsplice.settings.recovery import SMALLEST_GAP, recovery


def test_the_recipient_has_0_and_the_donor_1_and_an_edit_may_pass_both():
    assert [recovery(share, 0.2, 0.7) for share in (0.2, 0.45, 0.7)] == pytest.approx([0, 0.5, 1])
    assert recovery(0.1, 0.2, 0.7) == pytest.approx(-0.2)
    assert recovery(0.8, 0.2, 0.7) == pytest.approx(1.2)


def test_a_pair_whose_gap_is_too_small_says_nothing():
    assert isnan(recovery(0.5, 0.5, 0.5 + 0.9 * SMALLEST_GAP))
    assert isnan(recovery(0.5, 0.7, 0.2)), "a donor that takes less of its own colour than the recipient"
    assert recovery(0.5, 0.5, 0.5 + 1.1 * SMALLEST_GAP) == 0
