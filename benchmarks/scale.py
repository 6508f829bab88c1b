"""What a study of many seeds and arms costs beside its training: `python benchmarks/scale.py --results results`.

Two things are measured, each in a process of its own. First Snakemake's dry run, which plans all jobs, of studies with
more and more seeds and arms, in an empty folder. Then the stages that read all runs, on tables of so many seeds: those
of a finished study, whose runs' files are given to further seeds again and again as links. So these have the size and
the form of real tables, and as many runs as asked for, but no more variety than the study had; their numbers mean
nothing. Times are of the processor, as other programs may run.
"""

import argparse
import json
import os
import platform
import re
import subprocess
import sys
import tempfile
import time
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
import scipy.optimize
import yaml

from goalsplice.io.errors import StudyError, run
from goalsplice.io.frames import write_frame

ROOT = Path(__file__).parents[1]
SCHEMAS = ROOT / "workflow/schemas/tables.yaml"
RUN_TABLES = ("training", "splices", "custom_edits", "retargeting")
"""Those that the stages below are made of: all large ones are among them."""


def studied(seeds: int, arms: int) -> dict:
    """What a study of so many seeds and arms changes of config.yaml. Arms beyond its own are kinds of its first."""
    config = yaml.safe_load((ROOT / "config.yaml").read_text(encoding="utf-8"))
    first = next(iter(config["arms"].values()))
    named = {f"arm{number}": {**first, "minibatches": 2**number} for number in range(arms - len(config["arms"]))}
    return {"seeds": list(range(1000, 1000 + seeds)), "arms": named, "figures": {"seed": 1000}}


def measured(command: list[str], folder: Path) -> tuple[dict[str, float], str]:
    """Processor seconds, wall-clock seconds and peak memory (MiB) of a command, and what it wrote.

    Raises:
        StudyError: it failed.
    """
    start = time.perf_counter()
    with tempfile.TemporaryFile("w+") as output:
        environment = {**os.environ, "PYTHONPATH": str(ROOT / "workflow")}
        process = subprocess.Popen(command, cwd=folder, stdout=output, stderr=subprocess.STDOUT, env=environment)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        text = output.read()
    if process.returncode:
        raise StudyError(f"{' '.join(command)[:200]} failed: {text[-2000:]}; mend that first")
    unit = 2**20 if platform.system() == "Darwin" else 2**10
    cost = {
        "cpu_seconds": usage.ru_utime + usage.ru_stime,
        "seconds": time.perf_counter() - start,
        "peak_memory": usage.ru_maxrss / unit,
    }
    return cost, text


