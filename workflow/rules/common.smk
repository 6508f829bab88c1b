# Helpers that all rules share.
#
# Where things are, below the folder that Snakemake runs in:
#   results/runs/arm=<arm>/seed=<seed>/checkpoints/phase=<phase>.safetensors   actor and critic at a phase's end
#   results/runs/arm=<arm>/seed=<seed>/<table>.parquet                         that run's rows of a table
#   results/tables/<table>.parquet                                             all runs together, held to the schema
#   results/figures/<figure>.svg, .png                                         drawn from tables
#   results/logs/<rule>/..., results/benchmarks/<rule>/...                     output and resources of each job
import functools
import json
import os
import shlex
import shutil
import sys
import time
from pathlib import Path

# As links lead to them: a project may be reached by several paths, and what is recorded must be the same for all.
PROJECT = Path(workflow.basedir).resolve()

from goalsplice.hooks import progress, summary
from goalsplice.io import files, provenance, records
from goalsplice.io.source_digest import source_digest
from goalsplice.settings import environment, plugin, registry, sections, study

try:
    if workflow.is_main_process:
        files.check_times("results", time.time())
    study.validate(config, registry.load(PROJECT / "workflow/schemas/config.schema.yaml"))
    study.check(config)
    plugin.check(config["custom_edits"], PROJECT)
    REGISTRY = registry.read(PROJECT)
except StudyError as error:
    raise WorkflowError(str(error)) from None

ARMS = list(config["arms"])
# Sorted, so that the order of keys in a configuration is no setting.
RECIPES = {arm: dict(sorted(study.recipe_of(config, arm).items())) for arm in ARMS}
ABLATIONS = {arm: study.ablation_recipe(config, arm) for arm in config["ablations"]["arms"]}
ALL_RECIPES = {**RECIPES, **ABLATIONS}
SPLICED_PHASES = {arm: study.spliced_phases(RECIPES[arm], config["splices"]["pairs"]) for arm in ARMS}
PROBED_PHASES = sorted({*config["probes"]["train_phases"], *config["probes"]["test_phases"]})
ABLATION_SEEDS = config["ablations"]["seeds"]
GROUPS = {arm: study.group_of(settings) for arm, settings in config["ablations"]["arms"].items()}
# Switches are measured where the schedule is what differs.
SWITCHED = [arm for arm, group in GROUPS.items() if group in (study.SCHEDULE, study.REFERENCE)]
LATE_PHASES = study.late_phases(config["splices"]["pairs"])
TUNING_SEEDS = config["retargeting"]["tuning_seeds"]
FIGURES = REGISTRY.figures_of(ablations=False)


wildcard_constraints:
    arm="|".join(ARMS),
    seed="|".join(str(seed) for seed in [*config["seeds"], *TUNING_SEEDS]),
    table="|".join(REGISTRY.tables_of("run")),


def project(path):
    """A file of this project, relative to the folder that Snakemake runs in."""
    return os.path.relpath(PROJECT / path, Path.cwd())


# Files of the project are no inputs: they count by content (`made_by`), wherever they lie and whatever their times are.
SNAKEFILE = project("Snakefile")
QUICK = project("workflow/resources/quick.yaml")
SCHEMAS = project("workflow/schemas/tables.yaml")
PUBLISHED = project("workflow/resources/published_seed99.csv")
PUBLISHED_DIGEST = provenance.digest(Path(PUBLISHED).read_text(encoding="utf-8"))


COLUMNS = registry.load(Path(SCHEMAS))


def schema_of(*tables):
    """What the schema says of tables."""
    return provenance.digest([COLUMNS[table] for table in tables])


digest_of = functools.cache(source_digest)


def made_by(*modules, **settings):
    """Parameters of jobs: their settings, and `made`, by which their outputs say what made them.

    A job runs again when `made` changes. It does when the modules of goalsplice that are named, or what they import from
    it, do something else, or when a setting has another value. Comments and docstrings do not count, nor times of files.

    Args:
        modules: full names of the modules that make the outputs.
        settings: values, or functions of wildcards, that the outputs depend on.
    """
    code = digest_of(*modules)

    def made(wildcards):
        values = {key: value(wildcards) if callable(value) else value for key, value in settings.items()}
        return json.dumps({"modules": modules, "code": code, "settings": provenance.digest(values)}, sort_keys=True)

    return {**settings, "made": made}


def runs(pattern):
    """A path for every run: each seed of each arm."""
    return expand(pattern, arm=ARMS, seed=config["seeds"])


# Linux takes no shell line of more than 131,072 bytes. A stage that reads several files of every run gets their pattern.
CHECKPOINT = "results/runs/arm={arm}/seed={seed}/checkpoints/phase={phase:02d}.safetensors"


