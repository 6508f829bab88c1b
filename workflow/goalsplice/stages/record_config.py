"""Write the study's whole configuration to a file."""

import argparse
import json

import yaml

from goalsplice.errors import run
from goalsplice.files import replacing


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--config", type=json.loads, required=True, help="as JSON")
    parser.add_argument("--output", required=True)
    options = parser.parse_args()
    with replacing(options.output) as aside:
        aside.write_text(yaml.safe_dump(options.config, sort_keys=False), encoding="utf-8")


if __name__ == "__main__":
    run(main)
