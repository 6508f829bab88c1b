"""Every figure draws whatever tables come. The tables here are synthetic, only to be drawn."""

import functools
import importlib
import json
import re
import sys
import warnings
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.text import Text

from figures.behaviour_tables import behaviour_table
from figures.leaderboard_tables import leaderboard_tables
from figures.over_seeds_tables import table_over_seeds
from figures.perception_tables import perception_table
from figures.probe_tables import probes_table
from figures.retargeting_tables import retargeting_tables
from figures.synthetic_tables import recovery_tables, splices_table
from figures.transfer_tables import transfer_table
from figures.weights_tables import weights_tables
from goalsplice.analysis.costs import costs_by_stage
from goalsplice.analysis.perception import verdicts
from goalsplice.analysis.phases import MEASURES, phases_of, run_measures, summarise
from goalsplice.cli import draw
from goalsplice.figures.style import COLOURS, save, spread, styled
from goalsplice.io.errors import StudyError
from goalsplice.io.frames import write_frame
from goalsplice.settings import registry
from goalsplice.settings.labels import PUBLISHED

ROOT = Path(__file__).parents[2]
FIGURES = registry.read(ROOT).figures_of(ablations=False)
ARMS = {arm: {"encoding": arm, "view_size": size, "grid_size": 6} for arm, size in (("onehot", 5), ("integers", 7))}
TUNED = {"target": "yellow", "strength": 1.5, "weight_share": 0.005}
CONFIG = {"seed": 99, "threshold": 0.8, "burn_in": 6, "pairs": [[4, 5]], "arms": ARMS, "retargeting": TUNED}
SEEDS = [99, 1, 2, 3, 4, 5, 6, 7, 8, 9]
PHASES, ROLLOUTS = 6, 3

# MiniGrid asks pygame for a font by a name that it does not list.
pytestmark = pytest.mark.filterwarnings("ignore:The system font")


def objective(phase):
    return ("blue", "purple")[phase % 2]


def shares(chance, own):
    """Synthetic shares of outcomes, the own colour's the largest."""
    parts = chance.dirichlet([1 + 20 * (end == own) for end in COLOURS])
    found = {f"episode_share_{end}": part for end, part in zip(COLOURS, parts, strict=True)}
    return {**found, "episode_share_objective": found[f"episode_share_{own}"]}


def training_run(chance, arm, seed):
    """A run whose last phase is cut short, as in the study."""
    rollouts = np.arange(1, PHASES * ROLLOUTS + 2)
    phases = (rollouts - 1) // ROLLOUTS
    return pd.DataFrame(
        {
            "arm": arm,
            "seed": seed,
            "rollout": rollouts,
            "phase": phases,
            "objective": [objective(phase) for phase in phases],
            "environment_steps": rollouts * 16384,
            "mean_return": chance.uniform(-0.7, 1, len(rollouts)),
        }
    )


def jobs(chance, seeds, arms):
    """Synthetic costs of three stages' jobs; of the one that serves all runs, memory was not seen."""
    runs = [(stage, arm, seed) for stage in ("training", "evaluation") for arm in arms for seed in seeds]
    frame = pd.DataFrame([*runs, ("references", None, np.nan)], columns=["stage", "arm", "seed"])
    frame["seconds"] = frame["stage"].map({"training": 120.0, "evaluation": 10.0, "references": 3.0})
    frame["seconds"] *= chance.lognormal(0, 0.2, len(frame))
    return frame.assign(peak_memory=[*chance.normal(500, 10, len(runs)), np.nan])


