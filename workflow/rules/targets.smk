# What one asks for by name, besides `all`.


# Where Snakemake itself runs, on a cluster too: these start a Snakemake of their own, or take no time.
localrules:
    record_config,
    first_page,
    report,
    publish,
    publish_tuning,
    publish_ablations,
    ablations,
    quick,
    verify,
    verify_quick,
    compare,


rule tables:
    """All tables."""
    input:
        ALL_RUNS,
        ALL_TABLES,
    message:
        "The tables are complete: see results/tables."


rule figures:
    """All figures, and the tables that they need."""
    input:
        ALL_FIGURES,


rule record_config:
    """Write down the whole configuration, with what was changed on the command line."""
    output:
        "results/config.yaml",
    log:
        "results/logs/record_config.log",
    conda:
        "../../envs/study.yaml"
    params:
        **made_by(
            "goalsplice.cli.record_config",
            config=lambda wildcards: json.dumps(config),
        ),
    shell:
        "python -m goalsplice.cli.record_config --made {params.made:q}"
        " --config {params.config:q} --output {output:q} 2> {log:q}"


PUBLISHED_TABLES = {
    "whole": expand(
        "results/tables/{table}.parquet",
        table=REGISTRY.tables_of("run", "study", published="whole"),
    ),
    "over_seeds": expand(
        "results/tables/{table}_over_seeds.parquet",
        table=REGISTRY.tables_of("run", "study", published="over_seeds"),
    ),
}


# Those of docs/findings.md that the study's own tables make, in its order.
MAIN_FIGURES = ["alternation", "goal_layers", "fetching", "transfer_summary"]


rule first_page:
    """What the report says first: the README's numbers from this study beside the published ones, and main figures."""
    input:
        tables=[*PUBLISHED_TABLES["whole"], *PUBLISHED_TABLES["over_seeds"]],
        figures=expand("results/figures/{figure}.svg", figure=MAIN_FIGURES),
    output:
        "results/first_page.rst",
    log:
        "results/logs/first_page.log",
    conda:
        "../../envs/study.yaml"
    params:
        **made_by(
            "goalsplice.cli.first_page",
            config=lambda wildcards: json.dumps(config),
            titles=json.dumps({name: REGISTRY.figures[name].label for name in MAIN_FIGURES}),
        ),
        intro=project("workflow/report/workflow.rst"),
        project=project("."),
    shell:
        "python -m goalsplice.cli.first_page --made {params.made:q} --tables {input.tables:q}"
        " --figures {input.figures:q} --titles {params.titles:q} --config {params.config:q}"
        " --intro {params.intro:q} --project {params.project:q} --output {output:q} 2> {log:q}"


rule report:
    """One HTML page with every figure, its caption, and how it was made."""
    input:
        tables=ALL_TABLES,
        figures=ALL_FIGURES,
        first="results/first_page.rst",
        config="results/config.yaml",
    output:
        "results/report.html",
    log:
        "results/logs/report.log",
    conda:
        "../../envs/study.yaml"
    params:
        captions=provenance.digest(
            [
                Path(project(f"workflow/report/{name}.rst")).read_text(encoding="utf-8")
                for name in ["workflow", *FIGURES]
            ]
        ),
        snakefile=SNAKEFILE,
    shell:
        "snakemake figures --snakefile {params.snakefile:q} --configfile {input.config:q} --nolock --report {output:q}"
        " > {log:q} 2>&1"


rule publish:
    """For maintainers: put figures and main tables into docs/results, and their numbers into the pages."""
    input:
        tables=PUBLISHED_TABLES["whole"],
        over_seeds=PUBLISHED_TABLES["over_seeds"],
        config="results/config.yaml",
        figures=[*expand("results/figures/{figure}.png", figure=FIGURES), "results/figures/behaviour.gif"],
    log:
        "results/logs/publish.log",
    conda:
        "../../envs/study.yaml"
    params:
        **made_by(
            "goalsplice.cli.publish",
            "goalsplice.cli.verify",
        ),
        project=project("."),
    shell:
        "python -m goalsplice.cli.publish --made {params.made:q}"
        " --tables {input.tables:q} --over-seeds {input.over_seeds:q}"
        " --figures {input.figures:q} --project {params.project:q} 2> {log:q}"
        " && python -m goalsplice.cli.verify results --write --project {params.project:q}"
        " 2>> {log:q}"


