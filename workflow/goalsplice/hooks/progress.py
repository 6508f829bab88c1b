"""What a study is doing: a line on the terminal now and then, while Snakemake runs its jobs.

It says what Snakemake does not: how long it will take, since jobs differ a hundredfold, and how far each training is.
Snakemake's own lines on a job are kept short beside it.
"""

import csv
import logging
import math
import re
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_LOOK = 1
"""Seconds between looks at what runs."""

_EVERY = 20
"""Seconds between lines."""

_NAMED = 4
"""Jobs that a line names."""

_LEAST = 3.0
"""Seconds that a job takes at least, and a job takes of which nothing is known: it imports libraries and draws."""

PUBLISHED_ROLLOUTS = 366
"""Rollouts of the runs whose costs docs/results/benchmarks.csv has."""

_TRAINING = "training"

_ROLLOUT = re.compile(r"^rollout (\d+)/", re.MULTILINE)


@dataclass(frozen=True)
class Job:
    """A job that is to run.

    Attributes:
        stage: its rule's name, or `training` for all rules that train: jobs of a stage take equally long.
        name: as it is called in a line.
        log: its log, which is read if it trains.
        rollouts: of the whole run if it trains, else 0.
        idle: whether it does nothing, as a target.
    """

    stage: str
    name: str
    log: Path | None = None
    rollouts: int = 0
    idle: bool = False

    @property
    def units(self) -> int:
        """What its cost is in proportion to: the rollouts of a training; other jobs of a stage count the same."""
        return self.rollouts or 1


@dataclass(frozen=True)
class State:
    """Where Snakemake stands: keys of jobs.

    Attributes:
        unfinished: all that is not done, running and failed jobs included.
        running: what runs, or is submitted.
        failed: what failed.
    """

    unfinished: frozenset[Hashable]
    running: frozenset[Hashable]
    failed: frozenset[Hashable]


def rollouts_done(log: Path | None, since: float) -> tuple[int, int]:
    """Rollouts that a training's log reports: those done before it began, and those done by now.

    Both 0 if there is no log, or if it was last written before `since`.
    """
    if log is None:
        return 0, 0
    try:
        found = _ROLLOUT.findall(log.read_text(encoding="utf-8")) if log.stat().st_mtime >= since else []
    except (OSError, ValueError):
        return 0, 0
    return (int(found[0]) - 1, int(found[-1])) if found else (0, 0)


def past_costs(records: Path, published: Path, rollouts: int) -> dict[str, float]:
    """Seconds that a job of each stage took before; of training, a rollout.

    Args:
        records: the folder where this study's earlier jobs left their benchmarks.
        published: the table of what the published study cost, which stands in for the rest.
        rollouts: of this study's runs. What a stage does grows with them, roughly.
    """
    scale = rollouts / PUBLISHED_ROLLOUTS
    old, own = defaultdict(list), defaultdict(list)
    with suppress(OSError), published.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            old[row["stage"]].append(max(_LEAST, float(row["seconds"]) * scale))
    for path in records.rglob("*.tsv"):
        # A study beside this one may be writing it.
        with suppress(OSError, KeyError, ValueError), path.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file, delimiter="\t"):
                own[path.relative_to(records).with_suffix("").parts[0]].append(float(row["s"]))
    means = {stage: sum(values) / len(values) for stage, values in {**old, **own}.items()}
    return {stage: mean / (rollouts if stage == _TRAINING else 1) for stage, mean in means.items()}


class Progress:
    """What of the jobs that are to run is done, and how long they take.

    Args:
        jobs: all that are to run.
        slots: how many run side by side.
        costs: seconds that jobs took before, as `past_costs` has them; what is measured takes their place.
    """

    def __init__(self, jobs: Mapping[Hashable, Job], slots: int, costs: Mapping[str, float]):
        self.jobs, self.slots, self.costs = jobs, slots, costs
        self._began: dict[Hashable, float] = {}
        # Of each stage: seconds, and the units done in them.
        self._measured: dict[str, tuple[float, int]] = {}

    def look(self, state: State, now: float) -> None:
        """Take notice of what runs `now`; jobs that ran at the last look and are done tell what they took."""
        for key in self._began.keys() - state.running:
            began = self._began.pop(key)
            if key not in state.unfinished:
                self._measure(self._measured, key, began, now)
        for key in state.running & self.jobs.keys():
            self._began.setdefault(key, now)

    def _measure(self, measured: dict[str, tuple[float, int]], key: Hashable, began: float, now: float) -> None:
        job, units = self.jobs[key], 1
        if job.rollouts:
            before, done = rollouts_done(job.log, began)
            units = done - before
        if units:
            seconds, others = measured.get(job.stage, (0.0, 0))
            measured[job.stage] = seconds + now - began, others + units

    def seconds_left(self, state: State, now: float) -> float:
        """Seconds until all jobs are done that have not failed."""
        measured = dict(self._measured)
        for key, began in self._began.items():
            if self.jobs[key].rollouts:
                self._measure(measured, key, began, now)
        paces = {**self.costs, **{stage: seconds / units for stage, (seconds, units) in measured.items()}}
        left, longest = 0.0, 0.0
        for key in state.unfinished & self.jobs.keys() - state.failed:
            job = self.jobs[key]
            if job.idle:
                continue
            seconds = paces[job.stage] * job.units if job.stage in paces else _LEAST
            if key in self._began:
                done = rollouts_done(job.log, self._began[key])[1] if job.rollouts else 0
                gone = done * paces[job.stage] if done else now - self._began[key]
                seconds = max(seconds - gone, 0.0)
                longest = max(longest, seconds)
            left += seconds
        return max(left / self.slots, longest)

    def line(self, state: State, now: float) -> str:
        """One line on all of it."""
        total = len(self.jobs)
        done = total - len(state.unfinished & self.jobs.keys())
        running = [self._doing(key) for key in self._began]
        parts = [
            f"{time.strftime('%H:%M', time.localtime(now))}  {done} of {total} jobs ({done * 100 // total} %), "
            f"{duration(self.seconds_left(state, now))} left",
            f"now: {listed(running)}",
        ]
        failed = sorted(self.jobs[key].name for key in state.failed & self.jobs.keys())
        if failed:
            parts.append(f"failed: {listed(failed)}")
        return "  |  ".join(parts)

    def _doing(self, key: Hashable) -> str:
        job = self.jobs[key]
        done = rollouts_done(job.log, self._began[key])[1] if job.rollouts else 0
        return f"{job.name} (rollout {done}/{job.rollouts})" if done else job.name


def duration(seconds: float) -> str:
    """A time that is not known well: in minutes, and hours if it has some."""
    if seconds < 60:
        return "less than 1 min"
    hours, minutes = divmod(math.ceil(seconds / 60), 60)
    return f"about {hours} h {minutes} min" if hours else f"about {minutes} min"


def listed(names: list[str]) -> str:
    """Some names, and how many there are besides."""
    rest = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f" and {rest} more" if rest > 0 else "")


def brief(reason: str) -> str:
    """Snakemake's reason for a job, of a line's length: of several files two, of settings only that they changed."""
    parts = []
    for part in reason.split("; "):
        head, _, told = part.partition(": ")
        files = told.split(", ")
        if head.lower().endswith(("files", "by another job")):
            parts.append(f"{head}: {', '.join(shortened(files))}")
        else:
            parts.append(part if len(part) <= 100 else head)
    return "; ".join(parts)


def shortened(files: list[str]) -> list[str]:
    """At most three entries for any number of files."""
    return files if len(files) <= 3 else [*files[:2], f"... and {len(files) - 2} more"]


def shorten(record: logging.LogRecord) -> bool:
    """A filter for what Snakemake says of a job: lists of files and reasons are cut, and nothing is held back."""
    for name in ("input", "output"):
        files = getattr(record, name, None)
        if isinstance(files, list):
            setattr(record, name, shortened(files))
    if isinstance(reason := getattr(record, "reason", None), str):
        record.reason = brief(reason)
    return True


def report(
    progress: Progress, state: Callable[[], State], say: Callable[[str], None], times: Iterable[float], every: float
) -> None:
    """Look at each of `times`, and say a line whenever one is due, `every` so many seconds, and something runs."""
    said = None
    for now in times:
        current = state()
        progress.look(current, now)
        said = now if said is None else said
        if now - said >= every and current.running:
            say(progress.line(current, now))
            said = now


def _clock() -> Iterator[float]:
    while True:
        time.sleep(_LOOK)
        yield time.time()


def _state(workflow: Any) -> State:
    """Where Snakemake's scheduler stands. A group of jobs, as clusters have them, is one to it."""
    running, failed = (
        frozenset(job for unit in set(units) for job in (unit if unit.is_group() else [unit]))
        for units in (workflow.scheduler.running, workflow.scheduler.failed)
    )
    return State(frozenset(workflow.dag.needrun_jobs()), running, failed)


def job_of(job: Any, rollouts: Mapping[str, int]) -> Job:
    """What there is to know of one of Snakemake's jobs.

    Args:
        rollouts: of each arm's runs.
    """
    trains = job.rule.name.startswith(f"{_TRAINING}_")
    stage = _TRAINING if trains else job.rule.name
    return Job(
        stage=stage,
        name=" ".join([stage, *map(str, job.wildcards)]),
        log=Path(job.log[0]) if trains else None,
        rollouts=rollouts[job.wildcards.arm] if trains else 0,
        idle=job.is_norun,
    )


def follow(workflow: Any, rollouts: Mapping[str, int], published: Path) -> None:
    """Report in the background until the process ends, and shorten what Snakemake says, unless it is to say all.

    None of it is worth a study: where Snakemake differs from what is expected here, there is silence.

    Args:
        workflow: Snakemake's, about to start its jobs.
        rollouts: of each arm's runs.
        published: the table of what the published study cost.
    """
    with suppress(Exception):
        from snakemake.logging import logger
        from snakemake.settings.enums import Quietness

        jobs = {job: job_of(job, rollouts) for job in workflow.dag.needrun_jobs()}
        if not logger.isEnabledFor(logging.DEBUG):
            logger.addFilter(shorten)
        longest = max(rollouts.values())
        costs = past_costs(Path("results/benchmarks"), published, longest)
        progress = Progress(jobs, workflow.nodes or workflow.cores, costs)

        def say(text: str) -> None:
            logger.info(text, extra={"quietness": Quietness.PROGRESS})

        def watch() -> None:
            with suppress(Exception):
                report(progress, lambda: _state(workflow), say, _clock(), _EVERY)

        threading.Thread(target=watch, daemon=True).start()
