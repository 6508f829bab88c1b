"""Measure speed and memory against peers: `python benchmarks/run.py --repeats 5`. See README.md beside this file.

All subjects take turns within each repeat, so that a machine whose speed drifts is fair to all of them. Each runs in
processes of its own: two at a time, one thread each, as the study runs on two cores.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pandas as pd

HERE = Path(__file__).parent
STAGED = ("training", "training_plain", "training_distinct", "training_sb3", "evaluation", "evaluation_minigrid")
"""Subjects that run early and late in training; the others have no agent."""

ONE_THREAD = {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}

RATIOS = (
    ("training", "training_sb3"),
    ("training", "training_plain"),
    ("training_distinct", "training_plain"),
    ("evaluation", "evaluation_minigrid"),
    ("world_compiled", "world_minigrid_1"),
    ("world_compiled", "world_minigrid_32"),
)


def measure(python: str, folder: str, processes: int, *arguments: str) -> dict:
    """Run a subject in some processes at once: steps a second of all together, and the largest peak memory."""

    def one(_: int) -> dict:
        result = subprocess.run(
            [python, str(HERE / "subjects.py"), *arguments],
            env={**os.environ, **ONE_THREAD, "GOALSPLICE_BENCHMARK_FOLDER": folder},
            capture_output=True,
            text=True,
            check=False,
        )
        if result.returncode:
            raise RuntimeError(f"{' '.join(arguments)} failed: {result.stderr[-2000:]}")
        lines = result.stdout.strip().splitlines()
        return json.loads(lines[-1]) if lines else {}

    with ThreadPoolExecutor(processes) as pool:
        found = list(pool.map(one, range(processes)))
    if not found[0]:
        return {}
    return {
        "steps_per_second": sum(each["steps"] / each["seconds"] for each in found),
        "peak_mib": max(each["peak_mib"] for each in found),
    }


def ratios(measured: pd.DataFrame) -> pd.DataFrame:
    """Speed of one subject by another's, pair by pair within each repeat: median, lowest and highest."""
    wide = measured.pivot_table(index=["arm", "stage", "repeat"], columns="subject", values="steps_per_second")
    rows = []
    for subject, peer in RATIOS:
        if {subject, peer} <= set(wide):
            for (arm, stage), group in (wide[subject] / wide[peer]).dropna().groupby(["arm", "stage"]):
                rows.append(
                    {
                        "subject": subject,
                        "peer": peer,
                        "arm": arm,
                        "stage": stage,
                        "median": group.median(),
                        "lowest": group.min(),
                        "highest": group.max(),
                        "repeats": len(group),
                    }
                )
    return pd.DataFrame(rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--processes", type=int, default=2, help="at a time; one for each core")
    parser.add_argument("--late", type=int, default=120, help="rollouts of training before the late stage")
    parser.add_argument("--arms", nargs="+", default=["onehot", "integers"])
    parser.add_argument("--subjects", nargs="+", help="all by default; training_sb3 needs the extra `peers`")
    parser.add_argument("--python", default=sys.executable, help="interpreter that has the peers")
    parser.add_argument("--output", default="results/benchmarks/speed.parquet")
    options = parser.parse_args()
    subjects = options.subjects or [
        "training",
        "training_sb3",
        "training_plain",
        "training_distinct",
        "evaluation",
        "evaluation_minigrid",
        "world_compiled",
        "world_minigrid_1",
        "world_minigrid_32",
    ]
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for arm in options.arms:
            measure(options.python, folder, 1, "warm", arm, str(options.late))
        for repeat in range(options.repeats):
            for arm in options.arms:
                for subject in subjects:
                    for stage in ("early", "late") if subject in STAGED else ("any",):
                        found = measure(options.python, folder, options.processes, subject, arm, stage)
                        rows.append({"subject": subject, "arm": arm, "stage": stage, "repeat": repeat, **found})
                        print(rows[-1], file=sys.stderr, flush=True)
    measured = pd.DataFrame(rows).assign(processes=options.processes)
    Path(options.output).parent.mkdir(parents=True, exist_ok=True)
    measured.to_parquet(options.output, index=False)
    medians = measured.groupby(["subject", "arm", "stage"])[["steps_per_second", "peak_mib"]].median()
    print(medians.round(0).to_string())
    print(ratios(measured).round(2).to_string(index=False))


if __name__ == "__main__":
    main()
