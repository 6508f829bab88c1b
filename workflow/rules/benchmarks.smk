# What the study costs. A rule's benchmark files count as made by it, so another rule may have them as input.


rule benchmarks:
    """Gather the time and memory of every stage's jobs, and add them up by stage."""
    input:
        records=[*runs(RUN_BENCHMARKS), *STUDY_BENCHMARKS],
    output:
        jobs="results/tables/benchmarks.parquet",
        costs="results/tables/costs.parquet",
    log:
        "results/logs/benchmarks.log",
    conda:
        "../../envs/study.yaml"
    params:
        **made_by(
            "goalsplice.cli.benchmarks",
            # From a function, so that Snakemake does not take {arm} and {seed} for wildcards.
            records=lambda wildcards: [*RUN_BENCHMARKS, *STUDY_BENCHMARKS],
            arms=ARMS,
            seeds=config["seeds"],
            schema=schema_of("benchmarks", "costs"),
        ),
        schemas=SCHEMAS,
    shell:
        "python -m goalsplice.cli.benchmarks --made {params.made:q}"
        " --records {params.records:q} --arms {params.arms} --seeds {params.seeds}"
        " --schemas {params.schemas:q} --output {output.jobs:q} --costs {output.costs:q} 2> {log:q}"
