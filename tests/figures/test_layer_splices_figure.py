"""The figure of layers says what its tables say. That it draws at all is tested with all figures."""

import numpy as np
import pytest

from figures.over_seeds_tables import table_over_seeds
from figures.synthetic_tables import SETS, recovery_tables, splices_table
from goalsplice.analysis.statistics import interquartile_mean
from goalsplice.figures import layer_splices
from goalsplice.figures.recoveries import CONTROLS
from goalsplice.figures.style import COLOURS, MARKERS, MIDDLE, styled

SEEDS = [99, 1, 2, 3]
SIZE = MIDDLE["markersize"]


@pytest.fixture(scope="module")
def panels():
    """Both ways, recovery with controls, broken episodes, and the grid of sets."""
    tables = {"splices": splices_table(SEEDS, ("onehot",)), **recovery_tables(SEEDS, ("onehot",))}
    tables["splices_over_seeds"] = table_over_seeds("splices", tables, [])
    with styled():
        figure = layer_splices.draw({name: tables[name][columns] for name, columns in layer_splices.TABLES.items()}, {})
    return figure.axes


def marks(axes, marker, colour, size):
    """Values of all marks of one look, from left to right."""
    lines = [
        line
        for line in axes.lines
        if (line.get_marker(), line.get_markerfacecolor(), line.get_markersize()) == (marker, colour, size)
    ]
    return [y for _, y in sorted(point for line in lines for point in zip(*line.get_data(), strict=True))]


def test_both_ways_are_drawn_of_edits_only(panels):
    taken, *_ = panels
    rows = splices_table(SEEDS, ("onehot",))
    rows = rows[(rows["family"] == "layers") & (rows["control"] == "no_control")]
    for donor in ("blue", "purple"):
        shares = rows[rows["donor_objective"] == donor].groupby("edit", sort=False)["episode_share_donor"]
        expected = shares.agg(lambda values: float(interquartile_mean(values)))
        assert marks(taken, MARKERS[donor], COLOURS[donor], SIZE) == pytest.approx(
            expected.reindex(["unedited", *SETS]).to_list()
        )


def test_every_control_of_every_set_is_drawn(panels):
    _, recovery, *_ = panels
    donors = ("same_goal_donor", "other_seed_donor", "untrained_donor")
    for name in ("random_weights", *donors, "permuted", "gaussian", "sign_flipped"):
        look = CONTROLS[name]
        assert marks(recovery, look.marker, look.colour, 3.4) == [0.02] * len(SETS)


def test_marks_of_a_set_are_evenly_spaced_over_its_column(panels):
    """Controls that layers do not have leave no gap."""
    *_, broken, _ = panels
    second = sorted(x for line in broken.lines for x in line.get_xdata() if 0.5 < x < 1.5)
    assert len(second) == 3 + 7
    assert np.diff(second) == pytest.approx([second[1] - second[0]] * 9)
    assert np.mean(second) == pytest.approx(1)


def test_sets_that_beat_their_controls_are_filled(panels):
    _, recovery, *_ = panels
    assert len(marks(recovery, "o", "black", SIZE)) == sum("layer1" in name for name in SETS)
    assert len(marks(recovery, "o", "white", SIZE)) == sum("layer1" not in name for name in SETS)
    assert marks(recovery, "o", "0.6", SIZE) == [0.0]


def test_broken_episodes_are_crashes_and_timeouts(panels):
    *_, broken, _ = panels
    values = [value for line in broken.lines for value in line.get_ydata()]
    assert values == pytest.approx([0.03] * len(values))
    assert len(values) == 1 + len(SETS) * (3 + 7)


def test_the_best_layers_are_named(panels):
    taken, *_ = panels
    assert taken.get_title(loc="left").endswith(": most recovery by layer 1 0.80, by layers 1 and 2 1.00")
