"""How far the training jobs are, all together: a line on the terminal now and then, while Snakemake runs them.

Snakemake counts finished jobs, but almost all of a study's time goes into few and long ones. Their logs say how far
each one is.
"""

import re
import sys
import threading
import time
from pathlib import Path

_EVERY = 20
"""Seconds between lines."""

_ROLLOUT = re.compile(r"rollout (\d+)/(\d+) ")


def rollouts_done(log: Path, since: float) -> int:
    """Rollouts that a training job's log reports as done; 0 if it was last written before `since`, or never."""
    try:
        found = _ROLLOUT.findall(log.read_text(encoding="utf-8")) if log.stat().st_mtime >= since else []
    except OSError:
        return 0
    return int(found[-1][0]) if found else 0


def describe(done: int, total: int, elapsed: float) -> str:
    """One line on `done` of `total` rollouts after `elapsed` seconds."""
    left = (total - done) * elapsed / done
    return f"Training: {done:,} of {total:,} rollouts ({done / total:.0%}), about {left / 60:.0f} min left"


def _follow(logs: dict[str, int], stop: threading.Event) -> None:
    start, total, last = time.time(), sum(logs.values()), 0
    while not stop.wait(_EVERY):
        # A job that is to run again has an old log until it begins.
        done = sum(rollouts_done(Path(log), start) for log in logs)
        if done > last:
            print(describe(done, total, time.time() - start), file=sys.stderr, flush=True)
        last = done


def follow(logs: dict[str, int]) -> threading.Event:
    """Report progress in the background until the process ends, or the returned event is set.

    Args:
        logs: the log and the number of rollouts of each training job that is to run.
    """
    stop = threading.Event()
    threading.Thread(target=_follow, args=(logs, stop), daemon=True).start()
    return stop
