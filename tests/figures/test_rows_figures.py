"""Figures of the main text: rows whose marks and numbers are what the tables say."""

import pytest

from figures.over_seeds_tables import table_over_seeds
from figures.retargeting_tables import retargeting_tables
from figures.synthetic_tables import recovery_tables
from figures.transfer_tables import transfer_table
from goalsplice.figures import fetching, goal_layers, transfer_summary
from goalsplice.figures.rows import Row, rows_figure
from goalsplice.figures.style import Interval, styled

SEEDS = [99, 1, 2]


def texts(axes):
    return [text.get_text() for text in axes.texts]


def labels(axes):
    return [label.get_text() for label in axes.get_yticklabels()]


def test_a_row_shows_its_runs_its_mean_and_its_number():
    rows = [
        Row("one", "edit", [0.2, 0.4], Interval(0.3, 0.25, 0.35)),
        Row("two", "control", [], Interval(*[float("nan")] * 3)),
    ]
    with styled():
        figure = rows_figure("Title", {"onehot": rows, "integers": rows}, "share", "Small print.")
    first, second = figure.axes
    assert labels(first) == ["one", "two"]
    assert set(labels(second)) == {""}
    assert texts(first) == ["0.30", "not there"]
    points = {tuple(line.get_xdata()) for line in first.lines if line.get_marker() != "None"}
    assert {(0.2, 0.4), (0.3,)} <= points
    assert (0.25, 0.35) in {tuple(line.get_xdata()) for line in first.lines}


@pytest.mark.parametrize("value", [-1.5, 1.7])
def test_a_value_beyond_0_and_1_is_on_the_axis(value):
    with styled():
        figure = rows_figure(
            "Title", {"onehot": [Row("one", "edit", [value], Interval(value, value, value))]}, "share", ""
        )
    low, high = figure.axes[0].get_xlim()
    assert low <= value <= high


def test_layers_stand_above_their_random_weights():
    tables = recovery_tables(SEEDS, ["onehot"], unlike=True)
    with styled():
        figure = goal_layers.draw({name: tables[name] for name in goal_layers.TABLES}, {})
    [axes] = figure.axes
    effects = tables["edit_effects"].set_index(["family", "edit", "control"])["recovery"]
    shown = dict(zip(labels(axes), texts(axes), strict=True))
    assert shown["layer 1"] == f"{effects.loc['layers', 'layer1', 'no_control'].item():.2f}"
    names = labels(axes)
    assert names[names.index("layers 2 to 4") + 1] == "as many random weights"


def test_edits_stand_above_their_controls_and_between_bounds():
    tables = retargeting_tables(SEEDS, ["onehot", "integers"])
    with styled():
        figure = fetching.draw({name: tables[name] for name in fetching.TABLES}, {})
    names = labels(figure.axes[0])
    assert names[:2] == ["unedited", "sees yellow as its own colour"]
    assert names.count("Gaussian values at its places") == 2
    assert len(figure.axes) == 2
    assert all(len(texts(axes)) == len(names) for axes in figure.axes)


def test_elsewhere_a_task_vector_stands_above_its_controls():
    over = table_over_seeds("transfer", {"transfer": transfer_table(SEEDS)}, late=[4, 5, 6])
    with styled():
        figure = transfer_summary.draw({"transfer_over_seeds": over}, {})
    [axes] = figure.axes
    assert labels(axes)[0] == "in another late phase of its run"
    assert len(texts(axes)) == len(labels(axes))
    assert any(text != "not there" for text in texts(axes))
