# Goal vectors, added elsewhere.


rule transport:
    """Add goal vectors of one run, and of the others, to one run's checkpoints, with controls, and test the results."""
    input:
        checkpoints=transport_checkpoints,
    output:
        "results/runs/arm={arm}/seed={seed}/transports.parquet",
    log:
        "results/logs/transport/arm={arm}/seed={seed}.log",
    benchmark:
        "results/benchmarks/transport/arm={arm}/seed={seed}.tsv"
    conda:
        "../../envs/study.yaml"
    threads: 1
    params:
        **made_by(
            "goalsplice.cli.transport",
            recipe=recipe,
            splices=sections.Splices.passed(config),
            phases=config["transport"]["phases"],
            levels_seed=config["evaluation"]["seed"],
            lenders=lambda wildcards: study.lenders(
                seeds_beside(wildcards), int(wildcards.seed), config["transport"]["others"]
            ),
        ),
    message:
        "Adding goal vectors to checkpoints of arm {wildcards.arm}, seed {wildcards.seed}."
    shell:
        "python -m goalsplice.cli.transport --made {params.made:q}"
        " --arm {wildcards.arm} --seed {wildcards.seed} --recipe {params.recipe:q}"
        " --splices {params.splices:q} --phases {params.phases} --levels-seed {params.levels_seed}"
        " --checkpoints {input.checkpoints:q} --output {output:q} 2> {log:q}"
