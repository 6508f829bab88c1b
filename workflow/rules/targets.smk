# What one asks for by name. The first is what Snakemake makes when nothing is asked for.

ALL_TABLES = expand("results/tables/{table}.parquet", table=TABLES)
ALL_FIGURES = expand("results/figures/{figure}.{format}", figure=FIGURES, format=["svg", "png"])


rule all:
    """The whole study: all tables and figures, and the report."""
    input:
        ALL_TABLES,
        ALL_FIGURES,
        "results/report.html",


rule tables:
    """All tables."""
    input:
        ALL_TABLES,


rule figures:
    """All figures, and the tables that they need."""
    input:
        ALL_FIGURES,


rule report:
    """One HTML page with every figure, its caption, and how it was made."""
    input:
        ALL_TABLES,
        ALL_FIGURES,
    output:
        "results/report.html",
    log:
        "results/logs/report.log",
    params:
        snakefile=workflow.main_snakefile,
        configfiles=lambda wildcards: " ".join(f"'{path}'" for path in workflow.configfiles),
    conda:
        "../../envs/study.yaml"
    shell:
        "snakemake figures --snakefile {params.snakefile:q} --configfile {params.configfiles} --nolock"
        " --report {output:q} > {log:q} 2>&1"


rule quick:
    """A mini study with every stage and figure, in results/quick: a first look, in a minute or two."""
    input:
        changes=project("workflow/resources/quick.yaml"),
    params:
        snakefile=workflow.main_snakefile,
        changes=lambda wildcards, input: os.path.abspath(input.changes),
    log:
        "results/logs/quick.log",
    threads: workflow.cores
    conda:
        "../../envs/study.yaml"
    shell:
        "snakemake all --snakefile {params.snakefile:q} --configfile {params.changes:q} --directory results/quick"
        " --cores {threads} 2>&1 | tee {log:q}"
