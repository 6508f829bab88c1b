# The study: train agents whose objective flips, and find where they hold it.
# `snakemake --list-rules` says what there is; README.md, how to run it.
import sys
from pathlib import Path

from snakemake.exceptions import WorkflowError
from snakemake.utils import min_version

min_version("9.0")

# The package that lies beside this file, whichever one is installed.
sys.path.insert(0, str(Path(workflow.basedir).resolve() / "workflow"))

from goalsplice.io.source_digest import drop_stale_bytecode

drop_stale_bytecode()

from goalsplice.io.errors import StudyError
from goalsplice.settings import configuration

try:
    configuration.check_place(Path(workflow.basedir).resolve())
    configuration.check_arguments(sys.argv)
    configuration.check_files([f"{workflow.basedir}/config.yaml", *workflow.overwrite_configfiles])
    configuration.check_targets(workflow.overwrite_configfiles)
except StudyError as error:
    raise WorkflowError(str(error)) from None


configfile: f"{workflow.basedir}/config.yaml"


# How the report begins: with what this study found, once that is there.
report:
    os.path.abspath("results/first_page.rst")
    if os.path.exists("results/first_page.rst")
    else "workflow/report/workflow.rst"


include: "workflow/rules/common.smk"


rule all:
    """The whole study: all tables and figures, and the report."""
    input:
        ALL_RUNS,
        ALL_TABLES,
        ALL_FIGURES,
        "results/config.yaml",
        "results/report.html",
    message:
        "The study is complete: see results/report.html, results/figures and results/tables."


include: "workflow/rules/targets.smk"
include: "workflow/rules/training.smk"
include: "workflow/rules/evaluation.smk"
include: "workflow/rules/splices.smk"
include: "workflow/rules/custom.smk"
include: "workflow/rules/transfer.smk"
include: "workflow/rules/retargeting.smk"
include: "workflow/rules/probes.smk"
include: "workflow/rules/weight_changes.smk"
include: "workflow/rules/over_seeds.smk"
include: "workflow/rules/benchmarks.smk"
include: "workflow/rules/figures.smk"
include: "workflow/rules/ablations.smk"
include: "workflow/rules/provenance.smk"


onstart:
    # Snakemake looks for jobs once a second for its limit on the rate of submissions, and after each finished job once
    # a second more, for good: after some hundred jobs it takes a core (snakemake/snakemake#3744). Its default limit is
    # none for us, so it is dropped; one that was asked for with --max-jobs-per-timespan stays.
    limiter = getattr(workflow.scheduler, "job_rate_limiter", None)
    if limiter is not None and (limiter.max_jobs, limiter.timespan) == (100, 1):
        workflow.scheduler.job_rate_limiter = None
    # `quick` is a study of its own, which reports for itself.
    if not any(job.rule.name == "quick" for job in workflow.dag.needrun_jobs()):
        rollouts = {arm: settings["rollouts"] for arm, settings in ALL_RECIPES.items()}
        progress.follow(workflow, rollouts, Path(workflow.basedir, "docs/results/benchmarks.csv"))


onerror:
    # A cluster's jobs are Snakemakes too, each for one job: only the one that has them all knows what is missing.
    if workflow.is_main_process:
        failed = [job for unit in workflow.scheduler.failed for job in (unit if unit.is_group() else [unit])]
        print(
            summary.describe(
                [
                    summary.Failed(job.rule.name, list(job.output), next(iter(job.log), None), job.shellcmd or "")
                    for job in failed
                ],
                [path for job in workflow.dag.needrun_jobs() for path in job.output],
                # Ctrl-C leaves jobs that count as running; SIGTERM lets them end, and none has failed.
                stopped=bool(workflow.scheduler.running) or not failed,
                snakemake_logs=log,
                free=shutil.disk_usage("results" if os.path.isdir("results") else ".").free,
                arguments=sys.argv[1:],
            ),
            file=sys.stderr,
            flush=True,
        )
