"""What figures of edits share. The tables here are synthetic."""

from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_rgb

from goalsplice.figures.recoveries import CONTROLS, envelope, own_rows, small_print
from goalsplice.figures.style import COLOURS, CONTROL_COLOURS, WIDTH, select


def effects(worst=np.nan, **p_values):
    """One edit, with the corrected p of its tests against some controls, and another without controls."""
    rows = [{"edit": "a", "control": "no_control"}, {"edit": "b", "control": "no_control"}]
    rows += [{"edit": "a", "control": control, "p_holm": p} for control, p in p_values.items()]
    known = {"arm": "onehot", "family": "layers", "dose": np.nan, "seeds": 10, "tried": 15}
    rows[0]["worst_p_holm"] = worst
    return pd.DataFrame(rows).assign(**known).reindex(columns=["edit", "control", *known, "p_holm", "worst_p_holm"])


@pytest.mark.parametrize(("worst", "standing"), [(0.02, "beats"), (0.05, "does not"), (np.nan, "untested")])
def test_an_edit_beats_its_controls_by_the_worst_test(worst, standing):
    assert list(own_rows(effects(worst, gaussian=0.01))["standing"]) == [standing, "untested"]


def test_doses_stand_for_themselves():
    rows = effects(0.01, gaussian=0.01)
    both = pd.concat([rows.assign(dose=1.0), rows.assign(dose=2.0, worst_p_holm=rows["worst_p_holm"] * 20)])
    own = own_rows(both).query("edit == 'a'").set_index("dose")["standing"]
    assert own.to_dict() == {1.0: "beats", 2.0: "does not"}


def test_rows_are_selected_by_values_or_lists():
    frame = pd.DataFrame({"family": ["a", "a", "b"], "edit": ["x", "y", "x"]})
    assert list(select(frame, family="a").index) == [0, 1]
    assert list(select(frame, family=["a", "b"], edit="x").index) == [0, 2]
    assert select(frame, family="c").empty
    missing = frame.assign(edit=["x", None, None])
    assert list(select(missing, edit=None).index) == [1, 2]


def test_the_envelope_holds_intervals_or_estimates():
    rows = pd.DataFrame({"recovery": [0.5, 0.9], "recovery_low": [0.4, np.nan], "recovery_high": [0.6, np.nan]})
    assert envelope(rows) == (0.4, 0.9)


def test_the_smallest_possible_p_is_said():
    by_seed = pd.DataFrame({"control": ["no_control"], "networks": [8]})
    text = small_print(effects(gaussian=0.01), by_seed, "More.").replace("\n", " ")
    assert "Seeds: 10." in text
    assert "mean over 8 pairs" in text
    assert "2 of layers" in text
    assert "smallest possible p is 0.00098" in text
    assert "for 15 edits with the same control, 0.015." in text
    assert text.endswith("More.")


def test_it_is_said_which_controls_need_not_be_beaten():
    by_seed = pd.DataFrame({"control": ["no_control"], "networks": [8]})
    for controls, words in (
        (("gaussian", "complement"), "corrected p < 0.05. "),
        (("gaussian", "other_seed_donor"), "corrected p < 0.05; another seed's donor does not count. "),
        (
            ("optimised_8x_budget", "other_seed_donor"),
            "< 0.05; another seed's donor and the larger budget do not count. ",
        ),
    ):
        assert words in small_print(effects(**dict.fromkeys(controls, 0.1)), by_seed, "More.").replace("\n", " ")


def luminous(colour):
    """Linear RGB of a colour."""
    values = np.array(to_rgb(colour))
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)


def lab(linear):
    """CIE L*a*b* of linear RGB under the white point D65."""
    xyz = np.array([[0.4125, 0.3576, 0.1804], [0.2127, 0.7152, 0.0722], [0.0193, 0.1192, 0.9503]]) @ linear.clip(0, 1)
    x, y, z = np.cbrt(np.maximum(xyz / np.array([0.9505, 1, 1.0888]), 0.00886))
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


@pytest.mark.parametrize(
    "seen",
    [
        np.eye(3),
        np.array([[0.1523, 1.0526, -0.2049], [0.1145, 0.7863, 0.0992], [-0.0039, -0.0481, 1.0520]]),
        np.array([[0.3673, 0.8606, -0.2280], [0.2801, 0.6725, 0.0474], [-0.0118, 0.0429, 0.9689]]),
        np.array([[1.2555, -0.0767, -0.1788], [-0.0784, 0.9308, 0.1476], [0.0047, 0.6914, 0.3039]]),
    ],
    ids=["all colours", "no red", "no green", "no blue"],
)
def test_controls_are_apart_for_all_eyes(seen):
    """From each other, from edits and from the keys, by the matrices of Machado, Oliveira and Fernandes (2009)."""
    colours = [*CONTROL_COLOURS.values(), COLOURS["blue"], COLOURS["purple"], "black", "white"]
    places = [lab(seen @ luminous(colour)) for colour in colours]
    pairs = combinations(range(len(colours)), 2)
    near = [(colours[one], colours[two]) for one, two in pairs if np.linalg.norm(places[one] - places[two]) < 15]
    assert [pair for pair in near if pair != (COLOURS["blue"], COLOURS["purple"])] == []


def test_controls_of_one_colour_have_other_markers():
    looks = [(look.colour, look.marker) for look in CONTROLS.values()]
    assert len(set(looks)) == len(looks)


def test_arms_with_unlike_numbers_of_seeds_are_said_one_by_one():
    rows = effects(gaussian=0.01)
    both = pd.concat([rows, rows.assign(arm="integers", seeds=7)])
    text = small_print(both, pd.DataFrame({"control": ["no_control"], "networks": [8]})).replace("\n", " ")
    assert "Seeds: 10 of onehot, 7 of integers." in text


def test_the_small_print_fits_below_a_figure():
    by_seed = pd.DataFrame({"control": ["no_control"], "networks": [8]})
    lines = small_print(effects(gaussian=0.01), by_seed).splitlines()
    assert max(map(len, lines)) * 0.058 < WIDTH
