"""The figure of the path says what its tables say. That it draws at all is tested with all figures."""

import pytest

from figures.synthetic_tables import STEPS, recovery_tables
from goalsplice.figures import path
from goalsplice.figures.recoveries import CONTROLS
from goalsplice.figures.style import MIDDLE, styled

SEEDS = [99, 1, 2, 3]


def drawn(tables):
    with styled():
        figure = path.draw({name: tables[name][columns] for name, columns in path.TABLES.items()}, {})
    return figure.axes


@pytest.fixture(scope="module")
def panels():
    """Recovery above, broken episodes below."""
    return drawn(recovery_tables(SEEDS, arms=("onehot",)))


def test_steps_are_in_order_with_the_unedited_recipient_at_zero(panels):
    recovery = panels[0]
    (joined,) = [line for line in recovery.lines if line.get_color() == "black" and len(line.get_xdata()) > 2]
    assert list(joined.get_xdata()) == sorted([0.0, *STEPS])
    rows = recovery_tables(SEEDS, arms=("onehot",))["edit_effects"].query("control == 'no_control'")
    start = rows[(rows["family"] == "layers") & (rows["edit"] == "unedited")]["recovery"].item()
    along = rows[rows["family"] == "linear interpolation"].set_index("dose")["recovery"]
    assert list(joined.get_ydata()) == [start if step == 0 else along[step] for step in sorted([0.0, *STEPS])]


def test_every_seed_of_every_step_is_a_point(panels):
    recovery, _ = panels
    (points,) = [line for line in recovery.lines if line.get_markersize() == 2.2]
    assert len(points.get_xdata()) == len(SEEDS) * (len(STEPS) + 1)


def test_controls_are_drawn_below_too(panels):
    _, broken = panels
    for name in ("permuted", "gaussian", "same_goal_donor", "other_seed_donor"):
        (line,) = [
            line
            for line in broken.lines
            if line.get_marker() == CONTROLS[name].marker and line.get_markerfacecolor() == CONTROLS[name].colour
        ]
        assert list(line.get_ydata()) == pytest.approx([0.03] * (len(STEPS) + 1))


def test_steps_that_beat_their_controls_are_filled(panels):
    recovery, _ = panels
    marks = [line for line in recovery.lines if line.get_markersize() == MIDDLE["markersize"]]
    filled = {line.get_xdata()[0] for line in marks if line.get_markerfacecolor() == "black"}
    assert filled == {step for step in STEPS if step > 0.5}
