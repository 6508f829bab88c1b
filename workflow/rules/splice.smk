# Parts of one network in another.

SPLICED_PHASES = sorted({phase for pair in config["splices"]["pairs"] for phase in pair})


rule splice:
    """Splice layers between neighbouring phases' checkpoints of one run, and test the results."""
    input:
        checkpoints=lambda wildcards: checkpoints(wildcards.arm, wildcards.seed, SPLICED_PHASES),
        code=code("goalsplice.stages.splice"),
    output:
        "results/runs/arm={arm}/seed={seed}/splices.parquet",
    log:
        "results/logs/splice/arm={arm}/seed={seed}.log",
    benchmark:
        "results/benchmarks/splice/arm={arm}/seed={seed}.tsv"
    conda:
        "../../envs/study.yaml"
    threads: 1
    params:
        recipe=recipe,
        splices=json.dumps(config["splices"]),
        levels_seed=config["evaluation"]["seed"],
        phases=SPLICED_PHASES,
    message:
        "Splicing checkpoints of arm {wildcards.arm}, seed {wildcards.seed}."
    shell:
        "python -m goalsplice.stages.splice --arm {wildcards.arm} --seed {wildcards.seed} --recipe {params.recipe:q}"
        " --splices {params.splices:q} --levels-seed {params.levels_seed} --phases {params.phases}"
        " --checkpoints {input.checkpoints:q} --output {output:q} 2> {log:q}"
