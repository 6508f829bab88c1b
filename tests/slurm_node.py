"""A SLURM cluster of this one machine: what it needs, its start and its end."""

import contextlib
import importlib.util
import os
import secrets
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from study import ROOT

# The executor plugin clears SLURM_CONF, so the configuration must lie where SLURM looks for it.
CONFIGURATION = Path("/etc/slurm/slurm.conf")
TEMPLATE = ROOT / "tests/slurm/slurm.conf"
PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "srun", "squeue", "scancel", "sinfo", "sacct")
NO_PLUGIN = "Snakemake's SLURM executor is not installed: pip install -e '.[slurm]'"
SYSTEM_PATH = "/usr/sbin"


def has_plugin() -> bool:
    """Whether Snakemake's SLURM executor is installed."""
    return importlib.util.find_spec("snakemake_executor_plugin_slurm") is not None


def missing() -> str | None:
    """Why no cluster can be started here, or None if one can."""
    programs = [name for name in PROGRAMS if shutil.which(name, path=f"{os.environ['PATH']}:{SYSTEM_PATH}") is None]
    if programs:
        return f"SLURM's {', '.join(programs)} is not installed: apt-get install slurmctld slurmd munge slurm-client"
    if not has_plugin():
        return NO_PLUGIN
    if os.geteuid() != 0:
        return "only root can start SLURM's daemons"
    if CONFIGURATION.exists() and not _is_ours(CONFIGURATION):
        return f"{CONFIGURATION} belongs to a real cluster, which tests leave alone"
    return None


def _is_ours(configuration: Path) -> bool:
    """Whether a configuration is one that a test left behind: such a one has the template's first words."""
    return configuration.read_text().startswith(TEMPLATE.read_text().partition("{")[0])


def _free_ports(number: int) -> list[int]:
    """Ports that nothing listens on."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(number)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]


@contextlib.contextmanager
def running() -> Iterator[Path]:
    """Run munged, slurmctld and slurmd as plain processes, and stop them afterwards. Gives the folder of their logs."""
    assert missing() is None
    # munged wants a folder in which nobody else may write, and pytest's are longer than a socket's path may be.
    folder = Path(tempfile.mkdtemp(prefix="slurm-"))
    folder.chmod(0o755)
    for name in ("munge", "state", "spool"):
        (folder / name).mkdir(mode=0o755)
    key = folder / "munge/key"
    key.write_bytes(secrets.token_bytes(128))
    key.chmod(0o600)
    controller_port, node_port = _free_ports(2)
    CONFIGURATION.parent.mkdir(exist_ok=True)
    CONFIGURATION.write_text(
        TEMPLATE.read_text().format(
            folder=folder,
            host=socket.gethostname().split(".")[0],
            controller_port=controller_port,
            node_port=node_port,
        )
    )
    files = {"key-file": "key", "socket": "socket", "pid-file": "pid", "log-file": "log", "seed-file": "seed"}
    munge = [f"--{option}={folder}/munge/{name}" for option, name in files.items()]
    daemons = []
    try:
        daemons.append(_start(folder, "munged", "--foreground", *munge))
        _wait_for(folder, lambda: (folder / "munge/socket").exists(), "munged")
        daemons.append(_start(folder, "slurmctld", "-D"))
        daemons.append(_start(folder, "slurmd", "-D"))
        _wait_for(folder, lambda: "idle" in _output("sinfo", "--noheader", "--format=%T"), "the node")
        yield folder
    finally:
        if len(daemons) > 1:
            _output("scancel", "--user=root")
        for daemon in reversed(daemons):
            daemon.terminate()
            try:
                daemon.wait(timeout=20)
            except subprocess.TimeoutExpired:
                daemon.kill()
                daemon.wait()
        CONFIGURATION.unlink()
        shutil.rmtree(folder)


def _start(folder: Path, name: str, *arguments: str) -> subprocess.Popen:
    """Start a daemon in the foreground of nothing, its output in a file."""
    program = shutil.which(name, path=f"{os.environ['PATH']}:{SYSTEM_PATH}")
    with (folder / f"{name}.output").open("w") as output:
        return subprocess.Popen([program, *arguments], stdout=output, stderr=subprocess.STDOUT)


def _output(*command: str) -> str:
    """What a command of SLURM prints; nothing where it fails."""
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout


def _wait_for(folder: Path, ready, name: str, seconds: int = 60) -> None:
    """Wait until something is there, or tell what the daemons said."""
    end = time.monotonic() + seconds
    while not ready():
        if time.monotonic() > end:
            said = "\n".join(path.read_text() for path in sorted(folder.glob("**/*.output")))
            raise RuntimeError(f"{name} was not ready after {seconds} s.\n{said}")
        time.sleep(0.2)
