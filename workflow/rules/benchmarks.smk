# What the study costs. A rule's benchmark files count as made by it, so another rule may have them as input.


rule benchmarks:
    """Gather the time and memory of every stage's jobs."""
    input:
        records=BENCHMARKS,
        schemas=project("workflow/schemas/tables.yaml"),
        code=code("goalsplice.stages.benchmarks"),
    output:
        "results/tables/benchmarks.parquet",
    log:
        "results/logs/benchmarks.log",
    conda:
        "../../envs/study.yaml"
    shell:
        "python -m goalsplice.stages.benchmarks --records {input.records:q} --schemas {input.schemas:q}"
        " --output {output:q} 2> {log:q}"