def make_tables(seeds, arms=("onehot", "integers"), never=False):
    """All tables that figures take, for runs of these seeds and arms; with `never`, no run reaches the threshold."""
    chance = np.random.default_rng(0)
    runs, evaluation, phases, measured = [], [], [], []
    for arm, seed in [(arm, seed) for arm in arms for seed in seeds] + [(PUBLISHED, 99)]:
        run = training_run(chance, arm, seed)
        if never:
            run["mean_return"] = run["mean_return"].clip(upper=0.5)
        runs.append(run)
        of_run = phases_of(run, CONFIG["threshold"])
        phases.append(of_run.assign(arm=arm, seed=seed))
        measured.append({"arm": arm, "seed": seed, **run_measures(run, of_run, CONFIG["threshold"], 6)})
    for arm, seed in [(arm, seed) for arm in arms for seed in seeds]:
        known = {"arm": arm, "seed": seed, "action_selection": "sampling", "levels": 64}
        for phase in range(PHASES):
            for level_distribution in ("training", "three_colours"):
                trained = objective(phase)
                evaluation.append(
                    {
                        **known,
                        "phase": phase,
                        "objective": trained,
                        "level_distribution": level_distribution,
                        **shares(chance, trained),
                    }
                )
    measured = pd.DataFrame(measured)
    published = measured.iloc[-1][[measure.name for measure in MEASURES]].to_dict()
    references = [
        {
            "arm": arm,
            "level_distribution": "training",
            "trained": True,
            "objective": name,
            "best_return": 0.98,
            "colour_blind_return": 0.4,
        }
        for arm in arms
        for name in ("blue", "purple")
    ]
    tables = {
        "training": pd.concat(runs[:-1], ignore_index=True),
        "published": runs[-1],
        "references": pd.DataFrame(references).assign(wrong_key_return=0.1),
        "phases": pd.concat(phases, ignore_index=True),
        "measures": measured,
        "summary": summarise(measured.iloc[:-1], published),
        "evaluation": pd.DataFrame(evaluation),
        "splices": splices_table(seeds, arms),
        **recovery_tables(seeds, arms, unlike=not never),
        "transfer": transfer_table(seeds, arms),
        "probes": probes_table(seeds, arms),
        **weights_tables(seeds, arms, PHASES, first=4),
        "benchmarks": jobs(np.random.default_rng(1), seeds, arms),
        **leaderboard_tables(seeds, arms, never),
        **retargeting_tables(seeds, arms, never),
        "behaviour": behaviour_table(arms[0]),
        "perception": perception_table(seeds, arms),
    }
    tables["costs"] = costs_by_stage(tables["benchmarks"])
    tables["verdicts"] = verdicts(tables["perception"])
    for name in (
        "evaluation",
        "phases",
        "splices",
        "transfer",
        "probes",
        "weight_changes",
        "colour_exchanges",
        "similarity",
    ):
        tables[f"{name}_over_seeds"] = table_over_seeds(name, tables, late=[4, 5, 6])
    tables["perception_over_seeds"] = table_over_seeds("perception", tables, late=[])
    return tables


CASES = {
    "one seed": {"seeds": SEEDS[:1]},
    "two seeds": {"seeds": SEEDS[:2]},
    "ten seeds": {"seeds": SEEDS},
    "one arm": {"seeds": SEEDS[:3], "arms": ("onehot",)},
    "three arms": {"seeds": SEEDS[:2], "arms": ("onehot", "integers", "ablation")},
    "nothing learned": {"seeds": SEEDS[:3], "never": True},
}


@functools.cache
def tables_of(case):
    return make_tables(**CASES[case])


def drawn(name, case):
    """The figure, given only the columns that it says it reads."""
    module = importlib.import_module(f"goalsplice.figures.{name}")
    return module.draw({table: tables_of(case)[table][columns] for table, columns in module.TABLES.items()}, CONFIG)


def boxes(figure):
    """Where each text is drawn, in pixels."""
    figure.draw_without_rendering()
    hidden = set()
    for axes in figure.findobj(Axes):
        for axis in (axes.xaxis, axes.yaxis):
            low, high = sorted(axis.get_view_interval())
            ticks = axis.get_major_ticks()
            hidden |= {
                tick.label1
                for tick in ticks
                if not (axes.axison and axis.get_visible() and low <= tick.get_loc() <= high)
            }
    texts = [text for text in figure.findobj(Text) if text.get_visible() and text.get_text().strip()]
    return [(text.get_text(), Text.get_window_extent(text).padded(-1)) for text in texts if text not in hidden]


