"""The study's tables, figures and rules, as workflow/registry.yaml has them.

Light to import: Snakemake does so at each start.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Any, Literal, NamedTuple

import yaml

from goalsplice.io.errors import StudyError

PLACE, SCHEMA = "workflow/registry.yaml", "workflow/schemas/registry.schema.yaml"
"""Where the registry and its schema lie, below the project's folder."""

Scope = Literal["run", "study", "ablation_run", "ablation_study"]

_ABLATION = "ablation_"
"""What tables of ablation runs have before the name that they have in a run's folder."""

_OVER_SEEDS = "_over_seeds"
"""What tables over seeds have behind their name."""


class Table(NamedTuple):
    """A table.

    Attributes:
        rule: which rule makes it; of runs' tables, their rows.
        scope: whose rows a job of that rule makes: a run's, or all of the study's; likewise in the ablations.
        published: what of it lies in docs/results as a CSV file.
        of: of a table over seeds, the tables that it is made from.
    """

    rule: str
    scope: Scope
    published: Literal["whole", "over_seeds"] | None = None
    of: tuple[str, ...] = ()


class Figure(NamedTuple):
    """A figure.

    Attributes:
        category: where the report has it.
        label: how it is called there.
        draws: what it shows, as the end of a sentence.
        tables: what it reads.
        settings: what it needs to know of the configuration, by the name that rules/figures.smk has for it.
    """

    category: str
    label: str
    draws: str
    tables: list[str]
    settings: Literal["measures", "pairs", "tuned", "ablations"] | None = None


class Rule(NamedTuple):
    """What is to be known of a rule beside its text; `train`, `draw` and `over_seeds` stand for several.

    Attributes:
        benchmark: whether it leaves a record of its costs, for each run or for the study.
        group: the SLURM job that it shares with others; None if it has its own.
        after: the rule of its group whose outputs it reads.
        runtime: minutes that it asks SLURM for.
        mem_mb: MB that it asks SLURM for.
    """

    benchmark: Literal["run", "study"] | None = None
    group: str | None = None
    after: str | None = None
    runtime: int | None = None
    mem_mb: int | None = None


class Registry(NamedTuple):
    """All of them by name, in the order of the file."""

    tables: dict[str, Table]
    figures: dict[str, Figure]
    rules: dict[str, Rule]

    def tables_of(self, *scopes: Scope, published: str | None = None) -> list[str]:
        """Names of the tables that have one of some scopes; with `published`, of those that are published so."""
        return [
            name
            for name, table in self.tables.items()
            if table.scope in scopes and published in (None, table.published)
        ]

    def ablation_files(self) -> dict[str, Table]:
        """Tables of the ablations' runs, by the name that their files have in a run's folder."""
        return {name.removeprefix(_ABLATION): self.tables[name] for name in self.tables_of("ablation_run")}

    def figures_of(self, ablations: bool) -> list[str]:
        """Names of the figures that read tables of the ablations, or of those that do not."""
        own = set(self.tables_of("ablation_run", "ablation_study"))
        return [name for name, figure in self.figures.items() if ablations == bool(own & set(figure.tables))]

    def over_seeds(self) -> dict[str, Table]:
        """Tables over seeds, by what they are called without that."""
        return {name.removesuffix(_OVER_SEEDS): table for name, table in self.tables.items() if table.of}

    def benchmarked(self, scope: Literal["run", "study"]) -> list[str]:
        """Names of the rules that leave a record of their costs for each run, or one for the study."""
        return [name for name, rule in self.rules.items() if rule.benchmark == scope]

    def parts_of_a_run(self) -> int:
        """How many connected parts of the job graph the rules have that edit and test one run's checkpoints."""
        return sum(
            rule.benchmark == "run" and rule.group is not None and not rule.after for rule in self.rules.values()
        )

    def submitted(self) -> dict[str, Rule]:
        """What there is to know of rules that share SLURM jobs, by the names that Snakemake has for them."""
        parts: dict[str, Iterable[str]] = {"draw": self.figures, "over_seeds": self.over_seeds()}
        return {
            name: rule
            for key, rule in self.rules.items()
            if rule.group
            for name in [f"{key}_{part}" for part in parts.get(key, ())] or [key]
        }


def read(project: Path) -> Registry:
    """The registry of the project in a folder.

    Raises:
        StudyError: it is not what its schema says, or names a rule or a table that it lacks.
    """
    import jsonschema

    content, schema = (load(project / place) for place in (PLACE, SCHEMA))
    for error in jsonschema.Draft202012Validator(schema).iter_errors(content):
        where = ".".join(map(str, error.absolute_path)) or "the top level"
        raise StudyError(f"in {PLACE}, {where}: {error.message}; {SCHEMA} says what each key may be")
    registry = Registry(
        {name: Table(**{**entry, "of": tuple(entry.get("of", ()))}) for name, entry in content["tables"].items()},
        {name: Figure(**entry) for name, entry in content["figures"].items()},
        {name: Rule(**entry) for name, entry in content["rules"].items()},
    )
    for name, table in registry.tables.items():
        if table.rule not in registry.rules:
            raise StudyError(f"in {PLACE}, tables.{name} names the rule {table.rule}, which is not among rules; add it")
        if table.scope == "ablation_run" and not name.startswith(_ABLATION):
            raise StudyError(f"in {PLACE}, tables.{name} is of ablation runs; begin its name with {_ABLATION}")
        if missing := [source for source in table.of if source not in registry.tables]:
            raise StudyError(f"in {PLACE}, tables.{name} is of {missing[0]}, which is not among tables; add it")
        if table.of and not name.endswith(_OVER_SEEDS):
            raise StudyError(f"in {PLACE}, tables.{name} is of other tables; let its name end in {_OVER_SEEDS}")
    for name, rule in registry.rules.items():
        if rule.after and rule.after not in registry.rules:
            raise StudyError(f"in {PLACE}, rules.{name} is after {rule.after}, which is not among rules; add it")
    for name, figure in registry.figures.items():
        if missing := [table for table in figure.tables if table not in registry.tables]:
            raise StudyError(
                f"in {PLACE}, figures.{name} names the table {missing[0]}, which is not among tables; add it"
            )
    return registry


def load(path: Path) -> dict[str, Any]:
    """Content of a YAML file of the project, read with the C library that most installations of PyYAML have.

    Without it, those that are read at each start of Snakemake take a third of a second.
    """
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    content: dict[str, Any] = loader(path.read_text(encoding="utf-8")).get_single_data()
    return content
