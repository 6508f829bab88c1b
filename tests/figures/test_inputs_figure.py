"""The figure of inputs says what its tables say. That it draws at all is tested with all figures."""

from itertools import pairwise

import pytest

from figures.synthetic_tables import EXCHANGE, GROUPS, PLACES, REFERENCES, recovery_tables
from goalsplice.figures import inputs
from goalsplice.figures.recoveries import CONTROLS
from goalsplice.figures.style import styled

SEEDS = [99, 1, 2, 3]


def drawn(tables):
    with styled():
        figure = inputs.draw({name: tables[name][columns] for name, columns in inputs.TABLES.items()}, {})
    return figure.axes


@pytest.fixture(scope="module")
def panels():
    return drawn(recovery_tables(SEEDS))


def marks(axes, marker, colour=None):
    """Places and values of all marks of one look, from the top."""
    lines = [line for line in axes.lines if line.get_marker() == marker and line.get_markersize() > 3]
    lines = [line for line in lines if colour in (None, line.get_color())]
    return sorted(point for line in lines for point in zip(line.get_ydata(), line.get_xdata(), strict=True))


def test_each_group_has_a_row_of_its_own_under_its_section(panels):
    onehot, integers = panels
    for axes, expected in (
        (
            onehot,
            ["colours", *GROUPS["onehot"][:3], "kinds", *GROUPS["onehot"][3:], "places", *PLACES, "own, exchanged"],
        ),
        (integers, ["channels", *GROUPS[""], "places", *PLACES]),
    ):
        labels = sorted(axes.get_yticklabels(), key=lambda label: label.get_position()[1])
        names = [label.get_text() for label in labels]
        assert names[: len(expected)] == expected
        assert all(one.get_position()[1] <= other.get_position()[1] - 0.99 for one, other in pairwise(labels))


def test_values_are_the_table_s(panels):
    onehot, _ = panels
    rows = recovery_tables(SEEDS)["edit_effects"].query("arm == 'onehot' and family == 'inputs'")
    own = rows[rows["control"] == "no_control"].set_index("edit")["recovery"]
    names = [*GROUPS["onehot"], *PLACES, EXCHANGE]
    assert [x for _, x in marks(onehot, "o")] == pytest.approx(own.reindex(names[:-1]).to_list())
    for look in (CONTROLS["random_weights"], CONTROLS["other_seed_donor"]):
        assert [x for _, x in marks(onehot, look.marker, look.colour)] == [0.02] * (len(names) - 1)
    assert [x for _, x in marks(onehot, "D")] == pytest.approx([1 - own[name] for name in names[:-1]])
    assert [x for _, x in marks(onehot, "^", "0.6")] == pytest.approx(own.reindex(list(REFERENCES)).to_list())


def test_the_exchange_is_marked_apart_and_above_its_references(panels):
    onehot, integers = panels
    ((place, value),) = marks(onehot, "s", "0.6")
    assert value == 0.9
    assert place > marks(onehot, "o")[-1][0]
    below = [at for at, _ in marks(onehot, "^", "0.6")]
    assert below == pytest.approx([place + 1, place + 2])
    names = {round(label.get_position()[1], 2): label.get_text() for label in onehot.get_yticklabels()}
    rows = [names[round(at + 0.16, 2)] for at in (place, *below)]
    assert rows == ["trained colours", "blue ↔ green", "green ↔ yellow"]
    assert marks(integers, "^", "0.6") == []


def test_the_other_controls_lie_in_a_band():
    tables = recovery_tables(SEEDS)
    effects = tables["edit_effects"]
    outlier = (effects["edit"] == "key") & (effects["control"] == "gaussian")
    effects.loc[outlier, "recovery_high"] = 0.45
    onehot, _ = drawn(tables)
    ends = sorted(bar.get_x() + bar.get_width() for bar in onehot.patches if bar.get_height() == pytest.approx(0.34))
    assert ends[-1] == pytest.approx(0.45)
    assert ends[:-1] == pytest.approx([0.12] * (len(ends) - 1))
