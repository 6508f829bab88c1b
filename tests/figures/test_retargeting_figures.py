"""The figures of edits towards yellow say what their tables say. That they draw at all is tested with all figures."""

import functools

import numpy as np
import pytest
from matplotlib.text import Text

from figures.retargeting_tables import CONTROLS, LATE, SHARES, TRAINED, retargeting_tables, with_effects
from goalsplice.analysis.statistics import interquartile_mean, over_seeds
from goalsplice.figures import retargeting, retargeting_doses, retargeting_phases
from goalsplice.figures.retargeting_rows import CHANCE, amount, late, on_three_colours, percent
from goalsplice.figures.style import styled

SEEDS = [99, 1, 2, 3, 4]
CONFIG = {"retargeting": {"target": "yellow", "strength": 1.1, "weight_share": 0.004}}


@functools.cache
def made():
    return retargeting_tables(SEEDS)


def drawn(module, tables=None):
    tables = made() if tables is None else tables
    with styled():
        return module.draw({name: tables[name][columns] for name, columns in module.TABLES.items()}, CONFIG)


def texts(figure):
    """All texts of a figure, with single spaces between words."""
    return " ".join(" ".join(text.get_text() for text in figure.findobj(Text)).split())


def places(axes):
    return {label.get_text(): at for at, label in zip(axes.get_yticks(), axes.get_yticklabels(), strict=True)}


def middles(axes):
    """Places and values of interquartile means in a figure of rows."""
    marks = [line for line in axes.lines if line.get_markersize() == 4.2 and len(line.get_xdata()) == 1]
    return {round(float(line.get_ydata()[0]) - 0.28, 3): float(line.get_xdata()[0]) for line in marks}


def expected(arm, family, edit, control="no_control", dose=None):
    """A network's shares by seed, straight from the table."""
    rows = made()["retargeting"].query(
        "arm == @arm and family == @family and edit == @edit and control == @control"
        " and level_distribution == 'three_colours' and phase >= @LATE"
    )
    if dose is not None:
        rows = rows[rows["dose"] == dose]
    return rows.groupby("seed", sort=False)["episode_share_target"].mean()


@pytest.fixture(scope="module")
def rows():
    return drawn(retargeting)


def test_rows_hold_the_table_s_means_over_phases_and_draws(rows):
    left, right = rows.axes
    at, found = places(left), middles(left)
    assert found[round(at["unedited"], 3)] == pytest.approx(
        interquartile_mean(expected("onehot", "bounds", "unedited"))
    )
    assert found[round(at["fine-tuned on the new colour"], 3)] == pytest.approx(TRAINED)
    assert found[round(at["layers 2 to 3"], 3)] == pytest.approx(
        interquartile_mean(expected("onehot", "downstream", "layers 2 to 3"))
    )
    # Rows of controls have the same names in both sections; the last ones are those of `downstream of layer 1`.
    for axes, arm in ((left, "onehot"), (right, "integers")):
        value = middles(axes)[round(at["– values permuted"], 3)]
        assert value == pytest.approx(
            interquartile_mean(expected(arm, "preregistered", "downstream of layer 1", "permuted"))
        )


def test_of_several_doses_the_one_next_to_the_tuning_seeds_choice_is_shown_and_named(rows):
    """Not the best on these same episodes, which is 1.5."""
    left, _ = rows.axes
    for name, edit, dose in (("whole direction", "full", 1.0), ("top-k entries", "top-k", 0.005)):
        value = middles(left)[round(places(left)[name], 3)]
        assert value == pytest.approx(interquartile_mean(expected("onehot", "contrastive direction", edit, dose=dose)))
    said = texts(rows)
    assert "a = 1 " in said
    assert "(strength 1.1, 0.4 % of the weights)" in said


def test_doses_that_were_not_tuned_are_left_to_the_other_figure(rows):
    assert not {"some units", "of low rank"} & places(rows.axes[0]).keys()


def test_an_arm_without_an_edit_has_an_empty_row(rows):
    left, right = rows.axes
    at = round(places(left)["whole direction"], 3)
    assert at in middles(left)
    assert at not in middles(right)


def test_the_claim_and_the_small_print_count(rows):
    said = texts(rows)
    sparse, start = expected("onehot", "preregistered", "sparse"), expected("onehot", "bounds", "unedited")
    strongest = expected("onehot", "preregistered", "sparse", "optimised_same_budget")
    numbers = [f"{100 * interquartile_mean(values.to_numpy()):.0f} %" for values in (sparse, start, strongest)]
    assert (
        f"changing 0.5 % of the weights makes it take yellow in {numbers[0]} of episodes (unedited: {numbers[1]};"
        in said
    )
    assert f"strongest control: {numbers[2]})" in said
    tables = made()["retargeting"].query("control == 'no_control' and family not in ['bounds', 'perception']")
    count = len(tables.query("arm == 'onehot'").drop_duplicates(["family", "edit", "dose"]))
    assert f"{count} in onehot" in said
    assert f"({2 * len(CONTROLS)} tests)" in said


