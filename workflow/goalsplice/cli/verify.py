"""Compare a study that was made again with the published digests, file by file."""

import argparse
import json
from pathlib import Path

import yaml

from goalsplice.analysis.verification import DIFFERS, EQUAL, MISSING, PARTS, STUDY, by_kind, compared, part_of, reasons
from goalsplice.io.digests import content
from goalsplice.io.errors import StudyError, run
from goalsplice.io.files import replacing
from goalsplice.io.provenance import digest, libraries
from goalsplice.settings import environment, registry

DIGESTS = "docs/results/digests"


def described(results: Path, project: Path, part: str) -> dict:
    """What a part of a study depends on, and the digests of its files' content.

    Args:
        results: the study's folder.
        project: where the Snakefile is.
        part: one of `PARTS`.

    Raises:
        StudyError: there is no finished study.
    """
    path = results / "config.yaml"
    if not path.exists():
        raise StudyError(f"{path} is not there; name a folder results, and make its config.yaml with snakemake")
    config = yaml.safe_load(path.read_text(encoding="utf-8"))
    known = registry.read(project)
    names = {*known.tables_of("ablation_run", "ablation_study"), *known.figures_of(ablations=True)}
    files = {path: found for path, found in content(results).items() if part_of(path, config, names) == part}
    return {
        "configuration": digest(config),
        "arithmetic": config["arithmetic"],
        "libraries": libraries(),
        "processor": environment.processor(),
        "files": files,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("results", type=Path, help="the folder results of the study made again")
    parser.add_argument("--project", type=Path, default=Path(), help="where the Snakefile is; by default, here")
    parser.add_argument("--part", choices=PARTS, default=STUDY, help="of the study")
    parser.add_argument("--quick", action="store_true", help="it is the mini study")
    parser.add_argument(
        "--some", action="store_true", help="part of the study was made: what is missing is no difference"
    )
    parser.add_argument("--write", action="store_true", help="for maintainers: publish these digests instead")
    options = parser.parse_args()
    published = options.project / DIGESTS / f"{'quick' if options.quick else options.part}.json"
    here = described(options.results, options.project, options.part)
    if options.write:
        with replacing(published) as aside:
            aside.write_text(json.dumps(here, indent=0) + "\n", encoding="utf-8")
        return
    if not published.exists():
        raise StudyError(f"{published} is not there; restore it from the repository")
    expected = json.loads(published.read_text(encoding="utf-8"))
    files = compared(expected["files"], here["files"])
    print(by_kind(files).to_string())
    counts = files["state"].value_counts()
    wrong = counts.get(DIFFERS, 0) + (0 if options.some else counts.get(MISSING, 0))
    print(f"{counts.get(EQUAL, 0)} of {len(files)} files hold the published content.")
    print(f"Published: {expected['processor']}. Here: {here['processor']}.")
    if wrong:
        print(*reasons(expected, here), sep="\n")
        raise StudyError(f"{wrong} files differ from the published ones or are missing; see the table above")
    if not counts.get(EQUAL, 0):
        raise StudyError(f"{options.results} holds no file of the published study; name the folder results of one")


if __name__ == "__main__":
    run(main)
