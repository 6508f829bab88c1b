"""The figures of the differences between actors show the numbers where they belong."""

import warnings

import numpy as np
import pytest
from matplotlib.axes import Axes

from figures.over_seeds_tables import table_over_seeds
from figures.weights_tables import weights_tables
from goalsplice.analysis.statistics import over_pairs, over_seeds
from goalsplice.figures import similarity, weight_changes
from goalsplice.figures.style import styled
from goalsplice.io.errors import StudyError

CONFIG = {"pairs": [[2, 3]]}
_SUMMARISED = ("weight_changes", "colour_exchanges", "similarity")


def draw(module, tables):
    """The figure, given only the columns that it says it reads, of runs and over seeds; warnings are errors."""
    (late,) = {min(pair) for pair in CONFIG["pairs"]}
    tables = {
        **tables,
        **{f"{name}_over_seeds": table_over_seeds(name, tables, range(late, 24)) for name in _SUMMARISED},
    }
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
    rows = tables["weight_changes"]
    cells = rows["grouping"].isin(["field_cell", "colour_cell"])
    here = (rows["part"] == "purple") & (rows["view_column"] == 0) & (rows["view_row"] == 4)
    rows.loc[cells, "tensor_variance_share"] = np.where(here[cells], 1.0, 0.0)
    ((axes, title, shares),) = [
        found for found in images(draw(weight_changes, tables)) if found[1].startswith("purple")
    ]
    assert title == "purple\n100 %, even 8 %", "of the weights of inputs that can occur"
    assert shares.shape == (5, 5)
    assert shares[4, 0] == pytest.approx(100)
    assert shares.sum() == pytest.approx(100)
    agent = axes.lines[0]
    assert (agent.get_xdata()[0], agent.get_ydata()[0], agent.get_marker()) == (2, 4, "^")
    assert axes.get_ylim()[0] > axes.get_ylim()[1], "row 0, the farthest, is above"


def test_panels_of_the_view_divide_the_change():
    found = images(draw(weight_changes, weights_tables([99, 1], ("onehot", "integers"), phases=4)))
    assert len(found) == 4 + 3
    for panels in (found[:4], found[4:]):
        assert sum(shares.sum() for _, _, shares in panels) == pytest.approx(100)
        evens = [int(title.split("even ")[1].split(" %")[0]) for _, title, _ in panels]
        assert sum(evens) == pytest.approx(100, abs=2)


def claim_of(figure):
    return figure.legends[0].get_title().get_text()


@pytest.mark.parametrize(
    ("contrasts", "says"),
    [
        ((0.2, 1.0), "A switch does not exchange"),
        ((0.2, 1.0), "(cosine of their contrast with what it was: onehot 0.20, integers 1.00)"),
        ((-0.9, -0.6), "A switch exchanges"),
        ((-0.9, 1.0), "may exchange"),
    ],
)
def test_the_claim_is_of_the_trained_colours_contrast(contrasts, says):
    tables = weights_tables([99, 1], ("onehot", "integers"), phases=4)
    rows = tables["colour_exchanges"]
    trained = rows["colour"].isin(["blue", "purple"]) & rows["other_colour"].isin(["blue", "purple"])
    rows["contrast_cosine"] = rows["arm"].map({"onehot": contrasts[0], "integers": contrasts[1]}).where(trained, 0.5)
    assert says in claim_of(draw(weight_changes, tables))


def test_both_cosines_are_drawn_for_each_kind_of_two_colours():
    tables = weights_tables([99], ("onehot",), phases=4)
    rows = tables["colour_exchanges"]
    rows["contrast_cosine"], rows["cosine_of_changes"] = 0.25, np.where(rows["basis"] == "columns", -0.75, 9.0)
    cosines = draw(weight_changes, tables).findobj(Axes)[2]
    marks = [line for line in cosines.lines if line.get_markersize() == 3]
    found = {(line.get_marker(), value) for line in marks for value in line.get_ydata()}
    assert found == {("o", 0.25), ("^", -0.75)}
    assert len(marks) == 6


def test_an_interval_of_two_runs_is_over_runs():
    """Not over seeds' means, which share their pairs."""
    seeds = list(range(8))
    tables = weights_tables(seeds, ("onehot",), phases=4)
    rows = tables["similarity_between_runs"]
    rows["cosine"] = 0.05 * rows["seed"] + 0.05 * rows["other_seed"]
    panel = draw(similarity, tables).findobj(Axes)[2]
    late = rows[(rows["part"] == "actor") & (rows["phase"] >= 2)]
    both = [*late["seed"], *late["other_seed"]], [*late["other_seed"], *late["seed"]], [*late["cosine"]] * 2
    expected = over_pairs(*both)
    drawn = [tuple(line.get_xdata()) for line in panel.lines if len(line.get_xdata()) == 2]
    assert any(ends == pytest.approx(expected[1:]) for ends in drawn)
    means = [np.mean([v for s, v in zip(both[0], both[2], strict=True) if s == seed]) for seed in seeds]
    assert expected.high - expected.low > 1.5 * np.ptp(over_seeds(np.array(means))[1:])


def test_only_late_pairs_are_drawn():
    tables = weights_tables([99], ("onehot",), phases=4)
    tables["weight_changes"].loc[tables["weight_changes"]["recipient_phase"] < 2, "tensor_variance_share"] = 1e6
    assert all(shares.max() <= 100 for _, _, shares in images(draw(weight_changes, tables)))


def test_matrices_are_symmetric_means_over_seeds():
    tables = weights_tables([99, 1], ("onehot",), phases=5)
    rows = tables["similarity"]
    rows.loc[rows["seed"] == 99, "cosine"], rows.loc[rows["seed"] == 1, "cosine"] = 0.25, 0.75
    rows.loc[(rows["phase"] == 0) & (rows["other_phase"] == 3), "cosine"] = -1
    for _, _, matrix in images(draw(similarity, tables)):
        matrix = np.ma.filled(matrix, np.nan)
        assert np.isnan(np.diag(matrix)).all()
        np.testing.assert_array_equal(matrix, matrix.T)
        assert matrix[1, 2] == pytest.approx(0.5)
        assert matrix[0, 3] == matrix[3, 0] == -1


def test_runs_of_one_switch_are_one_sentence():
    tables = weights_tables([99], ("onehot",), phases=4)
    with pytest.raises(StudyError, match="one switch"):
        draw(similarity, {**tables, "similarity": tables["similarity"].iloc[:0]})
