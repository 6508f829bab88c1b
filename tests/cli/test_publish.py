"""Published tables and figures, and the pages that quote them."""

import sys

import pandas as pd
import pytest
import yaml

from goalsplice.cli import publish
from goalsplice.cli.fill_pages import NUMBERS, RESULTS
from goalsplice.io.frames import write_frame

OVER = {"measure": ["share", "share", "floor"], "arm": "first", "seed": [None, 1, None], "value": [0.5, 0.4, 0.1]}


@pytest.fixture
def project(tmp_path):
    """A page that quotes three tables, and these tables as Parquet files."""
    (tmp_path / RESULTS).mkdir(parents=True)
    (tmp_path / "config.yaml").write_text("seeds: [1]\n", encoding="utf-8")
    shows = {"value": {"columns": ["value"], "digits": 1}}
    over = {"table": "second", "parts": ["arm"], "shows": {"value": {"columns": ["interquartile_mean"], "digits": 1}}}
    tables = {name: {"table": name, "parts": ["arm"], "shows": shows} for name in ("whole", "other")}
    content = {"pages": ["a.md"], "allowed": [], "numbers": {**tables, "over": over}, "tables": {}}
    (tmp_path / NUMBERS).write_text(yaml.safe_dump(content), encoding="utf-8")
    names = ("whole.first", "other.first", "over.first")
    page = " ".join(f"x <!-- n {name} --><!-- / -->" for name in names)
    (tmp_path / "a.md").write_text(page, encoding="utf-8")
    write_frame(tmp_path / "whole.parquet", pd.DataFrame({"arm": ["first"], "value": [1 / 3]}))
    write_frame(tmp_path / "second_over_seeds.parquet", pd.DataFrame(OVER))
    (tmp_path / "figure.png").write_bytes(b"picture")
    return tmp_path


def test_tables_figures_and_pages_are_written(project, monkeypatch):
    def publish_with(*arguments):
        monkeypatch.setattr(sys, "argv", ["publish", *map(str, arguments), "--project", str(project)])
        publish.main()

    (project / RESULTS / "second.csv").write_text("arm,interquartile_mean\nfirst,0.9\n", encoding="utf-8")
    (project / RESULTS / "other.csv").write_text("arm,value\nfirst,0.8\n", encoding="utf-8")
    publish_with("--tables", project / "whole.parquet", "--figures", project / "figure.png")
    assert (project / RESULTS / "whole.csv").read_text(encoding="utf-8") == "arm,value\nfirst,0.333333\n"
    assert (project / RESULTS / "figure.png").read_bytes() == b"picture"
    numbers = (project / "a.md").read_text(encoding="utf-8")
    assert [part.split("<")[0] for part in numbers.split("-->")[1::2]] == ["0.3", "0.8", "0.9"]

    publish_with("--tables", project / "whole.parquet", "--renamed", "other")
    publish_with("--over-seeds", project / "second_over_seeds.parquet")
    assert (project / RESULTS / "second.csv").read_text(encoding="utf-8").splitlines()[1:] == ["share,first,0.5"]
    numbers = (project / "a.md").read_text(encoding="utf-8")
    assert [part.split("<")[0] for part in numbers.split("-->")[1::2]] == ["0.3", "0.3", "0.5"]
