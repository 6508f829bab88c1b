"""Digests of what a study's tables and checkpoints hold, to compare two versions of the code: see CONTRIBUTING.md.

Their bytes differ between any two versions, as each file says which code made it.
"""

import argparse
from pathlib import Path

from goalsplice.io.records import recorded

_MEASURED = ("timing", "benchmarks")
"""Tables that differ between any two runs."""


def content(results: Path) -> dict[str, str | None]:
    """By path below `results`, the content's digest of each table and checkpoint; None for a damaged one."""
    files = (path for path in sorted(results.rglob("*")) if path.suffix in (".parquet", ".safetensors"))
    return {path.relative_to(results).as_posix(): recorded(path)[1] for path in files if path.stem not in _MEASURED}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("results", type=Path, help="a folder with runs and tables, such as results/quick/results")
    for name, found in content(parser.parse_args().results).items():
        print(found, name)
