# Fetching yellow without retraining: the edits, the reference that is trained on yellow, and what is learned from both.


rule continue_training:
    """Train a run's checkpoints further, on the colour that was never rewarded and on the next phase's."""
    input:
        checkpoints=lambda wildcards: checkpoints_of(
            wildcards.arm, wildcards.seed, config["further_training"]["phases"]
        ),
    output:
        table="results/runs/arm={arm}/seed={seed}/continued.parquet",
        actors=[
            f"results/runs/arm={{arm}}/seed={{seed}}/further/phase={phase:02d}.safetensors"
            for phase in config["further_training"]["phases"]
        ],
    log:
        "results/logs/continue_training/arm={arm}/seed={seed}.log",
    benchmark:
        "results/benchmarks/continue_training/arm={arm}/seed={seed}.tsv"
    priority: 2
    conda:
        "../../envs/study.yaml"
    threads: 1
    params:
        **made_by(
            "goalsplice.cli.continue_training",
            recipe=recipe,
            settings=sections.FineTuning.passed(config),
            target=config["retargets"]["target"],
            levels_seed=config["evaluation"]["seed"],
            device=config["device"],
            arithmetic=config["arithmetic"],
        ),
    message:
        "Training checkpoints of arm {wildcards.arm}, seed {wildcards.seed} further."
    shell:
        "python -m goalsplice.cli.continue_training --made {params.made:q}"
        " --arm {wildcards.arm} --seed {wildcards.seed}"
        " --recipe {params.recipe:q} --device {params.device}"
        " --further-training {params.settings:q} --target {params.target:q} --levels-seed {params.levels_seed} --checkpoints {input.checkpoints:q}"
        " --actors {output.actors:q}"
        " --output {output.table:q} 2> {log:q}"


rule retarget:
    """Edit a run's checkpoints such that they fetch yellow, with controls, and test the results."""
    input:
        checkpoints=lambda wildcards: checkpoints_of(wildcards.arm, wildcards.seed),
        other_checkpoints=other_late_checkpoints,
        further=further_actors,
    output:
        "results/runs/arm={arm}/seed={seed}/retargets.parquet",
    log:
        "results/logs/retarget/arm={arm}/seed={seed}.log",
    benchmark:
        "results/benchmarks/retarget/arm={arm}/seed={seed}.tsv"
    priority: 1
    conda:
        "../../envs/study.yaml"
    threads: 1
    params:
        **made_by(
            "goalsplice.cli.retarget",
            recipe=recipe,
            retargets=sections.Retargets.passed(config),
            levels_seed=config["evaluation"]["seed"],
            late=LATE_PHASES,
            other_seed=other_seed,
            further_phases=config["further_training"]["phases"],
        ),
    message:
        "Turning checkpoints of arm {wildcards.arm}, seed {wildcards.seed} to yellow."
    shell:
        "python -m goalsplice.cli.retarget --made {params.made:q}"
        " --arm {wildcards.arm} --seed {wildcards.seed} --recipe {params.recipe:q}"
        " --retargets {params.retargets:q} --levels-seed {params.levels_seed} --late {params.late}"
        " --checkpoints {input.checkpoints:q} {params.other_seed} {input.other_checkpoints:q}"
        " --further-phases {params.further_phases} --further-actors {input.further:q} --output {output:q} 2> {log:q}"


rule perceive:
    """Test whether edits changed what a run's agents want, or what they see."""
    input:
        checkpoints=lambda wildcards: checkpoints_of(wildcards.arm, wildcards.seed),
        further=further_actors,
    output:
        "results/runs/arm={arm}/seed={seed}/perceptions.parquet",
    log:
        "results/logs/perceive/arm={arm}/seed={seed}.log",
    benchmark:
        "results/benchmarks/perceive/arm={arm}/seed={seed}.tsv"
    priority: 1
    conda:
        "../../envs/study.yaml"
    threads: 1
    params:
        **made_by(
            "goalsplice.cli.perceive",
            recipe=recipe,
            retargets=sections.Retargets.passed(config),
            perception=sections.Perception.passed(config),
            levels_seed=config["evaluation"]["seed"],
            late=LATE_PHASES,
            further_phases=config["further_training"]["phases"],
        ),
    message:
        "Asking what edited agents of arm {wildcards.arm}, seed {wildcards.seed} see."
    shell:
        "python -m goalsplice.cli.perceive --made {params.made:q}"
        " --arm {wildcards.arm} --seed {wildcards.seed} --recipe {params.recipe:q}"
        " --retargets {params.retargets:q} --perception {params.perception:q} --levels-seed {params.levels_seed} --late {params.late}"
        " --checkpoints {input.checkpoints:q} --further-phases {params.further_phases}"
        " --further-actors {input.further:q} --output {output:q} 2> {log:q}"