rule quick:
    """A mini study with every stage and figure, in results/quick: a first look, in some minutes."""
    log:
        "results/logs/quick.log",
    conda:
        "../../envs/study.yaml"
    threads: lambda wildcards: workflow.cores or 1
    params:
        # With what the user changes on top of what makes it small.
        configfiles=lambda wildcards: [os.path.abspath(QUICK), *map(str, workflow.overwrite_configfiles)],
        changes=lambda wildcards: [
            f"{key}={json.dumps(value)}" for key, value in workflow.config_settings.config.items()
        ],
        snakefile=SNAKEFILE,
    shell:
        "snakemake all --snakefile {params.snakefile:q} --directory results/quick --cores {threads}"
        " --configfile {params.configfiles:q} --config {params.changes:q} 2>&1 | tee {log:q}"


rule verify:
    """Make the published study again, in results/verify, and compare every file's content with the published digests."""
    log:
        "results/logs/verify.log",
    conda:
        "../../envs/study.yaml"
    threads: lambda wildcards: workflow.cores or 1
    params:
        **made_by("goalsplice.cli.verify"),
        project=project("."),
        snakefile=SNAKEFILE,
    shell:
        "(snakemake all --snakefile {params.snakefile:q} --directory results/verify --cores {threads}"
        " && python -m goalsplice.cli.verify results/verify/results --project {params.project:q}) 2>&1 | tee {log:q}"


rule verify_quick:
    """The same for the mini study, in some minutes, in results/verify_quick."""
    log:
        "results/logs/verify_quick.log",
    conda:
        "../../envs/study.yaml"
    threads: lambda wildcards: workflow.cores or 1
    params:
        **made_by("goalsplice.cli.verify"),
        configfile=os.path.abspath(QUICK),
        project=project("."),
        snakefile=SNAKEFILE,
    shell:
        "(snakemake all --snakefile {params.snakefile:q} --directory results/verify_quick --cores {threads}"
        " --configfile {params.configfile:q}"
        " && python -m goalsplice.cli.verify results/verify_quick/results --quick --project {params.project:q})"
        " 2>&1 | tee {log:q}"


rule compare:
    """Set this study's numbers beside the published ones: for a GPU, another processor, or settings of one's own."""
    input:
        tables=[*PUBLISHED_TABLES["whole"], *PUBLISHED_TABLES["over_seeds"]],
    log:
        "results/logs/compare.log",
    conda:
        "../../envs/study.yaml"
    params:
        **made_by("goalsplice.cli.compare"),
        project=project("."),
    shell:
        "python -m goalsplice.cli.compare --made {params.made:q} --tables {input.tables:q}"
        " --project {params.project:q} --output results/comparison.csv 2>&1 | tee {log:q}"


rule publish_tuning:
    """For maintainers: put the table of the tuning seeds into docs/results, and its numbers into the pages."""
    input:
        table="results/tuning/retargeting_effects.parquet",
    log:
        "results/logs/publish_tuning.log",
    conda:
        "../../envs/study.yaml"
    params:
        **made_by(
            "goalsplice.cli.publish",
            "goalsplice.cli.verify",
        ),
        project=project("."),
    shell:
        "python -m goalsplice.cli.publish --made {params.made:q}"
        " --tables {input.table:q} --renamed tuning --project {params.project:q} 2> {log:q}"
        " && python -m goalsplice.cli.verify results --write --project {params.project:q} --part tuning"
        " 2>> {log:q}"
