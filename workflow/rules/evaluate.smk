# What every checkpoint does, and what that is to be read against.


rule evaluate:
    """Test all checkpoints of one run on the fixed levels."""
    input:
        checkpoints=lambda wildcards: checkpoints_of(wildcards.arm, wildcards.seed),
    output:
        "results/runs/arm={arm}/seed={seed}/evaluation.parquet",
    log:
        "results/logs/evaluate/arm={arm}/seed={seed}.log",
    benchmark:
        "results/benchmarks/evaluate/arm={arm}/seed={seed}.tsv"
    conda:
        "../../envs/study.yaml"
    threads: 1
    params:
        **made_by(
            "goalsplice.cli.evaluate",
            recipe=recipe,
            evaluation=sections.Evaluation.passed(config),
        ),
    message:
        "Evaluating the checkpoints of arm {wildcards.arm}, seed {wildcards.seed}."
    shell:
        "python -m goalsplice.cli.evaluate --made {params.made:q}"
        " --arm {wildcards.arm} --seed {wildcards.seed} --recipe {params.recipe:q}"
        " --evaluation {params.evaluation:q} --checkpoints {input.checkpoints:q} --output {output:q} 2> {log:q}"


rule reference:
    """Compute the best possible and the colour-blind return for each arm's world."""
    output:
        "results/tables/references.parquet",
    log:
        "results/logs/reference.log",
    benchmark:
        "results/benchmarks/reference.tsv"
    conda:
        "../../envs/study.yaml"
    params:
        **made_by(
            "goalsplice.cli.reference",
            recipes=json.dumps(RECIPES),
            schema=schema_of("references"),
        ),
        schemas=SCHEMAS,
    shell:
        "python -m goalsplice.cli.reference --made {params.made:q}"
        " --recipes {params.recipes:q} --schemas {params.schemas:q}"
        " --output {output:q} 2> {log:q}"
