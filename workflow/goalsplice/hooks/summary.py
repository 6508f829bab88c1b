"""What is said at the end of a study that is not complete: what failed and why, what is missing, what to type next.

Light to import: Snakemake does so at each start.
"""

import argparse
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

_LENGTH = 300
"""Characters of a log's line that are shown."""

_TOLD = re.compile(r"^(?:.*[\]:>|] )?Error: (.+)")
"""What a stage says to its user, at the start of a line or behind what a launcher puts before it."""

_TRACEBACK = "Traceback (most recent call last)"

_RAISED = re.compile(r"^(?:.*[\]:>|] )?[\w.]*(?:Error|Exception|Interrupt|Exit)\b(?:: |$)")
"""The line of a traceback that says what was raised."""

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


def exit_code(command: str, snakemake_log: str) -> int | None:
    """The code with which a shell line ended, negative if by a signal, as `subprocess` has it; None if it is not told.

    Args:
        snakemake_log: Snakemake's own log, which quotes the lines that failed.
    """
    ending = r"' (?:died with <Signals\.(\w+)|returned non-zero exit status (\d+))"
    found = command and re.search(re.escape(command) + ending, snakemake_log)
    if not found:
        return None
    if found[1]:
        return -signal.Signals[found[1]]
    # A shell ends with 128 and the number of the signal that ended what it ran.
    code = int(found[2])
    return 128 - code if code - 128 in set(signal.Signals) else code


def refused(outputs: Sequence[str], snakemake_log: str) -> str | None:
    """Why Snakemake took a job for failed that had ended well; None if it did not.

    Args:
        snakemake_log: Snakemake's own log, which names the file that it found fault with.
    """
    for output in outputs:
        path = re.escape(output)
        late = re.search(rf"^Output {path} has older modification time .*? than input (.+?) \(\d", snakemake_log, re.M)
        if late:
            return (
                f"its input {late[1]} was changed in the future, by this machine's clock, so what the job made was"
                f" deleted; set the clock, or: {shlex.join(['touch', late[1]])}"
            )
        if re.search(rf"^{path} \(missing locally", snakemake_log, re.M):
            return f"it ended without having made {output}"
    return None


def locked(log: str, arguments: Sequence[str]) -> str | None:
    """What to do about a lock, if a Snakemake that a job started said that it found one.

    Its own advice, `--unlock`, unlocks another folder than the job's when it is followed.

    Args:
        log: of the job.
        arguments: of the command line that this Snakemake was started with.
    """
    found = re.search(r"Directory cannot be locked\b.*?in the following directory:\n(.+)", log, re.DOTALL)
    if not found:
        return None
    folder = found[1].splitlines()[0].strip()
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("-s", "--snakefile")
    snakefile = parser.parse_known_args(arguments)[0].snakefile
    command = ["snakemake", "--unlock", *(["--snakefile", snakefile] if snakefile else []), "--directory", folder]
    return f"{folder} is locked, by a Snakemake that runs there or was killed; if none runs: {shlex.join(command)}"


def reason(log: str, code: int | None) -> str:
    """Why a job failed, in a few words: what its log says last.

    Args:
        log: the content of its log; empty if there is none.
        code: its exit code, negative if a signal ended it; None if that is not known.
    """
    if code is not None and code < 0:
        name = signal.Signals(-code).name
        return f"killed by {name}" + (", perhaps for lack of memory" if name == "SIGKILL" else "")
    lines = [line.strip() for line in log.splitlines() if line.strip()]
    ended = "" if code is None else f"exit code {code}, "
    if not lines:
        return f"{ended}its log is empty or missing"
    told = [found[1] for found in map(_TOLD.search, lines) if found]
    if told:
        return told[-1]
    traces = [number for number, line in enumerate(lines) if _TRACEBACK in line]
    if traces:
        # Warnings may follow, as when a library is shut down.
        errors = [line for line in lines[traces[-1] :] if _RAISED.search(line)]
        return f"a mistake in the code, {_cut((errors or lines)[-1])}"
    return f"{ended}its log ends with: {_cut(lines[-1])}"


def _cut(line: str) -> str:
    return line if len(line) <= _LENGTH else f"{line[:_LENGTH]} ..."


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
            log = _content(job.log)
            why = locked(log, arguments) or refused(job.outputs, quoted) or reason(log, exit_code(job.command, quoted))
            lines.append(f"  {job}: {why}" + (f" [{job.log}]" if job.log else ""))
        if len(failed) > _SHOWN:
            lines.append(f"  ... and {len(failed) - _SHOWN} more")
    lines.append(f"Missing, or not up to date: {missing(unmade)}. What is made is kept.")
    lines.append(f"To make what is missing, and nothing else: {again(arguments)}")
    return "\n".join(lines)