rule measure_retargets:
    """Measure over seeds what each edit does, against its controls."""
    input:
        retargets="results/tables/retargets.parquet",
    output:
        "results/tables/retarget_effects.parquet",
    log:
        "results/logs/measure_retargets.log",
    benchmark:
        "results/benchmarks/measure_retargets.tsv"
    conda:
        "../../envs/study.yaml"
    params:
        **made_by(
            "goalsplice.cli.measure_retargets",
            late=LATE_PHASES,
            schema=schema_of("retarget_effects"),
        ),
        schemas=SCHEMAS,
    shell:
        "python -m goalsplice.cli.measure_retargets --made {params.made:q}"
        " --retargets {input.retargets:q} --late {params.late}"
        " --schemas {params.schemas:q} --output {output:q} 2> {log:q}"


rule tuning:
    """Every edit on the tuning seeds, on which its strength is chosen. Trains them first."""
    input:
        retargets=expand(
            "results/runs/arm={arm}/seed={seed}/retargets.parquet",
            arm=ARMS,
            seed=TUNING_SEEDS,
        ),
    output:
        "results/tuning/retarget_effects.parquet",
    log:
        "results/logs/tuning.log",
    conda:
        "../../envs/study.yaml"
    params:
        **made_by(
            "goalsplice.cli.measure_retargets",
            late=LATE_PHASES,
            schema=schema_of("retarget_effects"),
            # Their order is the rows'. Snakemake compares sets.
            arms=ARMS,
            seeds=TUNING_SEEDS,
        ),
        schemas=SCHEMAS,
    shell:
        "python -m goalsplice.cli.measure_retargets --made {params.made:q}"
        " --runs {input.retargets:q} --late {params.late}"
        " --schemas {params.schemas:q} --output {output:q} 2> {log:q}"


# The run and the checkpoint on which an edit is shown at work.
SHOWN_ARM, SHOWN_SEED, SHOWN_PHASE = ARMS[0], config["figures"]["seed"], LATE_PHASES[-1]


rule record_behaviour:
    """Play some levels with one checkpoint, unedited and edited, and write down every step."""
    input:
        checkpoint=checkpoints_of(SHOWN_ARM, SHOWN_SEED, [SHOWN_PHASE]),
    output:
        # Not in the run's folder: Snakemake compares nothing of an output whose path is new.
        edited="results/edited.safetensors",
        table="results/tables/behaviour.parquet",
    log:
        "results/logs/record_behaviour.log",
    conda:
        "../../envs/study.yaml"
    params:
        **made_by(
            "goalsplice.cli.save_edited",
            "goalsplice.cli.record_behaviour",
            run=f"--arm {SHOWN_ARM} --seed {SHOWN_SEED} --phase {SHOWN_PHASE}",
            recipe=json.dumps(RECIPES[SHOWN_ARM], sort_keys=True),
            retargets=sections.Retargets.passed(config),
            levels_seed=config["evaluation"]["seed"],
            levels=config["figures"]["levels"],
            layouts=config["figures"]["layouts"],
            policy=config["figures"]["policy"],
            schema=schema_of("behaviour"),
        ),
        schemas=SCHEMAS,
    shell:
        "python -m goalsplice.cli.save_edited --made {params.made:q} {params.run} --recipe {params.recipe:q}"
        " --checkpoint {input.checkpoint:q} --retargets {params.retargets:q} --output {output.edited:q} 2> {log:q}"
        " && python -m goalsplice.cli.record_behaviour --made {params.made:q} {params.run}"
        " --recipe {params.recipe:q} --checkpoint {input.checkpoint:q} --edited {output.edited:q}"
        " --layouts {params.layouts:q} --policy {params.policy:q}"
        " --levels-seed {params.levels_seed} --levels {params.levels} --schemas {params.schemas:q}"
        " --output {output.table:q} 2>> {log:q}"
