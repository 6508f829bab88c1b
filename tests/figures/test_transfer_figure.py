"""The figure of task vectors shows the table's numbers. That it draws at all is tested with all figures."""

import numpy as np
import pytest
from matplotlib.patches import Rectangle

from figures.over_seeds_tables import table_over_seeds
from figures.transfer_tables import PAIRS, transfer_table
from goalsplice.figures import transfer
from goalsplice.figures.style import styled


def drawn(table):
    tables = {
        "transfer": table,
        "transfer_over_seeds": table_over_seeds("transfer", {"transfer": table}, sorted(sum(PAIRS, ()))),
    }
    with styled():
        return transfer.draw({name: tables[name][columns] for name, columns in transfer.TABLES.items()}, {})


def panels(figure):
    return {axes.get_title(loc="left"): axes for axes in figure.axes if axes.get_title(loc="left")}


def cells(axes):
    """Numbers in a matrix by row and column, as they are written; bounds are the last two rows."""
    return {(round(text.get_position()[1], 2), text.get_position()[0]): text.get_text() for text in axes.texts}


def test_cells_within_a_run_are_means_over_seeds():
    table = transfer_table([1, 2])
    axes = panels(drawn(table))["within a run: purple − blue"]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["5 − 4", "7 − 6", "unedited", "other goal"]
    assert [label.get_text() for label in axes.get_xticklabels()] == ["2", "4", "6"]
    cell = table[
        (table["source_recipient_phase"] == 6)
        & (table["target_phase"] == 4)
        & (table["control"] == "no_control")
        & (table["part"] == "all")
        & (table["aligned"] == "unaligned")
        & (table["seed"] == table["source_seed"])
    ]
    assert len(cell) == 2
    assert cells(axes)[1, 1] == f"{cell['episode_share_donor'].mean():.2f}".removeprefix("0") == ".80"
    assert cells(axes)[2.35, 0] == ".10"
    assert cells(axes)[3.35, 2] == ".90"


def test_cells_between_runs_are_means_over_directions_and_of_whole_vectors():
    found = panels(drawn(transfer_table([1, 2, 3])))
    as_they_are, matched = (found[f"between runs: hidden units {how}"] for how in ("as they are", "matched"))
    assert cells(as_they_are)[0, 2] == ".04"
    assert cells(matched)[0, 2] == ".71"
    # Below seed 2 as a target, 0.01 less; the diagonal is the run's own vector.
    assert cells(matched)[0, 1] == ".70"
    assert cells(as_they_are)[1, 1] == ".80"
    assert cells(as_they_are)[2, 2] == ".81"
    assert len(cells(matched)) == 9 + 6


def test_own_recipients_are_outlined():
    found = panels(drawn(transfer_table([1, 2, 3])))
    for title, expected in (
        ("within a run: purple − blue", {(0, 1), (1, 2)}),
        ("between runs: hidden units matched", {(0, 0), (1, 1), (2, 2)}),
    ):
        outlines = [patch for patch in found[title].patches if isinstance(patch, Rectangle)]
        assert {(round(box.get_y() + 0.44), round(box.get_x() + 0.46)) for box in outlines} == expected


def test_the_summary_has_every_seed_beside_its_controls():
    figure = drawn(transfer_table([1, 2, 3]))
    summary = figure.axes[-1]
    names = [label.get_text() for label in summary.get_yticklabels()]
    seeds = {}
    for line in summary.lines:
        if line.get_markersize() == 3 and line.get_marker() == "o":
            place = round(float(np.mean(line.get_ydata())) + 0.2)
            seeds[names[place]] = np.sort(line.get_xdata())
    assert seeds["units matched"] == pytest.approx([0.697, 0.707, 0.707])
    assert seeds["task vector, units as they are"] == pytest.approx([0.027, 0.037, 0.037])
    assert seeds["checkpoint as it is (floor)"] == pytest.approx([0.1] * 3)
    assert seeds["the nearest of the other goal (ceiling)"] == pytest.approx([0.9] * 3)
    assert seeds["units matched, layer 1 only"] == pytest.approx([0.692, 0.702, 0.702])
    assert seeds["sign flipped"] == pytest.approx([0.006, 0.016, 0.016])


def test_intervals_between_runs_are_over_runs():
    """What a source's vectors do alike everywhere: seeds are nearly alike, and say nothing of another source."""
    table = transfer_table(list(range(1, 7)))
    between = table["seed"] != table["source_seed"]
    table.loc[between, "episode_share_donor"] = table.loc[between, "source_seed"] / 10
    summary = drawn(table).axes[-1]
    names = [label.get_text() for label in summary.get_yticklabels()]
    place = names.index("units matched")
    spans = [
        np.ptp(line.get_xdata())
        for line in summary.lines
        if len(line.get_xdata()) == 2 and line.get_color() == "black" and abs(line.get_ydata()[0] - place) < 0.45
    ]
    assert len(spans) == 2
    assert min(spans) > 0.2


def test_numbers_are_dark_on_light_and_light_on_dark():
    axes = panels(drawn(transfer_table([1, 2])))["within a run: purple − blue"]
    colours = {text.get_text(): text.get_color() for text in axes.texts}
    assert colours[".10"] == "white"
    assert colours[".90"] == "black"


def test_a_missing_run_leaves_its_cells_empty():
    table = transfer_table([1, 2, 3])
    table = table[~((table["seed"] == 1) & (table["source_seed"] == 3))]
    matched = panels(drawn(table))["between runs: hidden units matched"]
    assert (2, 0) not in cells(matched)
    assert len(cells(matched)) == 8 + 6
