"""Whether what makes training fast changes what is learned: `python benchmarks/curves.py`. See README.md here.

The same runs three ways: as the study trains, with the plain update in PyTorch (autograd, every observation), and with
`precision: medium`. Equal seeds start from equal networks and worlds; rounding then leads them apart.
"""

import argparse
import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from goalsplice.analysis.phases import phases_of, run_measures
from goalsplice.analysis.statistics import interquartile_mean, over_seeds
from goalsplice.figures.style import WIDTH, claim, note, save, styled
from goalsplice.io.frames import write_frame

STUDY, PLAIN, MEDIUM = "study", "plain", "medium"
WAYS = {
    STUDY: ("as the study trains", "#222222", "-"),
    PLAIN: ("plain update with autograd", "#B35900", "--"),
    MEDIUM: ("precision: medium", "#00857C", ":"),
}
THRESHOLD = 0.8


def curve(way: str, arm: str, seed: int, rollouts: int) -> list[dict]:
    """Train one seed one way: rollout, phase, objective and mean return of each rollout."""
    import torch
    from subjects import recipe_for

    from goalsplice.agent import training
    from goalsplice.agent.ppo import PlainLearner

    torch.set_num_threads(1)
    recipe = replace(recipe_for(arm), rollouts=rollouts, precision="medium" if way == MEDIUM else "float32")
    if way == PLAIN:
        training.learner_of = lambda agent, recipe, device: PlainLearner(agent, recipe)
    columns = ("rollout", "phase", "objective", "mean_return")
    return [{name: progress.row[name] for name in columns} for progress in training.train(recipe, arm, seed)]


def measured(curves: pd.DataFrame) -> pd.DataFrame:
    """The study's measures of each run, but over all phases from the second on."""
    rows = []
    for (way, arm, seed), run in curves.groupby(["way", "arm", "seed"], sort=False):
        of_run = phases_of(run, THRESHOLD)
        burn_in = int(run.loc[run["phase"] == 0, "rollout"].max())
        rows.append({"way": way, "arm": arm, "seed": seed, **run_measures(run, of_run, THRESHOLD, burn_in)})
    return pd.DataFrame(rows)


def differences(measures: pd.DataFrame) -> pd.DataFrame:
    """Each way's measures over seeds, and their paired difference from the study's, with 95 % bootstrap intervals."""
    rows = []
    names = [name for name in measures if name not in ("way", "arm", "seed")]
    for (arm, way), group in measures.groupby(["arm", "way"], sort=False):
        base = measures[(measures["arm"] == arm) & (measures["way"] == STUDY)].set_index("seed")
        for name in names:
            values = group.set_index("seed")[name]
            own, gap = over_seeds(values.to_numpy()), over_seeds((values - base[name]).to_numpy())
            rows.append(
                {"arm": arm, "way": way, "measure": name, "seeds": int(values.notna().sum())}
                | {"interquartile_mean": own.estimate, "low": own.low, "high": own.high}
                | {"difference": gap.estimate, "difference_low": gap.low, "difference_high": gap.high}
            )
    return pd.DataFrame(rows)


def draw(curves: pd.DataFrame) -> Figure:
    """Interquartile mean over seeds of the return, a line for each way, every seed thin."""
    arms = list(curves["arm"].unique())
    figure = Figure(figsize=(WIDTH, 2.2 * len(arms) + 1.2), layout="constrained")
    panels = figure.subplots(len(arms), 1, sharex=True, sharey=True, squeeze=False)[:, 0]
    for axes, arm in zip(panels, arms, strict=True):
        for way, (_, colour, style) in WAYS.items():
            rows = curves[(curves["arm"] == arm) & (curves["way"] == way)]
            if rows.empty:
                continue
            wide = rows.pivot(index="rollout", columns="seed", values="mean_return")
            axes.plot(wide.index, wide.to_numpy(), color=colour, linewidth=0.4, alpha=0.25)
            axes.plot(wide.index, interquartile_mean(wide.to_numpy(), axis=1), color=colour, linestyle=style)
        axes.set_title(arm)
        axes.set_ylabel("mean return")
    panels[-1].set_xlabel("rollout of 16,384 environment steps")
    shown = [WAYS[way] for way in WAYS if (curves["way"] == way).any()]
    entries = [Line2D([], [], color=colour, linestyle=style, label=label) for label, colour, style in shown]
    claim(figure, "Learning curves of the same seeds, trained in different ways", entries, columns=3)
    note(figure, f"Thick: interquartile mean over {curves['seed'].nunique()} seeds. Thin: every seed.")
    return figure


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=10, help="how many, from 101 on: none of the study's")
    parser.add_argument("--rollouts", type=int, default=60)
    parser.add_argument("--arms", nargs="+", default=["onehot"])
    parser.add_argument("--ways", nargs="+", choices=WAYS, default=list(WAYS))
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--output", type=Path, default=Path("results/benchmarks/curves.parquet"))
    parser.add_argument("--one", nargs=3, metavar=("WAY", "ARM", "SEED"), help="used by the command itself")
    options = parser.parse_args()
    if options.one:
        way, arm, seed = options.one
        print(json.dumps(curve(way, arm, int(seed), options.rollouts)))
        return

    environment = {name: value for name, value in os.environ.items() if name != "OPENBLAS_CORETYPE"}
    environment |= {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}

    def one(job: tuple[str, str, int]) -> pd.DataFrame:
        way, arm, seed = job
        command = [sys.executable, __file__, "--rollouts", str(options.rollouts), "--one", way, arm, str(seed)]
        output = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True).stdout
        print(f"{way} {arm} {seed}", file=sys.stderr, flush=True)
        return pd.DataFrame(json.loads(output)).assign(way=way, arm=arm, seed=seed)

    seeds = np.arange(101, 101 + options.seeds).tolist()
    jobs = [(way, arm, seed) for arm in options.arms for seed in seeds for way in options.ways]
    with ThreadPoolExecutor(options.processes) as pool:
        curves = pd.concat(pool.map(one, jobs), ignore_index=True)
    write_frame(options.output, curves)
    found = differences(measured(curves))
    found.to_csv(options.output.with_suffix(".csv"), index=False, float_format="%.6g", lineterminator="\n")
    with styled():
        save(draw(curves), options.output.with_suffix(".png"))
    print(found.round(3).to_string(index=False))


if __name__ == "__main__":
    main()
