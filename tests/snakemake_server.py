"""Snakemake, imported once: importing it takes longer than most plans of the mini study do.

For each line of JSON on its standard input a fork of this process runs one command line; its exit code is the answer.
"""

import json
import os
import sys

import snakemake.cli


def serve() -> None:
    """Run what each line asks for. It returns in the fork that is to become a Snakemake, and at the end of input."""
    # This loads all plugins.
    snakemake.cli.get_argument_parser()
    # What Snakemake and its jobs print goes to files, so that nothing but answers comes out here.
    answers = os.fdopen(os.dup(1), "w")
    for line in sys.stdin:
        request = json.loads(line)
        fork = os.fork()
        if fork == 0:
            _become(**request)
            snakemake.cli.main()
            return
        _, status = os.waitpid(fork, 0)
        print(os.waitstatus_to_exitcode(status), file=answers, flush=True)


def _become(folder: str, arguments: list[str], environment: dict[str, str], stdout: str, stderr: str) -> None:
    """What `python -m snakemake` would find: this folder, these words and variables, its output to these files."""
    for descriptor, path in enumerate((os.devnull, stdout, stderr)):
        opened = os.open(path, os.O_RDWR | os.O_CREAT)
        os.dup2(opened, descriptor)
        os.close(opened)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    sys.argv[1:] = arguments
    # In place of this file's.
    sys.path[0] = folder


if __name__ == "__main__":
    serve()