def dry_run(seeds: int, arms: int) -> dict:
    """A dry run of the whole study."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "scale.yaml").write_text(yaml.safe_dump(studied(seeds, arms)), encoding="utf-8")
        command = [sys.executable, "-m", "snakemake", "--snakefile", str(ROOT / "Snakefile"), "--cores", "1"]
        command += ["--configfile", "scale.yaml", "--dry-run", "--quiet", "rules"]
        cost, text = measured(command, folder)
    jobs = re.search(r"^total +(\d+)", text, re.MULTILINE)
    return {"subject": "dry run", "seeds": seeds, "arms": arms, "jobs": int(jobs[1]), **cost}


def replicate(results: Path, folder: Path, seeds: int) -> dict[str, list[str]]:
    """Links to the tables of a study's runs, in turn, under other seeds.

    Args:
        results: a study's results folder.
        folder: where links go.
        seeds: how many of each arm.

    Returns:
        For each table its files, relative to `folder`, in the order of the study.

    Raises:
        StudyError: an arm has no run with a table.
    """
    arms = sorted(path.name for path in results.glob("runs/arm=*"))
    if not arms:
        raise StudyError(f"{results} has no runs; name a finished study's folder, as `snakemake quick` makes one")
    paths = {}
    for table, arm in product(RUN_TABLES, arms):
        sources = sorted((results / "runs" / arm).glob(f"seed=*/{table}.parquet"))
        if not sources:
            raise StudyError(
                f"{results}/runs/{arm} has no table {table}; finish the study first, with snakemake tables"
            )
        for number in range(seeds):
            link = Path("runs", arm, f"seed={1000 + number}", f"{table}.parquet")
            (folder / link).parent.mkdir(parents=True, exist_ok=True)
            (folder / link).symlink_to(sources[number % len(sources)].resolve())
            paths.setdefault(table, []).append(str(link))
    return paths


def stage_commands(paths: dict[str, list[str]], late: list[int], measures: dict) -> dict[str, list[str]]:
    """The stages over all runs, by name, in an order in which each finds what it needs."""

    def stage(name: str, **options: str | list) -> list[str]:
        words = [sys.executable, "-m", f"goalsplice.cli.{name}", "--schemas", str(SCHEMAS)]
        for option, value in options.items():
            words += [f"--{option.replace('_', '-')}", *map(str, value if isinstance(value, list) else [value])]
        return words

    commands = {
        f"combine {table}": stage("combine", table=table, runs=of_table, output=f"{table}.parquet")
        for table, of_table in paths.items()
    }
    commands["summary"] = stage(
        "summary",
        training="training.parquet",
        published=str(ROOT / "workflow/resources/published_seed99.csv"),
        measures=json.dumps(measures),
        **{f"{table}_output": f"{table}.parquet" for table in ("phases", "measures", "summary")},
    )
    outputs = {"recoveries": "recoveries", "effects": "edit_effects", "smallest": "smallest_edits"}
    commands["recoveries"] = stage(
        "recoveries", splices="splices.parquet", **{option: f"{table}.parquet" for option, table in outputs.items()}
    )
    commands["leaderboard"] = stage(
        "leaderboard",
        splices="splices.parquet",
        custom="custom_edits.parquet",
        leaderboard="leaderboard.parquet",
        entries="leaderboard_entries.parquet",
    )
    commands["retargeting_effects"] = stage(
        "retargeting_effects", retargeting="retargeting.parquet", late=late, output="retargeting_effects.parquet"
    )
    return commands


def stages(results: Path, seeds: int) -> list[dict]:
    """A row for each stage over all runs; of tables that are put together also how large they are."""
    config = yaml.safe_load((results / "config.yaml").read_text(encoding="utf-8"))
    late = sorted({phase for pair in config["splices"]["pairs"] for phase in pair})
    found = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        paths = replicate(results, folder, seeds)
        arms = len({path.split(os.sep)[1] for path in paths["training"]})
        for subject, command in stage_commands(paths, late, config["measures"]).items():
            cost, _ = measured(command, folder)
            row = {"subject": subject, "seeds": seeds, "arms": arms, **cost}
            table = folder / f"{subject.removeprefix('combine ')}.parquet"
            if subject.startswith("combine "):
                row |= {"rows": len(pd.read_parquet(table, columns=["seed"])), "megabytes": table.stat().st_size / 1e6}
            found.append(row)
            print(row, file=sys.stderr, flush=True)
    return found


def exponent(seeds: np.ndarray, costs: np.ndarray) -> float:
    """The p of a cost a + b * seeds**p with three numbers of seeds; NaN if it does not grow. 1 is in proportion.

    Without a, what starting Python costs would make every growth look slow.
    """
    lower, upper = np.diff(costs)
    if not (lower > 0 and upper > 0):
        return np.nan

    def excess(p: float) -> float:
        first, second = np.diff(np.asarray(seeds, float) ** p)
        return np.log(upper / lower) - np.log(second / first)

    return scipy.optimize.brentq(excess, 0.01, 6) if excess(0.01) * excess(6) < 0 else np.nan


def exponents(rows: pd.DataFrame, measure: str) -> pd.Series:
    """`exponent` of a measure by subject and arms, from the least, the middle and the largest number of seeds."""
    found = {}
    for key, group in rows.groupby(["subject", "arms"], sort=False):
        costs = group.groupby("seeds")[measure].median()
        if len(costs) > 2:
            chosen = costs.iloc[[0, len(costs) // 2, -1]]
            found[key] = exponent(chosen.index.to_numpy(), chosen.to_numpy())
    return pd.Series(found, dtype=float)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, nargs="+", default=[10, 30, 100])
    parser.add_argument("--arms", type=int, nargs="+", default=[2, 5], help="of dry runs")
    parser.add_argument(
        "--results", type=Path, default=ROOT / "results", help="of a finished study, whose tables are replicated"
    )
    parser.add_argument("--subjects", nargs="+", choices=["dry-run", "stages"], default=["dry-run", "stages"])
    parser.add_argument("--output", type=Path, default=ROOT / "results/benchmarks/scale.parquet")
    options = parser.parse_args()
    rows = []
    for seeds in sorted(options.seeds):
        if "stages" in options.subjects:
            rows += stages(options.results.resolve(), seeds)
    for arms, seeds in product(options.arms, sorted(options.seeds)):
        if "dry-run" in options.subjects:
            rows.append(dry_run(seeds, arms))
            print(rows[-1], file=sys.stderr, flush=True)
    table = pd.DataFrame(rows).sort_values(["subject", "arms", "seeds"], kind="stable", ignore_index=True)
    write_frame(options.output, table)
    print(table.round(1).to_string(index=False, na_rep=""))
    growth = pd.DataFrame({measure: exponents(table, measure) for measure in ("cpu_seconds", "peak_memory")})
    if len(growth):
        print("\nGrowth exponent with the number of seeds; missing where nothing grew")
        print(growth.round(2).to_string(na_rep=""))


if __name__ == "__main__":
    run(main)
