"""What is said at the end of a study that is not complete: what failed and why, what is missing, what to type next.

Light to import: Snakemake does so at each start.
"""

import re
import shlex
import signal
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath

_SHOWN = 5
"""Failed jobs that are told one by one. With a full disk they all fail, for one reason."""

_ROOM = 1 << 20
"""Bytes below which a disk counts as full: less than a job's files take."""

_RUN = re.compile(r"arm=([^/]+)/seed=([^/]+)/")


@dataclass(frozen=True)
class Failed:
    """A job that failed.

    Attributes:
        rule: its rule's name.
        outputs: the paths that it was to make.
        log: its log, if it has one.
        command: its shell line; empty if it has none.
    """

    rule: str
    outputs: Sequence[str]
    log: str | None
    command: str

    def __str__(self) -> str:
        run = next(filter(None, map(_RUN.search, self.outputs)), None)
        return f"{self.rule} (arm {run[1]}, seed {run[2]})" if run else self.rule


def end_of(command: str, snakemake_log: str) -> str | None:
    """The signal by which a shell line was ended, such as SIGKILL; None if by none, or none that Snakemake knows of.

    Args:
        snakemake_log: Snakemake's own log, which quotes the lines that failed.
    """
    ending = r"' (?:died with <Signals\.(\w+)|returned non-zero exit status (\d+))"
    found = command and re.search(re.escape(command) + ending, snakemake_log)
    if not found:
        return None
    # A shell ends with 128 and the number of the signal that ended what it ran.
    number = int(found[2] or 0) - 128
    return found[1] or (signal.Signals(number).name if number in set(signal.Signals) else None)


def reason(log: str, ended_by: str | None) -> str:
    """Why a job failed, in a few words.

    Args:
        log: the content of its log; empty if there is none.
        ended_by: the name of the signal that ended it, if one did.
    """
    if ended_by is not None:
        return f"killed by {ended_by}" + (", perhaps for lack of memory" if ended_by == "SIGKILL" else "")
    lines = [line for line in log.splitlines() if line.strip()]
    told = [line.removeprefix("Error: ") for line in lines if line.startswith("Error: ")]
    if told:
        return told[-1]
    if any(line.startswith("Traceback ") for line in lines):
        return f"a mistake in the code, {lines[-1].strip()}"
    return "no reason in its log"


def missing(paths: Sequence[str]) -> str:
    """How many runs, tables and figures some paths belong to, such as `1 run, 3 tables and 20 figures`."""
    counts = {
        "run": len({found.groups() for found in map(_RUN.search, paths) if found}),
        "table": len({path for path in paths if PurePath(path).parts[:2] == ("results", "tables")}),
        "figure": len({PurePath(path).stem for path in paths if PurePath(path).parts[:2] == ("results", "figures")}),
    }
    said = [f"{count} {word}" + ("s" if count > 1 else "") for word, count in counts.items() if count]
    return " and ".join(filter(None, [", ".join(said[:-1]), *said[-1:]])) or "nothing but what ties them together"


def again(arguments: Sequence[str]) -> str:
    """The command that makes what is missing, from the arguments of the one that failed."""
    if any(re.match(r"--force|-[fFR]", argument) for argument in arguments):
        return "the same command, but without what forces jobs to run"
    return shlex.join(["snakemake", *arguments])


def _content(path: str | Path | None) -> str:
    try:
        return Path(path or "").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def describe(
    failed: Sequence[Failed],
    unmade: Sequence[str],
    stopped: bool,
    snakemake_logs: Sequence[str | Path],
    free: int,
    arguments: Sequence[str],
) -> str:
    """A few lines on a study that ended before it was complete. Reads logs.

    Args:
        failed: the jobs that failed.
        unmade: the paths that were to be made and were not.
        stopped: whether it was stopped from outside, by Ctrl-C for instance.
        snakemake_logs: Snakemake's own logs.
        free: bytes that are free on the disk which holds results.
        arguments: of the command line.
    """
    quoted = "".join(map(_content, snakemake_logs))
    lines = ["The study was stopped before it was complete." if stopped else "The study is not complete."]
    if free < _ROOM:
        lines.append("The disk that holds results is full; free some space first.")
    if failed:
        lines.append(f"{len(failed)} {'job' if len(failed) == 1 else 'jobs'} failed:")
        for job in sorted(failed, key=str)[:_SHOWN]:
            why = reason(_content(job.log), end_of(job.command, quoted))
            lines.append(f"  {job}: {why}" + (f" [{job.log}]" if job.log else ""))
        if len(failed) > _SHOWN:
            lines.append(f"  ... and {len(failed) - _SHOWN} more")
    lines.append(f"Missing, or not up to date: {missing(unmade)}. What is made is kept.")
    lines.append(f"To make what is missing, and nothing else: {again(arguments)}")
    return "\n".join(lines)
