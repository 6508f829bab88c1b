"""The figure of what edits change shows every network, and claims what the verdicts say."""

import pytest

from figures.over_seeds_tables import table_over_seeds
from figures.perception_tables import perception_table
from goalsplice.analysis.perception import verdicts
from goalsplice.figures import perception
from goalsplice.figures.style import styled


def drawn(**settings):
    table = perception_table(settings.pop("seeds", (1, 2, 3)), **settings)
    over = table_over_seeds("perception", {"perception": table}, [])
    tables = {"perception": table, "perception_over_seeds": over, "verdicts": verdicts(table)}
    with styled():
        return perception.draw({name: tables[name][columns] for name, columns in perception.TABLES.items()}, {})


def text_of(figure):
    return " ".join(figure.legends[0].get_title().get_text().split())


@pytest.mark.parametrize("seeds", [(99,), (99, 1, 2)])
def test_each_arm_has_a_row_of_panels_for_each_key(seeds):
    figure = drawn(seeds=seeds)
    assert len(figure.subfigs) == 2
    for part, networks in zip(figure.subfigs, (8, 7), strict=True):
        assert len(part.axes) == 2 * 4
        assert len(part.axes[0].get_yticklabels()) == networks
        assert [axes.get_title("left") for axes in part.axes] == [
            *("layer 1: informative", "layer 2: informative", "layer 3", "with the next switch"),
            *("layer 1: informative", "layer 2", "layer 3", "distance of activations"),
        ]


def test_the_claim_is_what_the_verdicts_say():
    text = text_of(drawn())
    assert "one-hot – what it wants: sparse; what it sees: downstream of layer 1 / layer 1, least squares" in text
    assert "integers – what it sees: downstream of layer 1 / layer 1, least squares" in text
    swapped = {("preregistered", "sparse"): ((-0.6, -0.5, -0.5), (-0.6, -0.5, -0.5), "layer1", 0.95)}
    assert "one-hot – what it sees: sparse /" in text_of(drawn(changed=swapped))
    idle = {("preregistered", "sparse"): ((0.9, 0.9, 0.9), (0.9, 0.9, 0.9), "layer1", 0.05)}
    assert "no effect: sparse" in text_of(drawn(changed=idle))


def test_correct_and_swapped_are_drawn_where_they_are():
    part = drawn(noise=0).subfigs[0]
    at = {tuple(line.get_xdata().round(3)) for line in part.axes[0].lines if line.get_marker() == "o"}
    assert (0.8,) in at, "the unedited network's middle"
    swapped = {tuple(line.get_xdata().round(3)) for line in part.axes[0].lines if line.get_marker() == "^"}
    assert (0.8,) in swapped, "that of the exchange"


def test_only_the_edits_that_are_there_are_drawn():
    figure = drawn(without=("same goal", "fine-tuned", "downstream of layer 1"), arms=("onehot",))
    (part,) = figure.subfigs
    names = [label.get_text() for label in part.axes[0].get_yticklabels()]
    expected = ["unedited", "sees the two exchanged", "trained to the other colour*", "sparse"]
    assert names == [*expected, "layer 1, least squares"]
