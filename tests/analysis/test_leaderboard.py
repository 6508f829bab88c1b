"""The leaderboard ranks custom edits among the study's, against their strongest control."""

import sys

import numpy as np
import pandas as pd
import pytest
import torch
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from edits.contexts import context_of
from goalsplice.agent.network import Agent
from goalsplice.agent.recipe import Recipe
from goalsplice.analysis import leaderboard as module
from goalsplice.analysis.leaderboard import REFERENCES, by_seed, entries, leaderboard
from goalsplice.analysis.statistics import over_seeds
from goalsplice.cli import leaderboard as stage
from goalsplice.edits.families import all_edits
from goalsplice.experiments.custom import CONTROLS, FAMILY
from goalsplice.experiments.observing import met
from goalsplice.io.frames import write_frame
from goalsplice.settings.labels import FAIR
from goalsplice.settings.study import recipe_of

WHOLE = "layer1+layer2+layer3+layer4"
SEEDS = [5, 1, 2]


def row(
    family, edit, recovery, control="no_control", *, arm="onehot", seed=5, dose=np.nan, way=(2, 3), floor=0.1, **more
):
    """A row of the splices table whose recovery is as given, where the donor takes its colour in 0.8 of episodes."""
    share = floor + recovery * (0.8 - floor)
    return {
        **{"arm": arm, "seed": seed, "recipient_phase": way[0], "donor_phase": way[1]},
        **{"family": family, "edit": edit, "dose": dose, "control": control},
        **{"size": 10, "norm": 1.0, "mean_length": 9.0, "episode_share_crash": 0.02, "episode_share_timeout": 0.01},
        "episode_share_donor": share,
        **more,
    }


def scores(family, edit, values, seeds=SEEDS, **more):
    """Rows of one edit or control in both directions, one value a seed."""
    return [
        row(family, edit, value, seed=seed, way=way, **more)
        for seed, value in zip(seeds, values, strict=True)
        for way in ((2, 3), (3, 2))
    ]


def study(arm="onehot", seeds=SEEDS):
    """Floor and ceiling of a study, and two of the edits that the leaderboard lists."""
    several = len(seeds)
    return [
        *scores("layers", "unedited", [0] * several, seeds, arm=arm),
        *scores("layers", WHOLE, [1] * several, seeds, arm=arm),
        *scores("layers", "layer1", [0.9] * several, seeds, arm=arm),
        *scores("layers", "layer1", [0.3] * several, seeds, arm=arm, control="random_weights"),
        *scores("weights", "by attribution", [0.5] * several, seeds, arm=arm, dose=0.03),
        *scores("layers", "layer4", [0.2] * several, seeds, arm=arm),
    ]


def custom(*parts):
    """The custom_edits table."""
    rows = [{"problem": "", **one} for part in parts for one in part]
    columns = [*row("", "", 0), "problem"]
    return pd.DataFrame(rows, columns=columns).astype({"problem": str})


def tables(splices, table):
    """The leaderboard and the runs behind it."""
    runs = by_seed(pd.DataFrame(splices), table)
    board = leaderboard(runs, table)
    return board.set_index(["arm", "edit"]), entries(runs, board)


def test_the_ranking_and_every_number():
    values, flipped, gaussian = np.array([0.7, 0.6, 0.8]), np.array([0.1, 0.0, 0.3]), np.array([0.2, 0.1, -0.3])
    mine = custom(
        scores("custom", "mine", values, size=7, episode_share_crash=0.1, episode_share_timeout=0.2),
        scores("custom", "mine", flipped, control="sign_flipped"),
        scores("custom", "mine", gaussian, control="gaussian", draw=0),
        scores("custom", "mine", [0.95] * 3, control="complement"),
    )
    board, runs = tables(study(), mine)
    assert list(board.index.get_level_values("edit")) == [WHOLE, "layer1", "mine", "by attribution"]
    assert board["place"].tolist() == [1, 2, 3, 4]
    found = board.loc[("onehot", "mine")]
    for name, expected in (("recovery", values), ("control", flipped), ("margin", values - flipped)):
        interval = over_seeds(expected)
        column = "control_recovery" if name == "control" else name
        assert found[[column, f"{name}_low", f"{name}_high"]].tolist() == pytest.approx(list(interval))
    assert found["control"] == "sign_flipped"
    assert found["p"] == 1 / 8
    assert found["complement_recovery"] == pytest.approx(0.95)
    assert found["broken"] == pytest.approx(0.3)
    assert found["size"] == 7
    assert found["seeds"] == 3
    assert board["tried"].eq(2).all()
    assert board.loc[("onehot", "layer1"), "p_holm"] == 2 / 8
    assert np.isnan(board.loc[("onehot", "by attribution"), "p"])
    assert board.loc[("onehot", "by attribution"), "control"] == ""
    of_mine = runs[runs["edit"] == "mine"]
    assert of_mine["seed"].tolist() == SEEDS
    assert of_mine["recovery"].tolist() == pytest.approx(list(values))
    assert of_mine["control_recovery"].tolist() == pytest.approx(list(flipped))
    assert runs[runs["edit"] == "by attribution"]["control_recovery"].isna().all()


def test_references_with_another_dose_are_not_listed():
    more = scores("weights", "by attribution", [2] * 3, dose=0.3)
    assert len(tables(study() + more, custom())[0]) == 3


def test_without_custom_edits_the_studys_own_are_ranked():
    board, runs = tables(study(), custom())
    assert board["place"].tolist() == [1, 2, 3]
    assert len(runs) == 9


