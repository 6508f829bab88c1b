# What every checkpoint does, and what that is to be read against.


rule evaluation:
    """Test all checkpoints of one run on the fixed levels."""
    input:
        checkpoints=lambda wildcards: checkpoints_of(wildcards.arm, wildcards.seed),
    output:
        "results/runs/arm={arm}/seed={seed}/evaluation.parquet",
    log:
        "results/logs/evaluation/arm={arm}/seed={seed}.log",
    benchmark:
        "results/benchmarks/evaluation/arm={arm}/seed={seed}.tsv"
    conda:
        "../../envs/study.yaml"
    threads: 1
    params:
        **made_by(
            "goalsplice.cli.evaluation",
            recipe=recipe,
            evaluation=sections.Evaluation.passed(config),
        ),
    message:
        "Evaluating the checkpoints of arm {wildcards.arm}, seed {wildcards.seed}."
    shell:
        "python -m goalsplice.cli.evaluation --made {params.made:q}"
        " --arm {wildcards.arm} --seed {wildcards.seed} --recipe {params.recipe:q}"
        " --evaluation {params.evaluation:q} --checkpoints {input.checkpoints:q} --output {output:q} 2> {log:q}"


rule references:
    """Compute the best possible and the colour-blind return for each arm's world."""
    output:
        "results/tables/references.parquet",
    log:
        "results/logs/references.log",
    benchmark:
        "results/benchmarks/references.tsv"
    conda:
        "../../envs/study.yaml"
    params:
        **made_by(
            "goalsplice.cli.references",
            recipes=json.dumps(RECIPES),
            schema=schema_of("references"),
        ),
        schemas=SCHEMAS,
    shell:
        "python -m goalsplice.cli.references --made {params.made:q}"
        " --recipes {params.recipes:q} --schemas {params.schemas:q}"
        " --output {output:q} 2> {log:q}"
