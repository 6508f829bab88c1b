"""Measure speed and memory against peers: `python benchmarks/run.py`. See README.md beside this file.

All subjects take turns within each repeat, so that a machine whose speed drifts is fair to all of them. Each runs in
processes of its own: two at a time, one thread and one core each, as the study runs on two cores.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import yaml
from ratios import ANY, NOTHING

from goalsplice.io.frames import write_frame

HERE = Path(__file__).parent
CORES = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else list(range(os.cpu_count() or 1))

BOTH = ("early", "late")
NAVIX = "training_navix"
STAGES = {
    "training": BOTH,
    "training_sb3": BOTH,
    NAVIX: (ANY,),
    "training_plain": BOTH,
    "training_distinct": BOTH,
    "training_adam": BOTH,
    "training_units": BOTH,
    "training_dense": BOTH,
    "training_medium": BOTH,
    "rollout": (ANY,),
    "rollout_loop": (ANY,),
    "evaluation": BOTH,
    "evaluation_minigrid": BOTH,
    "world_kernel": (ANY,),
    "world_compiled": (ANY,),
    "world_minigrid_1": (ANY,),
    "world_minigrid_32": (ANY,),
}
"""All subjects, in the order of their turns, and the stages of training that each is measured in."""

SCALED = {"num_envs": (8, 16, 32, 64, 128), "hidden_size": (32, 64, 128, 256, 512), "processes": (1, 2, 4)}
"""What training is measured with beside the study's sizes, one at a time. Not more processes than cores."""

QUICK_SCALED = {"num_envs": (8,), "processes": (1,)}


@dataclass(frozen=True)
class Turn:
    """One measurement: a subject, what it runs on, one stage after the other, and in how many processes at once."""

    subject: str
    arm: str
    stages: tuple[str, ...]
    varied: str
    num_envs: int
    hidden_size: int
    processes: int


def environment() -> dict[str, str]:
    """Variables for subjects: as here, but one thread, and OpenBLAS left to choose what fits the processor."""
    kept = {name: value for name, value in os.environ.items() if name != "OPENBLAS_CORETYPE"}
    return kept | {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}


def machine() -> str:
    """What measures: processor, number of cores, system."""
    name = platform.processor() or platform.machine()
    if (cpus := Path("/proc/cpuinfo")).exists():
        found = [line.partition(":")[2].strip() for line in cpus.read_text().splitlines() if "model name" in line]
        name = found[0] if found else name
    return f"{name}, {len(CORES)} cores, {platform.system()}"


