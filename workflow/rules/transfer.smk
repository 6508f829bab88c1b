# Task vectors, added elsewhere.


rule transfer:
    """Add task vectors of one run, and of the others, to one run's checkpoints, with controls, and test the results."""
    input:
        checkpoints=transport_checkpoints,
    output:
        "results/runs/arm={arm}/seed={seed}/transfer.parquet",
    log:
        "results/logs/transfer/arm={arm}/seed={seed}.log",
    benchmark:
        "results/benchmarks/transfer/arm={arm}/seed={seed}.tsv"
    conda:
        "../../envs/study.yaml"
    threads: 1
    params:
        **made_by(
            "goalsplice.cli.transfer",
            recipe=recipe,
            splices=sections.Splices.passed(config),
            phases=config["transfer"]["phases"],
            levels_seed=config["evaluation"]["seed"],
            source_runs=lambda wildcards: study.source_runs(
                seeds_beside(wildcards), int(wildcards.seed), config["transfer"]["others"]
            ),
        ),
    message:
        "Adding task vectors to checkpoints of arm {wildcards.arm}, seed {wildcards.seed}."
    shell:
        "python -m goalsplice.cli.transfer --made {params.made:q}"
        " --arm {wildcards.arm} --seed {wildcards.seed} --recipe {params.recipe:q}"
        " --splices {params.splices:q} --phases {params.phases} --levels-seed {params.levels_seed}"
        " --checkpoints {input.checkpoints:q} --output {output:q} 2> {log:q}"
