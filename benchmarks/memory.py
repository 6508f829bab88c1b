"""Peak memory of this process. Standard library only: subjects of other environments import it too."""

import re
import resource
import sys
from pathlib import Path


def peak_mib() -> float:
    """Largest resident memory so far, in MiB.

    On Linux from /proc: what `getrusage` says there is never less than what the process that started this one used.
    """
    status = Path("/proc/self/status")
    if status.exists():
        return int(re.search(r"VmHWM:\s+(\d+) kB", status.read_text())[1]) / 1024
    unit = 2**20 if sys.platform == "darwin" else 2**10
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit
