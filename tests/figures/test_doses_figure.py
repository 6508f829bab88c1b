"""The figure of doses says what its tables say. That it draws at all is tested with all figures."""

import pandas as pd
import pytest

from figures.synthetic_tables import COUNTS, LARGER, RANKS, SHARES, recovery_tables
from goalsplice.figures import doses
from goalsplice.figures.recoveries import CONTROLS
from goalsplice.figures.style import MIDDLE, styled

SEEDS = [99, 1, 2, 3]


def drawn(tables):
    with styled():
        figure = doses.draw({name: tables[name][columns] for name, columns in doses.TABLES.items()}, {})
    return figure.axes


@pytest.fixture(scope="module")
def panels():
    """Two panels each for weights, units and rank."""
    return drawn(recovery_tables(SEEDS, arms=("onehot",)))


def curve(axes, colour="black"):
    """The joined interquartile means of a curve."""
    (line,) = [
        line
        for line in axes.lines
        if line.get_color() == colour
        and line.get_linestyle() == "-"
        and line.get_marker() == "None"
        and line.get_zorder() == 2.4
    ]
    return list(line.get_xdata()), list(line.get_ydata())


def test_curves_are_the_table_s(panels):
    assert curve(panels[0]) == (list(SHARES), pytest.approx([min(1, 30 * share) for share in SHARES]))
    assert curve(panels[2]) == (list(COUNTS), pytest.approx([count / 128 for count in COUNTS]))
    assert curve(panels[4]) == (list(RANKS), pytest.approx([min(1, rank / 4) for rank in RANKS]))


def test_curves_of_one_panel_are_apart(panels):
    *_, one_layer = panels
    marks = [line for line in one_layer.lines if line.get_markersize() == MIDDLE["markersize"]]
    places = [x for line in marks for x in line.get_xdata()]
    assert len(set(places)) == len(places) == 4 * len(RANKS)


def test_the_complement_falls_and_the_same_budget_is_where_it_was_tried(panels):
    for panel in panels[:2]:
        (complement,) = [line for line in panel.lines if line.get_linestyle() == "--"]
        assert list(complement.get_ydata()) == pytest.approx([1 - min(1, 30 * share) for share in SHARES[:-1]])
    counts = [
        len(line.get_xdata())
        for panel in panels[:2]
        for line in panel.lines
        if line.get_color() == CONTROLS["optimised_same_budget"].colour
        and line.get_marker() == CONTROLS["optimised_same_budget"].marker
    ]
    assert counts == [0, len(SHARES) - 1]


def test_a_larger_budget_is_a_mark_of_its_own_and_in_no_band(panels):
    look = CONTROLS["optimised_8x_budget"]
    marks = [[line for line in panel.lines if line.get_marker() == look.marker] for panel in panels]
    assert [len(found) for found in marks] == [0, 1, 0, 0, 0, 0]
    assert list(zip(*marks[1][0].get_data(), strict=True)) == [(LARGER, 0.25)]
    others, *bands = (band.get_paths()[0].get_extents() for band in panels[1].collections)
    assert others.y1 == pytest.approx(0.12), "from the lowest to the highest end of the others' intervals"
    assert [band.y1 for band in bands[:-1]] == pytest.approx([0.12, 0.12]), "the last is the complement's"


def test_the_star_is_at_the_smallest_dose_where_it_was_held_out():
    tables = recovery_tables(SEEDS, arms=("onehot",))
    smallest = tables["smallest_edits"]
    units = smallest["family"] == "units"
    smallest.loc[units & (smallest["edit"] == "incoming, by size"), ["dose", "recovery"]] = 64, 0.93
    panels = drawn(tables)
    stars = [[line for line in panel.lines if line.get_marker() == "*"] for panel in panels]
    assert [len(found) for found in stars] == [1, 1, 1, 1, 1, 0]
    assert stars[2][0].get_ydata()[0] == 0.93
    assert 64 < stars[2][0].get_xdata()[0] < 80
    assert [panel.get_title(loc="left").splitlines()[-1] for panel in panels] == [
        *("☆ 1,234 weights: 0.96", "☆ 1,234 weights: 0.96", "☆ 64 units: 0.93", "☆ 128 units: 0.96"),
        *("☆ rank 4: 0.96", "☆ none"),
    ]


def test_every_seed_is_a_point(panels):
    points = [line for line in panels[2].lines if line.get_markersize() == 2]
    assert [len(line.get_xdata()) for line in points] == [len(COUNTS) * len(SEEDS)] * 3


def test_another_seed_s_whole_actor_is_no_dose():
    tables = recovery_tables(SEEDS, arms=("onehot",))
    effects = tables["edit_effects"]
    row = effects[(effects["family"] == "weights") & (effects["control"] == "random_weights")].iloc[:1]
    changed = {"control": "other_seed_donor", "dose": 1.0, "recovery": 9.0, "recovery_low": 9.0, "recovery_high": 9.0}
    tables["edit_effects"] = pd.concat([effects, row.assign(**changed)])
    assert drawn(tables)[0].get_ylim()[1] < 2
