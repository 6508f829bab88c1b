# What switches of the objective do to the weights.


rule take_apart:
    """Take apart the differences between neighbouring phases' actors of one run: size, rank, place and colours."""
    input:
        checkpoints=lambda wildcards: checkpoints_of(wildcards.arm, wildcards.seed),
    output:
        anatomy="results/runs/arm={arm}/seed={seed}/anatomy.parquet",
        exchanges="results/runs/arm={arm}/seed={seed}/exchanges.parquet",
    log:
        "results/logs/take_apart/arm={arm}/seed={seed}.log",
    benchmark:
        "results/benchmarks/take_apart/arm={arm}/seed={seed}.tsv"
    conda:
        "../../envs/study.yaml"
    threads: 1
    params:
        **made_by(
            "goalsplice.cli.anatomy",
            recipe=recipe,
        ),
    message:
        "Taking apart what changes between phases in arm {wildcards.arm}, seed {wildcards.seed}."
    shell:
        "python -m goalsplice.cli.anatomy --made {params.made:q}"
        " --arm {wildcards.arm} --seed {wildcards.seed} --recipe {params.recipe:q}"
        " --checkpoints {input.checkpoints:q} --anatomy-output {output.anatomy:q}"
        " --exchanges-output {output.exchanges:q} 2> {log:q}"


rule compare_directions:
    """Compare the directions in which all switches of one run change the weights."""
    input:
        checkpoints=lambda wildcards: checkpoints_of(wildcards.arm, wildcards.seed),
    output:
        "results/runs/arm={arm}/seed={seed}/directions.parquet",
    log:
        "results/logs/compare_directions/arm={arm}/seed={seed}.log",
    benchmark:
        "results/benchmarks/compare_directions/arm={arm}/seed={seed}.tsv"
    conda:
        "../../envs/study.yaml"
    threads: 1
    params:
        **made_by(
            "goalsplice.cli.directions",
            recipe=recipe,
        ),
    message:
        "Comparing the switches of arm {wildcards.arm}, seed {wildcards.seed}."
    shell:
        "python -m goalsplice.cli.directions --made {params.made:q}"
        " --arm {wildcards.arm} --seed {wildcards.seed} --recipe {params.recipe:q}"
        " --checkpoints {input.checkpoints:q} --output {output:q} 2> {log:q}"


rule compare_runs:
    """Compare the directions in which the late switches of two runs of an arm change the weights, for many such two."""
    input:
        checkpoints=[
            path for arm in ARMS for seed in config["seeds"] for path in checkpoints_of(arm, seed, LATE_PHASES)
        ],
    output:
        "results/tables/directions_between_runs.parquet",
    log:
        "results/logs/compare_runs.log",
    benchmark:
        "results/benchmarks/compare_runs.tsv"
    conda:
        "../../envs/study.yaml"
    threads: 1
    params:
        **made_by(
            "goalsplice.cli.directions_between_runs",
            recipes=json.dumps(RECIPES),
            seeds=config["seeds"],
            others=config["transport"]["others"],
            phases=LATE_PHASES,
            checkpoint=lambda wildcards: CHECKPOINT,
            schema=schema_of("directions_between_runs"),
        ),
        schemas=SCHEMAS,
    message:
        "Comparing the switches of runs, two at a time."
    shell:
        "python -m goalsplice.cli.directions_between_runs --made {params.made:q}"
        " --recipes {params.recipes:q} --seeds {params.seeds}"
        " --others {params.others} --phases {params.phases} --checkpoint {params.checkpoint:q}"
        " --schemas {params.schemas:q} --output {output:q} 2> {log:q}"
