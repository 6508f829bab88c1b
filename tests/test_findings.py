"""docs/findings.md says what the published table of the ablations says."""

import re

import pandas as pd
import pytest
from study import ROOT

PAGE = (ROOT / "docs/findings.md").read_text(encoding="utf-8")
VERDICT = r"\| (alike|better|worse|fails|inconclusive) \|"
WORLD = (
    *("three_colours", "view_7", "free_walls", "blocking_keys"),
    *("as_minigrid", "integers_5", "integers_7"),
)
HYPERPARAMETERS = (
    *("decay_0", "decay_0001", "decay_001", "decay_003", "decoupled_01", "decoupled_1", "decoupled_10"),
    *("clip_01", "clip_03", "clip_05", "envs_8", "envs_16", "envs_64", "steps_128", "steps_256"),
    *("hidden_32", "hidden_64", "hidden_256", "hidden_512", "value_005", "value_05", "value_5"),
    *("epochs_2", "epochs_4", "epochs_16", "minibatches_1", "minibatches_2", "minibatches_8", "minibatches_16"),
    *("entropy_0", "entropy_003", "entropy_03"),
)
"""Arms in the order of the page's tables."""


@pytest.fixture
def ablations() -> pd.DataFrame:
    return pd.read_csv(ROOT / "docs/results/ablations.csv", keep_default_na=False, na_values=[""])


def section(title: str) -> str:
    """The page from a heading that begins so to the next one."""
    return re.split(r"^## ", PAGE[PAGE.index(f"## {title}") + 3 :], flags=re.M)[0]


def written(value: float, low: float, high: float, digits: int) -> str:
    return f"{value:.{digits}f} [{low:.{digits}f}, {high:.{digits}f}]"


def test_every_estimate_with_an_interval_is_in_the_published_table(ablations):
    known = set()
    for middle in ("value", "reference_value", "difference"):
        stem = {"value": ""}.get(middle, middle.removesuffix("value").removesuffix("_") + "_")
        rows = ablations[[middle, f"{stem}low", f"{stem}high"]].dropna().itertuples(index=False)
        sign = "+" if middle == "difference" else ""
        for row in rows:
            known |= {"{} [{}, {}]".format(*(f"{value:{sign}.{digits}f}" for value in row)) for digits in (1, 3)}
    quoted = re.findall(r"[-+]?\d+\.\d+ \[[-+]?\d+\.\d+,\s[-+]?\d+\.\d+\]", PAGE)
    assert len(quoted) >= 200
    assert not {re.sub(r"\s", " ", quote) for quote in quoted} - known


@pytest.mark.parametrize(
    ("title", "arms", "measures"),
    [
        ("What makes early learning slow", WORLD, ("first_rollout", "phase_end_return")),
        ("Which hyperparameters matter", HYPERPARAMETERS, ("phase_end_return",)),
    ],
)
def test_every_verdict_is_the_tables(ablations, title, arms, measures):
    shown = ablations.set_index(["arm", "measure"])["verdict"]
    assert re.findall(VERDICT, section(title)) == [shown[arm, measure] for arm in arms for measure in measures]


def test_every_row_of_a_hyperparameter_has_that_arms_numbers(ablations):
    """And every arm of a hyperparameter of the configuration is there."""
    rows = [line for line in section("Which hyperparameters matter").splitlines() if re.search(VERDICT, line)]
    shown = ablations.set_index(["arm", "measure"])
    own = ablations[(ablations["group"] == "hyperparameters") & (ablations["reference"] == "reference")]
    assert set(HYPERPARAMETERS) == set(own["arm"])
    for arm, row in zip(HYPERPARAMETERS, rows, strict=True):
        for measure, digits in (("phase_end_return", 3), ("first_rollout", 1), ("never_switched", 3)):
            assert f"| {written(*shown.loc[(arm, measure), ['value', 'low', 'high']], digits)}" in row, (arm, measure)


def test_pictures_and_links_are_there():
    for target in re.findall(r"\]\(([^)#]+)", PAGE):
        assert (ROOT / "docs" / target).exists(), target
