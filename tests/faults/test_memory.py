"""A stage that gets too little memory says so in one sentence, and leaves no file."""

import json
import subprocess
import sys
from dataclasses import asdict, replace

import pytest

from goalsplice.agent.checkpoint import save_checkpoint

# The limit is set when all is imported, and leaves room for what Numba loads with its first function: half-loaded
# libraries fail in ways of their own. The levels need more.
LIMITED = """
import re, resource
import goalsplice.cli.evaluation as stage
from goalsplice.io.errors import run

used = 1024 * int(re.search(r"VmSize:\\s+(\\d+)", open("/proc/self/status").read())[1])
resource.setrlimit(resource.RLIMIT_AS, (used + 2**26,) * 2)
run(stage.main)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the limit is Linux's")
def test_a_stage_without_memory(recipe, agent, header, tmp_path):
    checkpoint, output = tmp_path / "phase=00.safetensors", tmp_path / "evaluation.parquet"
    save_checkpoint(checkpoint, agent, replace(header, phase=0, objective="blue"))
    settings = {"levels": 10_000_000, "seed": 1, "level_distributions": ["training"], "action_selections": ["greedy"]}
    arguments = {
        **{"arm": header.arm, "seed": str(header.seed), "recipe": json.dumps(asdict(recipe))},
        **{"evaluation": json.dumps(settings), "checkpoints": str(checkpoint), "output": str(output)},
    }
    command = [part for name, value in arguments.items() for part in (f"--{name}", value)]
    job = subprocess.run(
        [sys.executable, "-c", LIMITED, *command], capture_output=True, text=True, timeout=300, check=False
    )
    assert job.stderr == (
        "Error: there is not enough memory; run fewer jobs at once (snakemake --cores), or free some\n"
    )
    assert job.returncode == 1
    assert list(tmp_path.iterdir()) == [checkpoint]
