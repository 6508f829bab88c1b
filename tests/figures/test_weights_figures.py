"""The figures of the differences between actors show the numbers where they belong."""

import warnings

import numpy as np
import pytest
from matplotlib.axes import Axes

from figures.weights_tables import weights_tables
from goalsplice.errors import StudyError
from goalsplice.figures import anatomy, directions
from goalsplice.figures.style import styled

CONFIG = {"pairs": [[2, 3]]}


def draw(module, tables):
    """The figure, given only the columns that it says it reads; warnings are errors."""
    with warnings.catch_warnings(), styled():
        warnings.simplefilter("error")
        figure = module.draw({table: tables[table][columns] for table, columns in module.TABLES.items()}, CONFIG)
        figure.draw_without_rendering()
    return figure


def images(figure):
    """Each picture's panel, its title and its numbers."""
    panels = figure.findobj(Axes)
    return [(axes, axes.get_title(loc="left"), axes.images[0].get_array()) for axes in panels if axes.images]


def test_a_cell_is_drawn_where_the_agent_sees_it():
    """Left of the agent is left in the picture and beside it below, with the agent in the middle of the last row."""
    tables = weights_tables([99], ("onehot",), phases=4)
    rows = tables["anatomy"]
    cells = rows["grouping"].isin(["field_cell", "colour_cell"])
    here = (rows["part"] == "purple") & (rows["view_column"] == 0) & (rows["view_row"] == 4)
    rows.loc[cells, "share_of_tensor"] = np.where(here[cells], 1.0, 0.0)
    ((axes, title, shares),) = [found for found in images(draw(anatomy, tables)) if found[1].startswith("purple")]
    assert title == "purple: 100 %\n(even: 5 %)"
    assert shares.shape == (5, 5)
    assert shares[4, 0] == pytest.approx(100)
    assert shares.sum() == pytest.approx(100)
    agent = axes.lines[0]
    assert (agent.get_xdata()[0], agent.get_ydata()[0], agent.get_marker()) == (2, 4, "^")
    assert axes.get_ylim()[0] > axes.get_ylim()[1], "row 0, the farthest, is above"


def test_panels_of_the_view_divide_the_change():
    found = images(draw(anatomy, weights_tables([99, 1], ("onehot", "integers"), phases=4)))
    assert len(found) == 4 + 3
    for panels in (found[:4], found[4:]):
        assert sum(shares.sum() for _, _, shares in panels) == pytest.approx(100)
        evens = [int(title.split("even: ")[1].split(" %")[0]) for _, title, _ in panels]
        assert sum(evens) == pytest.approx(100, abs=2)


def test_only_late_pairs_are_drawn():
    tables = weights_tables([99], ("onehot",), phases=4)
    tables["anatomy"].loc[tables["anatomy"]["recipient_phase"] < 2, "share_of_tensor"] = 1e6
    assert all(shares.max() <= 100 for _, _, shares in images(draw(anatomy, tables)))


def test_matrices_are_symmetric_means_over_seeds():
    tables = weights_tables([99, 1], ("onehot",), phases=5)
    rows = tables["directions"]
    rows.loc[rows["seed"] == 99, "cosine"], rows.loc[rows["seed"] == 1, "cosine"] = 0.25, 0.75
    rows.loc[(rows["phase"] == 0) & (rows["other_phase"] == 3), "cosine"] = -1
    for _, _, matrix in images(draw(directions, tables)):
        matrix = np.ma.filled(matrix, np.nan)
        assert np.isnan(np.diag(matrix)).all()
        np.testing.assert_array_equal(matrix, matrix.T)
        assert matrix[1, 2] == pytest.approx(0.5)
        assert matrix[0, 3] == matrix[3, 0] == -1


def test_runs_of_one_switch_are_one_sentence():
    tables = weights_tables([99], ("onehot",), phases=4)
    with pytest.raises(StudyError, match="one switch"):
        draw(directions, {**tables, "directions": tables["directions"].iloc[:0]})
