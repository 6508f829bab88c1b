# What switches of the objective do to the weights.


rule weight_changes:
    """Take apart the differences between neighbouring phases' actors of one run: size, rank, place and colours."""
    input:
        checkpoints=lambda wildcards: checkpoints_of(wildcards.arm, wildcards.seed),
    output:
        weight_changes="results/runs/arm={arm}/seed={seed}/weight_changes.parquet",
        colour_exchanges="results/runs/arm={arm}/seed={seed}/colour_exchanges.parquet",
    log:
        "results/logs/weight_changes/arm={arm}/seed={seed}.log",
    benchmark:
        "results/benchmarks/weight_changes/arm={arm}/seed={seed}.tsv"
    conda:
        "../../envs/study.yaml"
    threads: 1
    params:
        **made_by(
            "goalsplice.cli.weight_changes",
            recipe=recipe,
        ),
    message:
        "Taking apart what changes between phases in arm {wildcards.arm}, seed {wildcards.seed}."
    shell:
        "python -m goalsplice.cli.weight_changes --made {params.made:q}"
        " --arm {wildcards.arm} --seed {wildcards.seed} --recipe {params.recipe:q}"
        " --checkpoints {input.checkpoints:q} --weight-changes-output {output.weight_changes:q}"
        " --colour-exchanges-output {output.colour_exchanges:q} 2> {log:q}"


rule similarity:
    """Compare the directions in which all switches of one run change the weights."""
    input:
        checkpoints=lambda wildcards: checkpoints_of(wildcards.arm, wildcards.seed),
    output:
        "results/runs/arm={arm}/seed={seed}/similarity.parquet",
    log:
        "results/logs/similarity/arm={arm}/seed={seed}.log",
    benchmark:
        "results/benchmarks/similarity/arm={arm}/seed={seed}.tsv"
    conda:
        "../../envs/study.yaml"
    threads: 1
    params:
        **made_by(
            "goalsplice.cli.similarity",
            recipe=recipe,
        ),
    message:
        "Comparing the switches of arm {wildcards.arm}, seed {wildcards.seed}."
    shell:
        "python -m goalsplice.cli.similarity --made {params.made:q}"
        " --arm {wildcards.arm} --seed {wildcards.seed} --recipe {params.recipe:q}"
        " --checkpoints {input.checkpoints:q} --output {output:q} 2> {log:q}"


rule similarity_between_runs:
    """Compare the directions in which the late switches of two runs of an arm change the weights, for many such two."""
    input:
        checkpoints=[
            path for arm in ARMS for seed in config["seeds"] for path in checkpoints_of(arm, seed, LATE_PHASES)
        ],
    output:
        "results/tables/similarity_between_runs.parquet",
    log:
        "results/logs/similarity_between_runs.log",
    benchmark:
        "results/benchmarks/similarity_between_runs.tsv"
    conda:
        "../../envs/study.yaml"
    threads: 1
    params:
        **made_by(
            "goalsplice.cli.similarity_between_runs",
            recipes=json.dumps(RECIPES),
            seeds=config["seeds"],
            others=config["transfer"]["others"],
            phases=LATE_PHASES,
            checkpoint=lambda wildcards: CHECKPOINT,
            schema=schema_of("similarity_between_runs"),
        ),
        schemas=SCHEMAS,
    message:
        "Comparing the switches of runs, two at a time."
    shell:
        "python -m goalsplice.cli.similarity_between_runs --made {params.made:q}"
        " --recipes {params.recipes:q} --seeds {params.seeds}"
        " --others {params.others} --phases {params.phases} --checkpoint {params.checkpoint:q}"
        " --schemas {params.schemas:q} --output {output:q} 2> {log:q}"
