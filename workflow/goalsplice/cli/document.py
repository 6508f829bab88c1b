"""Write what follows from registry, schema and published CSV files: pages, the rule graph, SLURM's profile."""

import argparse
import re
import subprocess
import sys
import textwrap
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from goalsplice.cli.common import parse
from goalsplice.cli.fill_pages import fill_pages
from goalsplice.io.errors import StudyError, run
from goalsplice.io.files import replacing
from goalsplice.settings import registry
from goalsplice.settings.registry import Registry

SCHEMAS = "workflow/schemas/tables.yaml"
TABLES, RESULTS = "docs/tables.md", "results/README.md"
OPERATING, PROFILE = "docs/operating.md", "profiles/slurm/config.yaml"
"""What is written, wholly or between marks."""

_WIDTH = 120

_INTRODUCTION = """\
# Tables

<!-- Made from workflow/schemas/tables.yaml by `python -m goalsplice.cli.document`. Edit the schema. -->

Every table is a Parquet file, `results/tables/<table>.parquet`. In pandas:

```python
import pandas

evaluation = pandas.read_parquet("results/tables/evaluation.parquet")
blue = pandas.read_parquet(
    "results/tables/evaluation.parquet",
    columns=["seed", "phase", "episode_share_blue", "return_blue"],
    filters=[("arm", "==", "onehot"), ("action_selection", "==", "sampling")],
)
```

`columns` and `filters` are applied while the file is read. Units and meanings travel with the file:

```python
import pyarrow.parquet

pyarrow.parquet.read_schema("results/tables/evaluation.parquet").field("episode_share_blue").metadata
```

The same code, configuration, packages and machine give the same bytes in every table but `timing`
and `benchmarks`.

{runs}

Each file also says of which run it is and what made it (digests of code, settings and inputs), and holds digests of its
content: see `goalsplice` among its metadata, and [operating.md](operating.md#what-runs-again).

A column without a unit is a name, a count or a pure number. [metrics.md](metrics.md) defines the numbers.
"""


def _row(*cells: str) -> str:
    """One row of a Markdown table."""
    return "| " + " | ".join(cell.replace("|", r"\|") for cell in cells) + " |"


def _rows(header: list[str], rows: list[list[str]]) -> str:
    """A Markdown table."""
    return "\n".join([_row(*header), "|" + "---|" * len(header), *(_row(*row) for row in rows)])


def _listed(names: list[str]) -> str:
    """Names as code, the last two joined by a word."""
    *first, last = [f"`{name}`" for name in names]
    return f"{', '.join(first)} and {last}" if first else last


def tables_page(schemas: Mapping[str, Any], known: Registry) -> str:
    """docs/tables.md.

    Args:
        schemas: content of tables.yaml.
        known: the registry.
    """
    runs = (
        "One run's rows are in `results/runs/arm=<arm>/seed=<seed>/<table>.parquet`, without the columns arm and seed."
        f" These files exist for {_listed(known.tables_of('run'))}, and in the ablations for"
        f" {_listed(list(known.ablation_files()))}. They are held to the schema when they are combined."
    )
    lines = [_INTRODUCTION.format(runs=textwrap.fill(runs, _WIDTH, break_on_hyphens=False))]
    for table, described in schemas.items():
        columns = [
            [f"`{name}`", column["type"], column["unit"], column["meaning"]]
            for name, column in described["columns"].items()
        ]
        lines += [f"## {table}", "", described["description"], ""]
        lines += [_rows(["column", "type", "unit", "meaning"], columns), ""]
    return "\n".join(lines)


