# Parts of one network in another.


rule splices:
    """Edit the actors of pairs of phases of one run towards each other, with controls, and test the results."""
    input:
        checkpoints=lambda wildcards: checkpoints_of(wildcards.arm, wildcards.seed, SPLICED_PHASES[wildcards.arm]),
        other_checkpoints=other_checkpoints,
    output:
        "results/runs/arm={arm}/seed={seed}/splices.parquet",
    log:
        "results/logs/splices/arm={arm}/seed={seed}.log",
    benchmark:
        "results/benchmarks/splices/arm={arm}/seed={seed}.tsv"
    conda:
        "../../envs/study.yaml"
    threads: 1
    params:
        **made_by(
            "goalsplice.cli.splices",
            recipe=recipe,
            splices=sections.Splices.passed(config),
            levels_seed=config["evaluation"]["seed"],
            phases=lambda wildcards: SPLICED_PHASES[wildcards.arm],
            other_seed=other_seed,
        ),
    message:
        "Splicing checkpoints of arm {wildcards.arm}, seed {wildcards.seed}."
    shell:
        "python -m goalsplice.cli.splices --made {params.made:q}"
        " --arm {wildcards.arm} --seed {wildcards.seed} --recipe {params.recipe:q}"
        " --splices {params.splices:q} --levels-seed {params.levels_seed} --phases {params.phases}"
        " --checkpoints {input.checkpoints:q} {params.other_seed} {input.other_checkpoints:q}"
        " --output {output:q} 2> {log:q}"


rule recoveries:
    """Measure how much of the donor's choice each edit brings, against its controls."""
    input:
        splices="results/tables/splices.parquet",
    output:
        recoveries="results/tables/recoveries.parquet",
        effects="results/tables/edit_effects.parquet",
        smallest="results/tables/smallest_edits.parquet",
    log:
        "results/logs/recoveries.log",
    benchmark:
        "results/benchmarks/recoveries.tsv"
    conda:
        "../../envs/study.yaml"
    params:
        **made_by(
            "goalsplice.cli.recoveries",
            schema=schema_of("recoveries", "edit_effects", "smallest_edits"),
        ),
        schemas=SCHEMAS,
    shell:
        "python -m goalsplice.cli.recoveries --made {params.made:q} --splices {input.splices:q} --schemas {params.schemas:q}"
        " --recoveries {output.recoveries:q} --effects {output.effects:q} --smallest {output.smallest:q} 2> {log:q}"
