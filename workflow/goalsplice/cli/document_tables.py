"""Write the page that describes every table, from the tables' schema."""

import argparse
from pathlib import Path

import yaml

from goalsplice.cli.common import parse
from goalsplice.io.errors import run
from goalsplice.io.files import replacing

_INTRODUCTION = """\
# Tables

<!-- Made from workflow/schemas/tables.yaml by `python -m goalsplice.cli.document_tables`. Edit the schema. -->

Every table is a Parquet file, `results/tables/<table>.parquet`. In pandas:

```python
import pandas

evaluation = pandas.read_parquet("results/tables/evaluation.parquet")
blue = pandas.read_parquet(
    "results/tables/evaluation.parquet",
    columns=["seed", "phase", "share_blue", "return_blue"],
    filters=[("arm", "==", "onehot"), ("policy", "==", "sampling")],
)
```

`columns` and `filters` are applied while the file is read. Units and meanings travel with the file:

```python
import pyarrow.parquet

pyarrow.parquet.read_schema("results/tables/evaluation.parquet").field("share_blue").metadata
```

The same code, configuration, packages and machine give the same bytes in every table but `timing`, `benchmarks`
and `costs`.

One run's rows are in `results/runs/arm=<arm>/seed=<seed>/<table>.parquet`, without the columns arm and seed. These
files exist for `training`, `timing`, `evaluation`, `splices`, `custom_edits`, `transports`, `retargets`, `continued`,
`perceptions`, `probes`, `anatomy`, `exchanges` and `directions`, and in the ablations for `plasticity`, `switches` and
`aims`. They are held to the schema when they are combined.

Each file also says of which run it is and what made it (digests of code, settings and inputs), and holds digests of its
content: see `goalsplice` among its metadata, and [reruns.md](reruns.md).

A column without a unit is a name, a count or a pure number. [metrics.md](metrics.md) defines the numbers.
"""


def _row(*cells: str) -> str:
    """One row of a Markdown table."""
    return "| " + " | ".join(cell.replace("|", r"\|") for cell in cells) + " |"


def page(schemas: dict) -> str:
    """The page in Markdown, from the content of tables.yaml."""
    lines = [_INTRODUCTION]
    for table, described in schemas.items():
        lines += [f"## {table}", "", described["description"], ""]
        lines += [_row("column", "type", "unit", "meaning"), "|---|---|---|---|"]
        for name, column in described["columns"].items():
            lines.append(_row(f"`{name}`", column["type"], column["unit"], column["meaning"]))
        lines.append("")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--schemas", default="workflow/schemas/tables.yaml", help="workflow/schemas/tables.yaml")
    parser.add_argument("--output", default="docs/tables.md", help="docs/tables.md")
    options = parse(parser)
    schemas = yaml.safe_load(Path(options.schemas).read_text(encoding="utf-8"))
    with replacing(options.output) as aside:
        aside.write_text(page(schemas), encoding="utf-8")


if __name__ == "__main__":
    run(main)
