# What every checkpoint does, and what that is to be read against.


rule evaluate:
    """Test all checkpoints of one run on the fixed levels."""
    input:
        checkpoints=lambda wildcards: checkpoints(wildcards.arm, wildcards.seed),
        code=code("goalsplice.stages.evaluate"),
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
        recipe=recipe,
        evaluation=json.dumps(config["evaluation"]),
    message:
        "Evaluating the checkpoints of arm {wildcards.arm}, seed {wildcards.seed}."
    shell:
        "python -m goalsplice.stages.evaluate --arm {wildcards.arm} --seed {wildcards.seed} --recipe {params.recipe:q}"
        " --evaluation {params.evaluation:q} --checkpoints {input.checkpoints:q} --output {output:q} 2> {log:q}"


rule reference:
    """Compute the best possible and the colour-blind return for each arm's world."""
    input:
        schemas=project("workflow/schemas/tables.yaml"),
        code=code("goalsplice.stages.reference"),
    output:
        "results/tables/references.parquet",
    log:
        "results/logs/reference.log",
    benchmark:
        "results/benchmarks/reference.tsv"
    conda:
        "../../envs/study.yaml"
    params:
        recipes=json.dumps(RECIPES),
    shell:
        "python -m goalsplice.stages.reference --recipes {params.recipes:q} --schemas {input.schemas:q}"
        " --output {output:q} 2> {log:q}"