def checkpoints_of(arm, seed, phases=None):
    """A run's checkpoints: all of them, or those of some phases."""
    phases = range(study.whole_phases(ALL_RECIPES[arm])) if phases is None else phases
    return [CHECKPOINT.format(arm=arm, seed=seed, phase=phase) for phase in phases]


def recipe(wildcards):
    """The arm's recipe, as a stage takes it."""
    return json.dumps(ALL_RECIPES[wildcards.arm], sort_keys=True)


def seeds_beside(wildcards):
    """The seeds among which this one is: those that are reported, or those for tuning."""
    return TUNING_SEEDS if int(wildcards.seed) in TUNING_SEEDS else config["seeds"]


def other_seed(wildcards):
    """The run whose checkpoint is the donor of another seed, as the stage takes it."""
    seed = study.other_seed(seeds_beside(wildcards), int(wildcards.seed))
    return "" if seed is None else f"--other-seed {seed} --other-checkpoints"


def other_checkpoints(wildcards):
    """That run's checkpoints of the spliced phases, if there is another run."""
    seed = study.other_seed(seeds_beside(wildcards), int(wildcards.seed))
    return [] if seed is None else checkpoints_of(wildcards.arm, seed, SPLICED_PHASES[wildcards.arm])


def other_late_checkpoints(wildcards):
    """That run's checkpoints of the late phases, if there is another run."""
    seed = study.other_seed(seeds_beside(wildcards), int(wildcards.seed))
    return [] if seed is None else checkpoints_of(wildcards.arm, seed, LATE_PHASES)


def transport_checkpoints(wildcards):
    """All checkpoints of the run that is edited, and of the runs whose vectors it gets those that make up a vector."""
    arm, seed = wildcards.arm, int(wildcards.seed)
    source_runs = study.source_runs(seeds_beside(wildcards), seed, config["transfer"]["others"])
    phases = study.spliced_phases(RECIPES[arm], config["splices"]["pairs"][-1:])
    return [
        *checkpoints_of(arm, seed),
        *[path for source_run in source_runs for path in checkpoints_of(arm, source_run, phases)],
    ]


def finetuned_actors(wildcards):
    """Actors of this run that were fine-tuned on the new colour."""
    folder = f"results/runs/arm={wildcards.arm}/seed={wildcards.seed}/finetuned"
    return [f"{folder}/phase={phase:02d}.safetensors" for phase in config["finetuning"]["phases"]]


def ablation_runs(table):
    """A run's table, for each run of the arms that have it."""
    arms = SWITCHED if REGISTRY.ablation_files()[table].rule == "switches" else ABLATIONS
    return expand("results/runs/arm={arm}/seed={seed}/{table}.parquet", arm=arms, seed=ABLATION_SEEDS, table=table)


# The records of all rules that have `benchmark:`, those of each run and those of all runs.
RUN_BENCHMARKS = expand("results/benchmarks/{rule}/arm={{arm}}/seed={{seed}}.tsv", rule=REGISTRY.benchmarked("run"))
STUDY_BENCHMARKS = expand("results/benchmarks/{rule}.tsv", rule=REGISTRY.benchmarked("study"))
ALL_TABLES = expand("results/tables/{table}.parquet", table=REGISTRY.tables_of("run", "study"))
ALL_FIGURES = [
    *expand("results/figures/{figure}.{format}", figure=FIGURES, format=["svg", "png"]),
    "results/figures/behaviour.gif",
]
# Asked for beside the tables made of them, or else Snakemake would not miss a run's file that got lost.
ALL_RUNS = [
    *runs(expand("results/runs/arm={{arm}}/seed={{seed}}/{table}.parquet", table=REGISTRY.tables_of("run"))),
    *[path for arm in ARMS for seed in config["seeds"] for path in checkpoints_of(arm, seed)],
]


# Jobs, and the Snakemakes that rules start, run with the interpreter of this one, on the package that lies here, and
# whatever the user's shell says to Python.
PYTHONPATH = os.pathsep.join(filter(None, [str(PROJECT / "workflow"), os.environ.get("PYTHONPATH")]))
INTERPRETER = shlex.join(
    [
        "env",
        *[word for name in environment.PYTHON_VARIABLES for word in ("-u", name)],
        *[f"{name}={value}" for name, value in environment.PYTHON_SETTINGS.items()],
        f"{environment.ARITHMETIC}={config['arithmetic']}",
        f"PYTHONPATH={PYTHONPATH}",
        sys.executable,
    ]
)
shell.prefix(
    # Snakemake's own prefix, which this one takes the place of: a command that fails in a pipe fails.
    "set -euo pipefail; "
    f'python() {{ {INTERPRETER} "$@"; }}; snakemake() {{ {INTERPRETER} -m snakemake "$@"; }}; '
    # It is a pattern for Snakemake.
    .replace("{", "{{").replace("}", "}}")
)
