"""Running Snakemake on a copy of the project, and reading what it says."""

import copy
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path

import yaml
from snakemake.utils import update_config

from goalsplice.settings import plugin, study

ROOT = Path(__file__).parents[1]
PARTS = ("Snakefile", "config.yaml", "profiles", "envs", "workflow", "docs/numbers.yaml", "docs/results")
QUICK = "workflow/resources/quick.yaml"


def copy_project(target: Path) -> Path:
    """The project's files without results, as a clone has them: all with a new modification time."""
    target.mkdir(parents=True)
    for part in PARTS:
        source = ROOT / part
        if source.is_dir():
            shutil.copytree(
                source,
                target / part,
                copy_function=shutil.copy,
                ignore=shutil.ignore_patterns("__pycache__", "*.egg-info", "*.png", "*.gif"),
            )
        else:
            (target / part).parent.mkdir(exist_ok=True)
            shutil.copy(source, target / part)
    return target


def copy_finished(source: Path, target: Path, *parts: str) -> Path:
    """A finished study elsewhere, or parts of it, while another process may be looking at the source."""
    for part in parts or (".",):
        # Snakemake locks a folder that it only reports on, and that lock is not the copy's.
        shutil.copytree(source / part, target / part, ignore=shutil.ignore_patterns("*.lock"), dirs_exist_ok=True)
    return target


@cache
def _read(path: str) -> dict:
    return yaml.safe_load((ROOT / path).read_text(encoding="utf-8"))


def merged(text: str) -> dict:
    """The study's configuration with one more file, of this content, on top of it, as Snakemake merges them."""
    config = copy.deepcopy(_read("config.yaml"))
    update_config(config, yaml.safe_load(text))
    return config


def check(config: dict) -> None:
    """What rules/common.smk does with a configuration at each start."""
    study.validate(config, _read("workflow/schemas/config.schema.yaml"))
    study.check(config)
    plugin.check(config["custom_edits"], ROOT)


@cache
def _server() -> subprocess.Popen:
    """A process that has imported Snakemake already; it ends with this one."""
    command = [sys.executable, str(Path(__file__).with_name("snakemake_server.py"))]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def _served(folder: Path, arguments: list[str]) -> subprocess.CompletedProcess:
    """As `subprocess.run` of `python -m snakemake`, by a fork of the server."""
    server = _server()
    assert server.stdin is not None
    assert server.stdout is not None
    with tempfile.TemporaryDirectory() as said:
        output = {name: f"{said}/{name}" for name in ("stdout", "stderr")}
        request = {"folder": str(folder), "arguments": arguments, "environment": dict(os.environ), **output}
        print(json.dumps(request), file=server.stdin, flush=True)
        code = int(server.stdout.readline())
        texts = {name: Path(path).read_text(encoding="utf-8") for name, path in output.items()}
    return subprocess.CompletedProcess(["snakemake", *arguments], code, **texts)


def snakemake(
    folder: Path, *arguments: str, config: str | None = QUICK, environment: dict[str, str] | None = None
) -> subprocess.CompletedProcess:
    """Run snakemake in `folder`, with the mini study's configuration. Its jobs run the package that lies there.

    With an `environment` a Python of its own starts in it; else the one that has imported Snakemake forks.
    """
    words = [*arguments, *(["--configfile", config] if config is not None else [])]
    if environment is None:
        return _served(folder, words)
    return subprocess.run(
        [sys.executable, "-m", "snakemake", *words],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def planned(folder: Path, *arguments: str, config: str | None = QUICK) -> dict[str, int]:
    """How many jobs of each rule a dry run plans; empty when nothing is to be done."""
    result = snakemake(folder, "--dry-run", "--cores", "1", *arguments, config=config)
    assert result.returncode == 0, result.stdout + result.stderr
    table = re.search(r"^job +count\n-+ +-+\n(.*?)^total", result.stdout + result.stderr, re.M | re.S)
    if table is None:
        assert "Nothing to be done" in result.stdout + result.stderr
        return {}
    return {rule: int(count) for rule, count in (line.split() for line in table[1].splitlines())}


def edit(path: Path, old: str, new: str) -> None:
    """Replace `old`, which must be there, in a file."""
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def append(path: Path, text: str = "CHANGED = True") -> None:
    """Change a source file: by default its code."""
    with path.open("a") as file:
        file.write(f"\n{text}\n")