def test_a_failure_in_one_run_leaves_the_edit_without_score():
    """The others go on, and the sentence says how many runs and where."""
    problem = {"problem": "m:f raised ValueError; mend it"}
    mine = custom(
        scores("custom", "sound", [0.5] * 3),
        scores("custom", "partly", [0.9], [5]),
        [row("custom", "partly", 0, seed=1, way=(3, 2), **problem)],
        [row("custom", "partly", 0, seed=2, way=(2, 3), **problem)],
    )
    board, runs = tables(study(), mine)
    assert list(board.index.get_level_values("edit"))[-1] == "partly"
    found = board.loc[("onehot", "partly")]
    assert found["problem"] == (
        "m:f raised ValueError; mend it (failed in 2 of 3 runs, first in seed 1, phase 2 into 3)"
    )
    assert pd.isna(found["place"])
    assert np.isnan(found["recovery"])
    assert "partly" not in set(runs["edit"])
    assert board.loc[("onehot", "sound"), "problem"] == ""


def test_declining_a_whole_arm_leaves_it_out_and_a_part_of_it_is_a_problem():
    splices = study() + study("integers")
    mine = custom(scores("custom", "for one arm", [0.6] * 3), scores("custom", "picky", [0.9] * 2, SEEDS[:2]))
    board, _ = tables(splices, mine)
    assert ("integers", "for one arm") not in board.index
    assert board.loc[("onehot", "for one arm"), "place"] == 3
    assert board.loc[("onehot", "picky"), "problem"].startswith("it declines 1 of 3 runs of the arm")
    assert np.isnan(board.loc[("onehot", "picky"), "recovery"])


def test_one_seed_and_pairs_that_hardly_differ():
    same = study(seeds=[5])
    for one in same:
        one["episode_share_donor"] = 0.4
    board, _ = tables(same, custom(scores("custom", "mine", [0.5], [5])))
    assert board["recovery"].isna().all()
    assert board["place"].isna().all()
    assert (board["control"] == "").all(), "a control without a recovery is none to beat"
    board, _ = tables(study(seeds=[5]), custom(scores("custom", "mine", [0.5], [5])))
    assert board.loc[("onehot", "mine"), "recovery"] == pytest.approx(0.5)
    assert np.isnan(board.loc[("onehot", "mine"), "recovery_low"])


@settings(max_examples=6)
@given(st.lists(st.floats(-1, 2).map(lambda value: round(value, 3)), min_size=1, max_size=6), st.randoms())
def test_the_order_of_edits_and_rows_does_not_matter(values, chance):
    """Every edit keeps its numbers, and places follow recovery alone."""
    rows = [one for n, value in enumerate(values) for one in scores("custom", f"edit {n}", [value], [5])]
    mixed = chance.sample(rows, len(rows))
    one, other = (tables(study(seeds=[5]), custom(part))[0]["recovery"] for part in (rows, mixed))
    pd.testing.assert_series_equal(one.sort_index(), other.sort_index())
    assert (np.diff(one.to_numpy()) <= 1e-12).all()


@pytest.fixture
def recipe_of_arm(pytestconfig):
    """An arm's recipe, but for a small network."""
    config = yaml.safe_load((pytestconfig.rootpath / "config.yaml").read_text())
    return lambda arm: Recipe(**{**recipe_of(config, arm), "view_size": 3, "hidden_size": 16})


def context(recipe):
    """Two actors, and what they meet."""
    actors = tuple(
        Agent(recipe.world.inputs, recipe.hidden_size, torch.Generator().manual_seed(seed)).actor.state_dict()
        for seed in (0, 1)
    )
    return context_of(*actors, recipe, met(actors, recipe, "three_colours", ("arm", 0)))


def test_every_reference_is_an_edit_of_the_study(recipe_of_arm):
    """By family, name and dose, in one encoding or the other."""
    found = set()
    for arm in ("onehot", "integers"):
        edits = all_edits(context(recipe_of_arm(arm)))
        found |= {(edit.family, edit.name, None if np.isnan(edit.dose) else edit.dose) for edit in edits}
    wanted = {(r.family, r.edit, None if np.isnan(r.dose) else r.dose) for r in REFERENCES.itertuples()}
    assert wanted <= found


def test_words_agree_with_the_edits():
    assert module.CUSTOM == FAMILY
    assert set(CONTROLS) - set(FAIR) == {"complement", "other_seed_donor"}


def test_the_stage_says_problems_on_stdout(tmp_path, monkeypatch, capsys, pytestconfig):
    """Where Snakemake passes them on to the terminal; stderr is the log."""
    table = custom([row("custom", "mine", 0, problem="m:f raised ValueError; mend it")])
    write_frame(tmp_path / "splices.parquet", pd.DataFrame(study()))
    write_frame(tmp_path / "custom_edits.parquet", table)
    written = {}
    monkeypatch.setattr(stage, "write_table", lambda path, frame, schemas, table: written.update({table: frame}))
    options = {"--splices": "splices", "--custom": "custom_edits", "--leaderboard": "a", "--entries": "b"}
    files = [part for key, name in options.items() for part in (key, str(tmp_path / f"{name}.parquet"))]
    monkeypatch.setattr(sys, "argv", ["leaderboard", *files, "--schemas", "unused"])
    stage.main()
    assert list(written) == ["leaderboard", "leaderboard_entries"]
    said = capsys.readouterr().out
    assert said.startswith(
        "The custom edit 'mine' has no score in arm onehot: m:f raised ValueError; mend it (failed in 1"
    )
    schemas = yaml.safe_load((pytestconfig.rootpath / "workflow/schemas/tables.yaml").read_text())
    for name, frame in written.items():
        assert set(frame) == set(schemas[name]["columns"])
