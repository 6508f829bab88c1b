"""The figure of costs says what the table says. That it draws at all is tested with all figures."""

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

from goalsplice.analysis.costs import costs_by_stage
from goalsplice.figures import costs
from goalsplice.figures.style import styled


def make_jobs(arms=("onehot", "integers"), seeds=3, train=100.0, others=True):
    """A synthetic benchmarks table: training of every run, and with `others` an evaluation of it and a job for all."""
    rows = [("training", arm, seed, train + 10 * seed**2, 500.0 + seed) for arm in arms for seed in range(seeds)]
    if others:
        rows += [("evaluation", arm, seed, 10.0 + seed, np.nan) for arm in arms for seed in range(seeds)]
        rows += [("references", None, None, 20.0, 300.0)]
    return pd.DataFrame(rows, columns=costs.TABLES["benchmarks"])


def drawn(jobs):
    """The figure's three panels and its claim."""
    with styled():
        figure = costs.draw({"benchmarks": jobs, "costs": costs_by_stage(jobs)[costs.TABLES["costs"]]}, {})
    return figure, figure.axes, figure.legends[0].get_title().get_text()


def marks(axes, size):
    """Points of all marks of a size, in the order of drawing."""
    lines = [line for line in axes.lines if line.get_markersize() == size]
    return [point for line in lines for point in zip(*line.get_data(), strict=True)]


def test_the_claim_is_computed():
    jobs = make_jobs()
    share = jobs.loc[jobs["stage"] == "training", "seconds"].sum() / jobs["seconds"].sum()
    assert drawn(jobs)[2] == f"Training takes {100 * share:.0f} % of the study's machine time"
    jobs.loc[jobs["stage"] == "evaluation", "seconds"] = 1e4
    assert drawn(jobs)[2] == "The stage evaluation takes 99 % of the study's machine time"


def test_nearly_all_is_not_called_all():
    assert drawn(make_jobs(train=1e6))[2] == "Training takes more than 99 % of the study's machine time"
    _, panels, text = drawn(make_jobs(others=False))
    assert text == "Training takes 100 % of the study's machine time"
    assert [label.get_text() for label in panels[2].texts] == ["100 %"]


def test_every_job_is_a_point_and_every_median_is_right():
    jobs = make_jobs(seeds=4)
    _, (seconds, memory, _), _ = drawn(jobs)
    assert sorted(x for x, _ in marks(seconds, 3)) == sorted(jobs["seconds"])
    assert [x for x, _ in marks(seconds, 4.2)] == pytest.approx([125, 125, 11.5, 11.5, 20])
    assert [x for x, _ in marks(memory, 4.2)] == pytest.approx([501.5, 501.5, 300])


def test_no_two_stages_or_arms_share_a_row():
    _, (seconds, *_), _ = drawn(make_jobs(arms=("onehot", "integers", "third"), seeds=10))
    rows = [line.get_ydata() for line in seconds.lines if line.get_markersize() == 3]
    edges = [(min(ys), max(ys)) for ys in rows]
    assert len(edges) == 3 + 3 + 1
    assert all(upper[1] < lower[0] for upper, lower in pairwise(edges))


def test_bars_add_up_all_seconds():
    jobs = make_jobs()
    _, (*_, totals), _ = drawn(jobs)
    bars = [bar for container in totals.containers for bar in container]
    assert totals.get_xlabel() == "all jobs together, minutes"
    assert sum(bar.get_width() for bar in bars) == pytest.approx(jobs["seconds"].sum() / 60)
    of_train = [bar for bar in bars if bar.get_y() == bars[0].get_y()]
    assert len(of_train) == 2
    assert of_train[1].get_x() == pytest.approx(of_train[0].get_width())


@pytest.mark.parametrize(("train", "unit"), [(5.0, "seconds"), (100.0, "minutes"), (4000.0, "hours")])
def test_the_unit_of_the_total_fits(train, unit):
    assert drawn(make_jobs(seeds=2, train=train))[1][2].get_xlabel() == f"all jobs together, {unit}"


@pytest.mark.parametrize("seconds", [0.01, 0.3, 9.99, 10.0, 61.0, 5e3, 1e6])
def test_every_time_is_within_its_axis_which_has_two_names_at_least(seconds):
    jobs = make_jobs(seeds=1, others=False).assign(seconds=seconds)
    _, (axes, *_), _ = drawn(jobs)
    low, high = axes.get_xlim()
    assert low <= seconds <= high
    assert sum(low <= tick <= high for tick in axes.get_xticks()) >= 2


def test_memory_over_the_limit_stays_in_the_picture():
    _, (_, memory, _), _ = drawn(make_jobs().assign(peak_memory=3000.0))
    assert memory.get_xlim()[1] > 3000
    _, (_, memory, _), _ = drawn(make_jobs().assign(peak_memory=np.nan))
    assert memory.get_xlim()[1] > 1024
