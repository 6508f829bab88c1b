"""What figures of edits share. The tables here are made up."""

import numpy as np
import pandas as pd
import pytest

from goalsplice.figures.recoveries import envelope, own_rows, select, small_print
from goalsplice.figures.style import WIDTH


def effects(**p_values):
    """One edit, with the corrected p of its tests against some controls, and another without controls."""
    rows = [{"edit": "a", "control": "none"}, {"edit": "b", "control": "none"}]
    rows += [{"edit": "a", "control": control, "p_holm": p} for control, p in p_values.items()]
    known = {"arm": "onehot", "family": "layers", "dose": np.nan, "seeds": 10, "tried": 15}
    return pd.DataFrame(rows).assign(**known).reindex(columns=[*rows[0], *known, "p_holm"])


@pytest.mark.parametrize(
    ("p_values", "standing"),
    [
        ({"noise": 0.01, "turned": 0.02}, "beats"),
        ({"noise": 0.01, "turned": 0.06}, "does not"),
        ({"noise": 0.01, "complement": 0.9}, "beats"),
        ({"noise": 0.01, "other_seed": 0.9}, "beats"),
        ({"complement": 0.01, "other_seed": 0.01}, "untested"),
        ({"noise": np.nan}, "untested"),
    ],
)
def test_an_edit_must_beat_every_control_of_equal_size(p_values, standing):
    assert list(own_rows(effects(**p_values))["standing"]) == [standing, "untested"]


def test_doses_stand_for_themselves():
    rows = effects(noise=0.01)
    both = pd.concat([rows.assign(dose=1.0), rows.assign(dose=2.0, p_holm=rows["p_holm"] * 20)])
    own = own_rows(both).query("edit == 'a'").set_index("dose")["standing"]
    assert own.to_dict() == {1.0: "beats", 2.0: "does not"}


def test_rows_are_chosen_by_values_or_lists():
    frame = pd.DataFrame({"family": ["a", "a", "b"], "edit": ["x", "y", "x"]})
    assert list(select(frame, family="a").index) == [0, 1]
    assert list(select(frame, family=["a", "b"], edit="x").index) == [0, 2]
    assert select(frame, family="c").empty


def test_the_envelope_holds_intervals_or_estimates():
    rows = pd.DataFrame({"recovery": [0.5, 0.9], "recovery_low": [0.4, np.nan], "recovery_high": [0.6, np.nan]})
    assert envelope(rows) == (0.4, 0.9)


def test_the_smallest_possible_p_is_said():
    by_seed = pd.DataFrame({"control": ["none"], "networks": [8]})
    text = small_print(effects(noise=0.01), by_seed, "More.").replace("\n", " ")
    assert "Seeds: 10." in text
    assert "mean over 8 pairs" in text
    assert "2 of layers" in text
    assert "smallest possible p is 0.00098" in text
    assert "for 15 edits with the same control, 0.015." in text
    assert text.endswith("More.")


def test_arms_with_unlike_numbers_of_seeds_are_told_apart():
    rows = effects(noise=0.01)
    both = pd.concat([rows, rows.assign(arm="integers", seeds=7)])
    text = small_print(both, pd.DataFrame({"control": ["none"], "networks": [8]})).replace("\n", " ")
    assert "Seeds: 10 of onehot, 7 of integers." in text


def test_the_small_print_fits_below_a_figure():
    by_seed = pd.DataFrame({"control": ["none"], "networks": [8]})
    lines = small_print(effects(noise=0.01), by_seed).splitlines()
    assert max(map(len, lines)) * 0.058 < WIDTH
