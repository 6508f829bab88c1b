# The study: train agents whose objective flips, and find where they hold it.
# `snakemake --list-rules` says what there is; README.md, how to run it.
from snakemake.utils import min_version

min_version("9.0")


configfile: f"{workflow.basedir}/config.yaml"


report: "workflow/report/workflow.rst"


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
include: "workflow/rules/train.smk"
include: "workflow/rules/evaluate.smk"
include: "workflow/rules/splice.smk"
include: "workflow/rules/custom.smk"
include: "workflow/rules/transport.smk"
include: "workflow/rules/retarget.smk"
include: "workflow/rules/probe.smk"
include: "workflow/rules/anatomy.smk"
include: "workflow/rules/benchmarks.smk"
include: "workflow/rules/figures.smk"


onstart:
    progress.follow(
        {
            str(job.log[0]): RECIPES[job.params.arm]["rollouts"]
            for job in workflow.dag.needrun_jobs()
            if job.rule.name.startswith("train_")
        }
    )