def test_only_levels_with_all_three_colours_count(rows):
    tables = {name: frame.copy() for name, frame in made().items()}
    elsewhere = tables["retargeting"]["level_distribution"] != "three_colours"
    tables["retargeting"].loc[elsewhere, "episode_share_target"] = 1.0
    for own, other in zip(rows.axes, drawn(retargeting, with_effects(tables)).axes, strict=True):
        assert middles(own) == middles(other)


def test_an_edit_that_the_figure_does_not_know_has_a_row_too():
    tables = dict(made())
    tables["retargeting"] = made()["retargeting"].replace(
        {"family": {"analogy": "novel"}, "edit": {"layer 4": "layer 9"}}
    )
    at = places(drawn(retargeting, with_effects(tables)).axes[0])
    assert {"novel", "all of layer 1", "layer 9"} <= at.keys()


def test_late_phases_are_those_with_all_edits():
    assert sorted(late(on_three_colours(made()["retargeting"]))["phase"].unique()) == list(range(LATE, 24))
    few = made()["retargeting"].query("family in ['bounds', 'preregistered']")
    assert late(on_three_colours(few))["phase"].min() == 12


@pytest.mark.parametrize(
    ("family", "edit", "dose", "words"),
    [
        ("contrastive direction", "full", 1.5, "a = 1.5"),
        ("contrastive direction", "top-k", 0.005, "0.5 %"),
        ("contrastive direction", "units", 16.0, "16 units"),
        ("contrastive direction", "rank", 2.0, "rank 2"),
        ("sparse graft", "by size", 1.0, "100 %"),
        ("downstream", "layer 2", np.nan, ""),
    ],
)
def test_doses_in_words(family, edit, dose, words):
    assert amount(family, edit, dose) == words


def test_percent_has_two_digits():
    assert [percent(share) for share in (0.0003, 0.00512, 0.0995, 0.31)] == ["0.03", "0.51", "10", "31"]


def test_curves_of_doses_are_the_table_s():
    figure = drawn(retargeting_doses)
    axes = figure.axes[2]
    assert axes.get_xlabel() == "% of the actor's weights"
    (curve,) = [line for line in axes.lines if line.get_marker() == "o" and len(line.get_xdata()) == len(SHARES)]
    assert list(curve.get_xdata()) == pytest.approx(SHARES)
    values = [interquartile_mean(expected("onehot", "contrastive direction", "top-k", dose=share)) for share in SHARES]
    assert list(curve.get_ydata()) == pytest.approx(values)
    (star,) = [line for line in axes.lines if line.get_marker() == "*"]
    assert star.get_xdata() == pytest.approx([0.005])
    assert star.get_ydata() == pytest.approx([interquartile_mean(expected("onehot", "preregistered", "sparse"))])


def test_the_claim_of_doses_is_the_first_share_beyond_a_colour_blind_agent():
    lows = [
        over_seeds(expected("onehot", "contrastive direction", "top-k", dose=share).to_numpy()).low for share in SHARES
    ]
    first = next(share for share, low in zip(SHARES, lows, strict=True) if low > CHANCE)
    assert f"from {percent(first)} % of the weights on (one-hot)" in texts(drawn(retargeting_doses))


def test_phases_say_since_when_an_edit_works():
    tables = dict(made())
    frame = made()["retargeting"].copy()
    of = (frame["arm"] == "onehot") & (frame["edit"] == "sparse")
    frame.loc[of & (frame["phase"] == 6), "episode_share_target"] = 0.2
    frame.loc[(frame["arm"] == "integers") & (frame["phase"] == 23), "episode_share_target"] = 0.2
    tables["retargeting"] = frame
    said = texts(drawn(retargeting_phases, with_effects(tables)))
    assert "“sparse”: from phase 7 on (one-hot)" in said
    assert "“downstream of layer 1”: from phase 0 on (one-hot), not in the end (integers)" in said


def test_every_seed_and_phase_is_a_point():
    figure = drawn(retargeting_phases)
    counts = [sum(len(line.get_xdata()) for line in axes.lines if line.get_markersize() == 1.8) for axes in figure.axes]
    one = len(SEEDS) * 24
    assert counts == [2 * one, 2 * one, one, 0, one, one]
