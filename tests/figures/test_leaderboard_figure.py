"""The figure of the leaderboard says what the tables say. That it draws at all is tested with all figures."""

import html
import io

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest

from goalsplice.analysis.statistics import over_seeds
from goalsplice.figures import leaderboard
from goalsplice.figures.style import COLOURS, styled

SEEDS = [5, 1, 2]


def made(*edits, arm="onehot"):
    """Both tables for edits given as (family, name, dose, recoveries, strongest control, recoveries of that)."""
    board, entries = [], []
    for family, edit, dose, values, control, beside in edits:
        known = {"arm": arm, "family": family, "edit": edit, "dose": dose}
        middles = {
            f"{name}{end}": number
            for name, of_name in (("recovery", values), ("control", beside))
            for end, number in zip(("", "_low", "_high"), over_seeds(np.array(of_name)), strict=True)
        }
        middles["control_recovery"] = middles.pop("control")
        problem = "" if values else "it failed"
        board.append({**known, **middles, "size": 12345.6, "control": control, "broken": 0.256, "problem": problem})
        for number, value in enumerate(values):
            one = {"seed": SEEDS[number], "recovery": value, "control_recovery": beside[number] if beside else np.nan}
            entries.append({**known, **one})
    columns = leaderboard.TABLES
    return {
        "leaderboard": pd.DataFrame(board, columns=columns["leaderboard"]),
        "leaderboard_entries": pd.DataFrame(entries, columns=columns["leaderboard_entries"]),
    }


LAYER = ("layers", "layer1+layer2", np.nan, [0.9, 0.95, 1.0], "random_weights", [0.2, 0.3, 0.4])
MINE = ("custom", "mine", np.nan, [0.5, 0.6, 0.4], "sign_flipped", [0.1, 0.0, -0.1])
ALONE = ("weights", "by attribution", 0.03, [0.3, 0.2, 0.1], "", [])
FAILED = ("custom", "broken", np.nan, [], "", [])


def drawn(*edits):
    """The figure, its first panel and its claim."""
    with styled():
        figure = leaderboard.draw(made(*edits), {})
    return figure, figure.axes[0], figure.legends[0].get_title().get_text()


def marks(axes, colour):
    """Places along the axis of a colour's marks: the seeds' and their interquartile means."""
    lines = [line for line in axes.lines if line.get_color() == colour and line.get_linestyle() == "None"]
    seeds = [line.get_xdata() for line in lines if line.get_markersize() == 3]
    return seeds, [line.get_xdata()[0] for line in lines if line.get_markersize() == 4.2]


def test_every_seed_and_its_best_control_is_in_the_picture():
    _, axes, _ = drawn(LAYER, MINE, ALONE, FAILED)
    for colour, edits, place in (
        (leaderboard._STUDY[0], [LAYER, ALONE], 3),
        (leaderboard._OWN[0], [MINE], 3),
        (leaderboard._CONTROL[0], [LAYER, MINE], 5),
    ):
        seeds, middles = marks(axes, colour)
        assert [list(values) for values in seeds] == [edit[place] for edit in edits]
        assert middles == pytest.approx([over_seeds(np.array(edit[place])).estimate for edit in edits])


def test_rows_are_named_in_the_tables_order_and_custom_ones_are_bold():
    _, axes, _ = drawn(LAYER, MINE, ALONE, FAILED)
    labels = axes.get_yticklabels()
    assert [label.get_text() for label in labels] == [
        "layers: 1+2",
        "mine",
        "weights: by attribution, 3 %",
        "broken",
    ]
    assert [label.get_fontweight() for label in labels] == ["normal", "bold", "normal", "bold"]
    low, high = axes.get_ylim()
    assert low > high, "the first at the top"


def test_numbers_and_the_controls_name_stand_beside():
    _, axes, _ = drawn(LAYER, ALONE, FAILED)
    texts = [text.get_text() for text in axes.texts]
    assert texts.count("12,346") == 2
    assert texts.count("26 %") == 2
    assert "random weights" in texts
    assert "none" in texts
    assert "no score: the table says why" in texts


def test_the_claim_is_computed():
    assert drawn(LAYER, MINE, ALONE)[2] == "“mine” is number 2 of 3 and recovers 50 %"
    assert drawn(MINE)[2] == "“mine” is number 1 of 1 and recovers 50 %"
    assert drawn(LAYER, FAILED)[2] == "The study's own edits, ranked; no custom edit has a score"
    assert drawn(LAYER)[2] == "The study's own edits, ranked; no custom edit has a score"
    long = ("custom", "an edit with a name of 32 letters", np.nan, [1.0], "sign_flipped", [0.0])
    assert max(map(len, drawn(LAYER, long)[2].split("\n"))) <= 80


def test_an_arm_is_named_where_there_are_two():
    first, second = made(LAYER, MINE), made(LAYER, MINE, arm="integers")
    tables = {name: pd.concat([first[name], second[name]], ignore_index=True) for name in first}
    with styled():
        figure = leaderboard.draw(tables, {})
    assert "number 2 of 2 in onehot" in figure.legends[0].get_title().get_text()
    assert len(figure.axes) == 2


def test_nothing_lies_outside_of_the_panel():
    wild = ("custom", "wild", np.nan, [-0.7, 2.5, 0.1], "sign_flipped", [3.0, -1.5, 0.0])
    _, axes, _ = drawn(LAYER, wild)
    low, high = axes.get_xlim()
    assert low < -1.5
    assert high > 3


def test_colours_of_keys_are_not_used():
    own = {leaderboard._OWN, leaderboard._STUDY, leaderboard._CONTROL}
    assert {colour for colour, _ in own}.isdisjoint(COLOURS.values())
    assert len({marker for _, marker in own}) == 3


@pytest.mark.parametrize("name", [r"$\frac{$", "costs $5, or $6", r"\$1 $$2", "$(id)"])
def test_a_name_is_drawn_letter_by_letter(name):
    """Between two dollar signs Matplotlib looks for a formula, and fails where it finds none."""
    figure, *_ = drawn(("custom", name, *MINE[2:]), LAYER)
    svg = io.StringIO()
    with styled(), mpl.rc_context({"svg.fonttype": "none"}):
        figure.savefig(svg, format="svg")
    shown = html.unescape(svg.getvalue())
    assert shown.count(f">{name}<") == 1, "beside its row"
    assert f"“{name}” is number" in shown, "in the claim"