@pytest.mark.parametrize("name", FIGURES)
def test_every_figure_has_a_module_with_one_function(name):
    module = importlib.import_module(f"goalsplice.figures.{name}")
    own = [
        key
        for key, value in vars(module).items()
        if getattr(value, "__module__", None) == module.__name__ and not key.startswith("_")
    ]
    assert own == ["draw"]
    assert module.__doc__


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("name", FIGURES)
def test_draws_without_warnings_and_texts_are_apart(name, case):
    with warnings.catch_warnings(), styled():
        warnings.simplefilter("error")
        warnings.filterwarnings("ignore", "The system font")
        figure = drawn(name, case)
        texts = boxes(figure)
    assert len(texts) > 5
    left_out = [text for text, box in texts if box.x0 < -2 or box.y0 < -2 or (box.max > figure.bbox.max + 2).any()]
    assert not left_out
    over = [(one, two) for (one, box), (two, other) in combinations(texts, 2) if box.overlaps(other)]
    assert not over


@pytest.mark.parametrize("name", FIGURES)
def test_same_tables_same_bytes(name, tmp_path):
    with styled():
        for number in (1, 2):
            figure = drawn(name, "two seeds")
            for suffix in ("svg", "png"):
                save(figure, tmp_path / f"{number}.{suffix}")
    # Matplotlib names clip paths by a hash of their unrounded corners, and its layout is not the same to the last bit.
    one, other = (re.sub(r"\bp[0-9a-f]{10}\b", "", (tmp_path / f"{number}.svg").read_text()) for number in (1, 2))
    assert one == other
    assert (tmp_path / "1.png").read_bytes() == (tmp_path / "2.png").read_bytes()


def test_seeds_keep_their_places():
    assert list(spread(1, 0.5)) == [0]
    assert list(spread(4, 0.8)) == pytest.approx([-0.3, -0.1, 0.1, 0.3])


def write_tables(folder, tables, wanted):
    paths = []
    for table, columns in wanted.items():
        if table != PUBLISHED:
            paths.append(str(folder / f"{table}.parquet"))
            write_frame(paths[-1], tables[table][columns])
    return paths


def run_stage(monkeypatch, name, paths, output):
    published = str(ROOT / "workflow/resources/published_seed99.csv")
    arguments = ["--figure", name, "--published", published, "--tables", *paths, "--config", json.dumps(CONFIG)]
    arguments += ["--outputs", str(output)]
    monkeypatch.setattr(sys, "argv", ["draw", *arguments])
    draw.main()


def test_the_stage_draws_from_files(tmp_path, monkeypatch):
    from goalsplice.figures import alternation

    paths = write_tables(tmp_path, tables_of("one seed"), alternation.TABLES)
    run_stage(monkeypatch, "alternation", paths, tmp_path / "figure.png")
    assert (tmp_path / "figure.png").read_bytes().startswith(b"\x89PNG")


def test_a_missing_column_is_one_sentence(tmp_path, monkeypatch):
    from goalsplice.figures import seeds

    wanted = {**seeds.TABLES, "training": [column for column in seeds.TABLES["training"] if column != "phase"]}
    paths = write_tables(tmp_path, tables_of("one seed"), wanted)
    with pytest.raises(StudyError, match=r"training\.parquet lacks the column phase"):
        run_stage(monkeypatch, "seeds", paths, tmp_path / "figure.png")
    assert not (tmp_path / "figure.png").exists()


def test_a_missing_table_is_one_sentence(tmp_path, monkeypatch):
    with pytest.raises(StudyError, match="needs the table evaluation"):
        run_stage(monkeypatch, "choices", [], tmp_path / "figure.png")


def test_a_seed_that_was_not_run_is_one_sentence():
    from goalsplice.figures import alternation

    with pytest.raises(StudyError, match="no seed 5"):
        alternation.draw(tables_of("one seed"), {**CONFIG, "seed": 5})
