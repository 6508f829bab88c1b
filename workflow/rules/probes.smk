# What can be read from activations.


rule probes:
    """Train linear probes on the activations of one run's late checkpoints, and test them."""
    input:
        checkpoints=lambda wildcards: checkpoints_of(wildcards.arm, wildcards.seed, PROBED_PHASES),
    output:
        "results/runs/arm={arm}/seed={seed}/probes.parquet",
    log:
        "results/logs/probes/arm={arm}/seed={seed}.log",
    benchmark:
        "results/benchmarks/probes/arm={arm}/seed={seed}.tsv"
    conda:
        "../../envs/study.yaml"
    threads: 1
    params:
        **made_by(
            "goalsplice.cli.probes",
            recipe=recipe,
            probes=sections.Probes.passed(config),
        ),
    message:
        "Probing checkpoints of arm {wildcards.arm}, seed {wildcards.seed}."
    shell:
        "python -m goalsplice.cli.probes --made {params.made:q}"
        " --arm {wildcards.arm} --seed {wildcards.seed} --recipe {params.recipe:q}"
        " --probes {params.probes:q} --checkpoints {input.checkpoints:q} --output {output:q}"
        " 2> {log:q}"
