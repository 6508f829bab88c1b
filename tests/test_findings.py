"""docs/findings.md says what the published table of the ablations says."""

import re

import pandas as pd
import pytest
from study import ROOT

PAGE = (ROOT / "docs/findings.md").read_text(encoding="utf-8")


@pytest.fixture
def ablations() -> pd.DataFrame:
    return pd.read_csv(ROOT / "docs/results/ablations.csv", keep_default_na=False, na_values=[""])


def test_every_estimate_with_an_interval_is_in_the_published_table(ablations):
    known = set()
    for middle in ("value", "reference_value", "difference"):
        stem = {"value": ""}.get(middle, middle.removesuffix("value").removesuffix("_") + "_")
        rows = ablations[[middle, f"{stem}low", f"{stem}high"]].dropna().itertuples(index=False)
        sign = "+" if middle == "difference" else ""
        for row in rows:
            known |= {"{} [{}, {}]".format(*(f"{value:{sign}.{digits}f}" for value in row)) for digits in (1, 3)}
    quoted = re.findall(r"[-+]?\d+\.\d+ \[[-+]?\d+\.\d+, [-+]?\d+\.\d+\]", PAGE)
    assert len(quoted) >= 23
    assert not set(quoted) - known


def test_every_verdict_is_the_tables(ablations):
    said = re.findall(r"\| (alike|better|worse|fails|untold) \|", PAGE)
    shown = ablations[(ablations["group"] == "world")].set_index(["arm", "measure"])["verdict"]
    order = [
        *("three_colours", "view_7", "free_walls", "blocking_keys"),
        *("as_minigrid", "integers_5", "integers_7"),
    ]
    assert said == [shown[arm, measure] for arm in order for measure in ("first_rollout", "phase_end_return")]


def test_pictures_and_links_are_there():
    for target in re.findall(r"\]\(([^)#]+)", PAGE):
        assert (ROOT / "docs" / target).exists(), target
