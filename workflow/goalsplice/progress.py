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


def rollouts_done(log: Path) -> int:
    """Rollouts that a training job's log reports as done; 0 without one."""
    try:
        found = _ROLLOUT.findall(log.read_text(encoding="utf-8"))
    except OSError:
        return 0
    return int(found[-1][0]) if found else 0


def describe(done: int, total: int, done_before: int, elapsed: float) -> str:
    """One line on `done` of `total` rollouts, of which `done_before` were so at the start, `elapsed` seconds ago."""
    left = (total - done) * elapsed / (done - done_before)
    return f"Training: {done:,} of {total:,} rollouts ({done / total:.0%}), about {left / 60:.0f} min left"


def _follow(logs: dict[str, int], stop: threading.Event) -> None:
    start, total = time.monotonic(), sum(logs.values())
    last = before = sum(rollouts_done(Path(log)) for log in logs)
    while not stop.wait(_EVERY):
        done = sum(rollouts_done(Path(log)) for log in logs)
        if done < last:
            # A job began anew and emptied its log.
            start, before = time.monotonic(), done
        elif done > last:
            print(describe(done, total, before, time.monotonic() - start), file=sys.stderr, flush=True)
        last = done


def follow(logs: dict[str, int]) -> threading.Event:
    """Report progress in the background until the process ends, or the returned event is set.

    Args:
        logs: each training job's log and its number of rollouts.
    """
    stop = threading.Event()
    threading.Thread(target=_follow, args=(logs, stop), daemon=True).start()
    return stop