def results_page(page: str, schemas: Mapping[str, Any], known: Registry) -> str:
    """results/README.md, with its lists of tables and figures made anew.

    Args:
        page: as it is.
        schemas: content of tables.yaml.
        known: the registry.
    """

    def tables(*scopes: registry.Scope) -> str:
        rows = [
            [f"[`{name}`](../{TABLES}#{name})", f"`{known.tables[name].rule}`", schemas[name]["description"]]
            for name in known.tables_of(*scopes)
        ]
        return _rows(["table", "rule", "what it holds"], rows)

    def figures(*, ablations: bool) -> str:
        rows = [[f"`{name}`", known.figures[name].draws] for name in known.figures_of(ablations)]
        return _rows(["figure", "what it shows"], rows)

    return _between(
        page,
        "<!-- made from workflow/registry.yaml by `python -m goalsplice.cli.document` -->",
        "<!-- end of what is made -->",
        f"## Tables\n\n{tables('run', 'study')}\n\n"
        f"`snakemake --cores all ablations` adds:\n\n{tables('ablation_run', 'ablation_study')}\n\n"
        f"## Figures\n\n{figures(ablations=False)}\n\nAnd of the ablations:\n\n{figures(ablations=True)}",
    )


def slurm_profile(text: str, known: Registry) -> str:
    """profiles/slurm/config.yaml, with what each rule asks for, the groups and their sizes made anew.

    Args:
        text: as it is.
        known: the registry.
    """
    resources, groups = ["set-resources:"], ["groups:"]
    for name, rule in known.submitted().items():
        asked = {"mem_mb": rule.mem_mb, "runtime": rule.runtime}
        written = ", ".join(f"{key}: {value}" for key, value in asked.items() if value is not None)
        resources.append(f"  {name}: {{{written}}}")
        groups.append(f"  {name}: {rule.group}")
    sizes = [f"  tests: {known.parts_of_a_run()}"]
    for part, lines in (("resources", resources), ("groups", groups), ("tests of a run", sizes)):
        start = f"# {part}: made from workflow/registry.yaml by `python -m goalsplice.cli.document`"
        text = _between(text, start, f"# end of {part}", "\n".join(lines))
    return text


def operating_page(page: str, graph: str) -> str:
    """docs/operating.md, with the rule graph made anew.

    Args:
        page: as it is.
        graph: as `snakemake --rulegraph mermaid-js` prints it: numbers for rules, in any order.
    """
    names = dict(re.findall(r"(id\d+)\[(\w+)\]", graph))
    arrows = sorted((names[to], names[of]) for of, to in re.findall(r"(id\d+) --> (id\d+)", graph))
    return _between(page, "```mermaid", "```", "\n".join(["flowchart LR", *(f"  {of} --> {to}" for to, of in arrows)]))


def _between(page: str, start: str, end: str, text: str) -> str:
    """`page` with `text` between two lines.

    Raises:
        StudyError: they are not there.
    """
    before, found, rest = page.partition(f"{start}\n")
    _, closed, after = rest.partition(f"\n{end}\n")
    if not (found and closed):
        raise StudyError(f"a page lacks the line '{start}', or after it '{end}'; restore them")
    return f"{before}{found}{text}{closed}{after}"


def _rule_graph(project: Path) -> str:
    """What Snakemake prints of the rules behind the figures.

    Raises:
        StudyError: it fails.
    """
    command = [sys.executable, "-m", "snakemake", "figures", "--rulegraph", "mermaid-js"]
    result = subprocess.run(command, cwd=project, capture_output=True, text=True, check=False)
    if result.returncode:
        raise StudyError(f"snakemake cannot say which rule feeds which; mend that first: {result.stderr.strip()}")
    return result.stdout


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--project", type=Path, default=Path(), help="where the Snakefile is; by default, here")
    project = parse(parser).project
    known = registry.read(project)
    schemas = yaml.safe_load((project / SCHEMAS).read_text(encoding="utf-8"))
    results, profile, operating = (
        (project / place).read_text(encoding="utf-8") for place in (RESULTS, PROFILE, OPERATING)
    )
    written = {
        TABLES: tables_page(schemas, known),
        RESULTS: results_page(results, schemas, known),
        PROFILE: slurm_profile(profile, known),
        OPERATING: operating_page(operating, _rule_graph(project)),
    }
    for place, text in written.items():
        with replacing(project / place) as aside:
            aside.write_text(text, encoding="utf-8")
    fill_pages(project)


if __name__ == "__main__":
    run(main)
