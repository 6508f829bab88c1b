"""Effects of edits for a new colour: the right rows, means of means, tests against controls."""

import numpy as np
import pandas as pd
import pytest

from goalsplice.analysis.retargeting import by_seed, effects
from goalsplice.analysis.statistics import interquartile_mean

LATE = [18, 19]
SEEDS = range(8)


def row(seed, phase, yellow, control="no_control", draw=0, dose=np.nan, **other):
    """A synthetic row of the retargeting table."""
    known = {
        "arm": "a",
        "level_distribution": "three_colours",
        "target": "yellow",
        "family": "preregistered",
        "edit": "sparse",
        "size": 2,
        "weight_share": 0.1,
    }
    rest = dict.fromkeys(
        ("episode_share_wanted", "episode_share_other", "episode_share_crash", "episode_share_timeout"), 0.0
    )
    return {
        **known,
        **rest,
        **{"seed": seed, "phase": phase, "dose": dose, "control": control, "draw": draw},
        **{"episode_share_target": yellow, "return_target": yellow / 2, "mean_length": 5.0, "norm": 1.0},
        "cosine_trained": 0.5 if phase == 19 else np.nan,
        **other,
    }


def table(control_yellow=0.1):
    """Edits that take yellow in 0.8 and more of the episodes, and a control drawn twice."""
    rows = []
    for seed in SEEDS:
        for phase in (3, *LATE):
            rows.append(row(seed, phase, 0.0 if phase == 3 else 0.8 + seed / 100))
        rows += [row(seed, phase, control_yellow + draw / 10, "gaussian", draw) for phase in LATE for draw in range(2)]
    return pd.DataFrame(rows)


def test_early_phases_do_not_count_and_draws_are_averaged():
    found = by_seed(table(), LATE).set_index(["control", "seed"])
    assert found.loc[("no_control", 3), "episode_share_target"] == pytest.approx(0.83)
    assert found.loc[("gaussian", 3), "episode_share_target"] == pytest.approx(0.15)
    assert found.loc[("no_control", 3), "agents"] == 2
    assert found.loc[("gaussian", 3), "agents"] == 4


def test_effects_are_over_seeds():
    found = effects(table(), LATE).set_index("control")
    own = 0.8 + np.arange(8) / 100
    assert found.loc["no_control", "episode_share_target"] == pytest.approx(interquartile_mean(own))
    assert found.loc["no_control", "episode_share_target_low"] < found.loc["no_control", "episode_share_target"]
    assert found.loc["no_control", "lowest"] == pytest.approx(0.8)
    assert found.loc["no_control", "return_target_mean"] == pytest.approx(own.mean() / 2)
    assert found.loc["no_control", "seeds"] == 8
    assert np.isnan(found.loc["no_control", "dose"])
    assert found.loc["no_control", "cosine_trained"] == pytest.approx(0.5), "missing values do not count"


def test_an_edit_is_tested_against_its_controls():
    found = effects(table(), LATE).set_index("control")
    assert np.isnan(found.loc["no_control", "p"])
    assert found.loc["gaussian", "p"] == pytest.approx(2**-8)
    assert found.loc["gaussian", "p_holm"] == pytest.approx(2**-8), "one test needs no correction"
    assert found.loc["gaussian", "tried"] == 1
    assert effects(table(0.95), LATE).set_index("control").loc["gaussian", "p"] > 0.9


def test_other_controls_cost_nothing_and_other_edits_of_the_kind_do():
    rows = table()
    permuted = rows[rows["control"] == "gaussian"].assign(control="permuted")
    found = effects(pd.concat([rows, permuted]), LATE).set_index("control")
    assert found.loc[["gaussian", "permuted"], "p_holm"].tolist() == pytest.approx([2**-8] * 2)
    assert found.loc["permuted", "tried"] == 1
    both = effects(pd.concat([rows, rows.assign(edit="downstream of layer 1")]), LATE).query("control == 'gaussian'")
    assert both["p_holm"].tolist() == pytest.approx([2 * 2**-8] * 2)
    elsewhere = effects(pd.concat([rows, rows.assign(family="task vector")]), LATE).query("control == 'gaussian'")
    assert elsewhere["p_holm"].tolist() == pytest.approx([2**-8] * 2)


def test_the_margin_is_of_the_same_run():
    found = effects(table(), LATE).set_index("control")
    own = 0.8 + np.arange(8) / 100
    assert found.loc["gaussian", "margin"] == pytest.approx(interquartile_mean(own - 0.15))
    assert np.isnan(found.loc["no_control", "margin"])


def test_each_dose_has_its_own_effect():
    rows = pd.concat(
        [
            table(),
            table().assign(dose=1.0, episode_share_target=0.3),
            table().assign(dose=2.0, episode_share_target=0.4),
        ]
    )
    found = effects(rows, LATE).set_index(["control", "dose"])["episode_share_target"]
    assert found[("no_control", 1.0)] == pytest.approx(0.3)
    assert found[("no_control", 2.0)] == pytest.approx(0.4)


def test_a_value_that_no_run_has_is_missing():
    found = effects(table().assign(cosine_trained=np.nan), LATE)
    assert found["cosine_trained"].isna().all()