def start(python: str, place: int, *arguments: str) -> list[dict]:
    """Run a subject in a process of its own, on the core that its place says; what it printed for each stage."""
    script = "navix_subject.py" if arguments[0] == NAVIX else "subjects.py"
    process = subprocess.Popen(
        [python, str(HERE / script), *arguments],
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(process.pid, {CORES[place % len(CORES)]})
    output, errors = process.communicate()
    if process.returncode:
        raise SystemExit(f"{' '.join(arguments)} failed: {errors[-2000:]}")
    return [json.loads(line) for line in output.splitlines() if line.startswith("{")]


def measure(python: str, turn: Turn, *arguments: str) -> Iterator[dict]:
    """Take a turn; a row for each stage, with speed of all processes together, and memory of the largest and of all."""
    sizes = {"num_envs": turn.num_envs, "hidden_size": turn.hidden_size}
    if turn.subject != NAVIX:
        arguments = (*arguments, "--sizes", json.dumps(sizes))
    with ThreadPoolExecutor(turn.processes) as pool:
        found = pool.map(
            lambda place: start(python, place, turn.subject, turn.arm, *turn.stages, *arguments),
            range(turn.processes),
        )
        for stage, of_stage in zip(turn.stages, zip(*found, strict=True), strict=True):
            yield {
                "subject": turn.subject,
                "arm": turn.arm,
                "stage": stage,
                "varied": turn.varied,
                **sizes,
                "processes": turn.processes,
                "steps_per_second": sum(each["steps"] / each["seconds"] for each in of_stage),
                "peak_mib": max(each["peak_mib"] for each in of_stage),
                "total_mib": sum(each["peak_mib"] for each in of_stage),
            }


def turns(subjects: list[str], arms: list[str], sizes: dict[str, int], scaled: dict, late: bool) -> Iterator[Turn]:
    """The turns of one repeat: all subjects in the study's sizes, then training with one size varied at a time."""
    for arm in arms:
        for subject in subjects:
            stages = tuple(stage for stage in STAGES[subject] if late or stage != "late")
            yield Turn(subject, arm, stages, NOTHING, **sizes)
    if "training" in subjects:
        for name, values in scaled.items():
            for value in values:
                if value != sizes[name]:
                    yield Turn("training", arms[0], ("early",), name, **(sizes | {name: value}))


def missing(python: str, module: str) -> bool:
    """Whether an interpreter lacks a module, or is none."""
    check = f"import importlib.util, sys; sys.exit(importlib.util.find_spec({module!r}) is None)"
    try:
        return subprocess.run([python, "-c", check], check=False).returncode != 0
    except OSError:
        return True


def available(subjects: list[str], python: str, navix_python: str | None) -> list[str]:
    """The subjects that can run; one sentence for each that cannot."""
    left_out = {}
    if "training_sb3" in subjects and missing(python, "stable_baselines3"):
        left_out["training_sb3"] = "its package is missing; install the extra `peers`"
    if NAVIX in subjects and navix_python is None:
        left_out[NAVIX] = "it needs an environment of its own; name its interpreter with --navix-python"
    elif NAVIX in subjects and missing(navix_python, "navix"):
        left_out[NAVIX] = f"{navix_python} does not have what benchmarks/navix.txt lists"
    for subject, reason in left_out.items():
        print(f"Leaving out {subject}: {reason}.", file=sys.stderr)
    return [subject for subject in subjects if subject not in left_out]


def prepare(plan: list[Turn], options: argparse.Namespace, late: int, common: list[str]) -> None:
    """Train the networks that the late stage starts with, and let NAVIX's program be compiled, once for all turns."""
    jobs = [
        (options.python, "warm", arm, str(late))
        for arm in options.arms
        if any(turn.arm == arm and "late" in turn.stages for turn in plan)
    ]
    jobs += [(options.navix_python, NAVIX, turn.arm, ANY) for turn in plan if turn.subject == NAVIX]
    for _, subject, arm, *_ in jobs:
        print(f"Beforehand: {subject}, {arm}.", file=sys.stderr, flush=True)
    with ThreadPoolExecutor(options.processes) as pool:
        list(pool.map(lambda place, job: start(job[0], place, *job[1:], *common), range(len(jobs)), jobs))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--processes", type=int, default=2, help="at a time; one for each core")
    parser.add_argument("--late", type=int, default=120, help="rollouts of training before the late stage; 0: no late")
    parser.add_argument("--arms", nargs="+", default=["onehot", "integers"])
    parser.add_argument("--subjects", nargs="+", choices=STAGES, default=list(STAGES), help="all by default")
    parser.add_argument("--no-scaling", action="store_true", help="the study's sizes only")
    parser.add_argument("--python", default=sys.executable, help="interpreter that has the study and the extra `peers`")
    parser.add_argument("--navix-python", help="interpreter that has what navix.txt lists")
    parser.add_argument("--quick", action="store_true", help="one repeat with little work: tries all, measures nothing")
    parser.add_argument("--output", type=Path, help="results/benchmarks/speed.parquet, or quick.parquet")
    options = parser.parse_args()
    output = options.output or Path(f"results/benchmarks/{'quick' if options.quick else 'speed'}.parquet")
    repeats, late = (1, min(options.late, 1)) if options.quick else (options.repeats, options.late)
    config = yaml.safe_load((HERE.parent / "config.yaml").read_text())
    if unknown := set(options.arms) - set(config["arms"]):
        parser.error(f"config.yaml has no arm {min(unknown)}; it has {', '.join(config['arms'])}")
    recipe = config["recipe"]
    subjects = available(options.subjects, options.python, options.navix_python)
    if not subjects:
        parser.error("no subject is left")
    sizes = {"num_envs": recipe["num_envs"], "hidden_size": recipe["hidden_size"], "processes": options.processes}
    scaled = QUICK_SCALED if options.quick else SCALED | {"processes": [n for n in (1, 2, 4) if n <= len(CORES)]}
    plan = list(turns(subjects, options.arms, sizes, {} if options.no_scaling else scaled, late > 0))
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        common = ["--folder", folder, *(["--quick"] if options.quick else [])]
        prepare(plan, options, late, common)
        for repeat in range(repeats):
            for turn in plan:
                python = options.navix_python if turn.subject == NAVIX else options.python
                for row in measure(python, turn, *common):
                    rows.append({"repeat": repeat, **row})
                    print(rows[-1], file=sys.stderr, flush=True)
            # A run that is cut short leaves its whole repeats.
            where = machine() + (" (a quick run: its numbers mean nothing)" if options.quick else "")
            measured = pd.DataFrame(rows).assign(machine=where)
            write_frame(output, measured)
    # Not sooner: it would only take memory beside what is measured.
    from figure import report

    report(measured, output)


if __name__ == "__main__":
    main()
