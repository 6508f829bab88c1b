"""Write the study's whole configuration to a file."""

import argparse
import json

from goalsplice.cli.common import parse
from goalsplice.io.errors import run
from goalsplice.io.files import replacing
from goalsplice.io.records import mark
from goalsplice.settings.configuration import as_yaml


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--config", type=json.loads, required=True, help="as JSON")
    parser.add_argument("--output", required=True)
    options = parse(parser)
    text = as_yaml(options.config)
    with replacing(options.output) as aside:
        aside.write_text(f"# {mark(options.output, text)}\n{text}", encoding="utf-8")


if __name__ == "__main__":
    run(main)
