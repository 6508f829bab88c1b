# Fetching yellow without retraining: the edits, the reference that is trained on yellow, and what is learned from both.


rule finetuning:
    """Fine-tune a run's checkpoints, on the colour that was never rewarded and on the next phase's."""
    input:
        checkpoints=lambda wildcards: checkpoints_of(wildcards.arm, wildcards.seed, config["finetuning"]["phases"]),
    output:
        table="results/runs/arm={arm}/seed={seed}/finetuning.parquet",
        actors=[
            f"results/runs/arm={{arm}}/seed={{seed}}/finetuned/phase={phase:02d}.safetensors"
            for phase in config["finetuning"]["phases"]
        ],
    log:
        "results/logs/finetuning/arm={arm}/seed={seed}.log",
    benchmark:
        "results/benchmarks/finetuning/arm={arm}/seed={seed}.tsv"
    priority: 2
    conda:
        "../../envs/study.yaml"
    threads: 1
    params:
        **made_by(
            "goalsplice.cli.finetuning",
            recipe=recipe,
            settings=sections.FineTuning.passed(config),
            target=config["retargeting"]["target"],
            levels_seed=config["evaluation"]["seed"],
            device=config["device"],
            arithmetic=config["arithmetic"],
        ),
    message:
        "Training checkpoints of arm {wildcards.arm}, seed {wildcards.seed} further."
    shell:
        "python -m goalsplice.cli.finetuning --made {params.made:q}"
        " --arm {wildcards.arm} --seed {wildcards.seed}"
        " --recipe {params.recipe:q} --device {params.device}"
        " --finetuning {params.settings:q} --target {params.target:q} --levels-seed {params.levels_seed} --checkpoints {input.checkpoints:q}"
        " --actors {output.actors:q}"
        " --output {output.table:q} 2> {log:q}"


rule retargeting:
    """Edit a run's checkpoints such that they fetch yellow, with controls, and test the results."""
    input:
        checkpoints=lambda wildcards: checkpoints_of(wildcards.arm, wildcards.seed),
        other_checkpoints=other_late_checkpoints,
        finetuned=finetuned_actors,
    output:
        "results/runs/arm={arm}/seed={seed}/retargeting.parquet",
    log:
        "results/logs/retargeting/arm={arm}/seed={seed}.log",
    benchmark:
        "results/benchmarks/retargeting/arm={arm}/seed={seed}.tsv"
    priority: 1
    conda:
        "../../envs/study.yaml"
    threads: 1
    params:
        **made_by(
            "goalsplice.cli.retargeting",
            recipe=recipe,
            retargeting=sections.Retargeting.passed(config),
            levels_seed=config["evaluation"]["seed"],
            late=LATE_PHASES,
            other_seed=other_seed,
            finetuned_phases=config["finetuning"]["phases"],
        ),
    message:
        "Turning checkpoints of arm {wildcards.arm}, seed {wildcards.seed} to yellow."
    shell:
        "python -m goalsplice.cli.retargeting --made {params.made:q}"
        " --arm {wildcards.arm} --seed {wildcards.seed} --recipe {params.recipe:q}"
        " --retargeting {params.retargeting:q} --levels-seed {params.levels_seed} --late {params.late}"
        " --checkpoints {input.checkpoints:q} {params.other_seed} {input.other_checkpoints:q}"
        " --finetuned-phases {params.finetuned_phases} --finetuned-actors {input.finetuned:q} --output {output:q} 2> {log:q}"


rule perception:
    """Test whether edits changed what a run's agents want, or what they see."""
    input:
        checkpoints=lambda wildcards: checkpoints_of(wildcards.arm, wildcards.seed),
        finetuned=finetuned_actors,
    output:
        "results/runs/arm={arm}/seed={seed}/perception.parquet",
    log:
        "results/logs/perception/arm={arm}/seed={seed}.log",
    benchmark:
        "results/benchmarks/perception/arm={arm}/seed={seed}.tsv"
    priority: 1
    conda:
        "../../envs/study.yaml"
    threads: 1
    params:
        **made_by(
            "goalsplice.cli.perception",
            recipe=recipe,
            retargeting=sections.Retargeting.passed(config),
            perception=sections.Perception.passed(config),
            levels_seed=config["evaluation"]["seed"],
            late=LATE_PHASES,
            finetuned_phases=config["finetuning"]["phases"],
        ),
    message:
        "Asking what edited agents of arm {wildcards.arm}, seed {wildcards.seed} see."
    shell:
        "python -m goalsplice.cli.perception --made {params.made:q}"
        " --arm {wildcards.arm} --seed {wildcards.seed} --recipe {params.recipe:q}"
        " --retargeting {params.retargeting:q} --perception {params.perception:q} --levels-seed {params.levels_seed} --late {params.late}"
        " --checkpoints {input.checkpoints:q} --finetuned-phases {params.finetuned_phases}"
        " --finetuned-actors {input.finetuned:q} --output {output:q} 2> {log:q}"


rule retargeting_effects:
    """Measure over seeds what each edit does, against its controls."""
    input:
        retargeting="results/tables/retargeting.parquet",
    output:
        "results/tables/retargeting_effects.parquet",
    log:
        "results/logs/retargeting_effects.log",
    benchmark:
        "results/benchmarks/retargeting_effects.tsv"
    conda:
        "../../envs/study.yaml"
    params:
        **made_by(
            "goalsplice.cli.retargeting_effects",
            late=LATE_PHASES,
            schema=schema_of("retargeting_effects"),
        ),
        schemas=SCHEMAS,
    shell:
        "python -m goalsplice.cli.retargeting_effects --made {params.made:q}"
        " --retargeting {input.retargeting:q} --late {params.late}"
        " --schemas {params.schemas:q} --output {output:q} 2> {log:q}"


rule tuning:
    """Every edit on the tuning seeds, on which its strength is chosen. Trains them first."""
    input:
        retargeting=expand(
            "results/runs/arm={arm}/seed={seed}/retargeting.parquet",
            arm=ARMS,
            seed=TUNING_SEEDS,
        ),
    output:
        "results/tuning/retargeting_effects.parquet",
    log:
        "results/logs/tuning.log",
    conda:
        "../../envs/study.yaml"
    params:
        **made_by(
            "goalsplice.cli.retargeting_effects",
            late=LATE_PHASES,
            schema=schema_of("retargeting_effects"),
            # Their order is the rows'. Snakemake compares sets.
            arms=ARMS,
            seeds=TUNING_SEEDS,
        ),
        schemas=SCHEMAS,
    shell:
        "python -m goalsplice.cli.retargeting_effects --made {params.made:q}"
        " --runs {input.retargeting:q} --late {params.late}"
        " --schemas {params.schemas:q} --output {output:q} 2> {log:q}"


# The run and the checkpoint on which an edit is shown at work.
SHOWN_ARM, SHOWN_SEED, SHOWN_PHASE = ARMS[0], config["figures"]["seed"], LATE_PHASES[-1]


rule behaviour:
    """Play some levels with one checkpoint, unedited and edited, and write down every step."""
    input:
        checkpoint=checkpoints_of(SHOWN_ARM, SHOWN_SEED, [SHOWN_PHASE]),
    output:
        # Not in the run's folder: Snakemake compares nothing of an output whose path is new.
        edited="results/edited.safetensors",
        table="results/tables/behaviour.parquet",
    log:
        "results/logs/behaviour.log",
    conda:
        "../../envs/study.yaml"
    params:
        **made_by(
            "goalsplice.cli.save_edited",
            "goalsplice.cli.behaviour",
            run=f"--arm {SHOWN_ARM} --seed {SHOWN_SEED} --phase {SHOWN_PHASE}",
            recipe=json.dumps(RECIPES[SHOWN_ARM], sort_keys=True),
            retargeting=sections.Retargeting.passed(config),
            levels_seed=config["evaluation"]["seed"],
            levels=config["figures"]["levels"],
            level_distribution=config["figures"]["level_distribution"],
            action_selection=config["figures"]["action_selection"],
            schema=schema_of("behaviour"),
        ),
        schemas=SCHEMAS,
    shell:
        "python -m goalsplice.cli.save_edited --made {params.made:q} {params.run} --recipe {params.recipe:q}"
        " --checkpoint {input.checkpoint:q} --retargeting {params.retargeting:q} --output {output.edited:q} 2> {log:q}"
        " && python -m goalsplice.cli.behaviour --made {params.made:q} {params.run}"
        " --recipe {params.recipe:q} --checkpoint {input.checkpoint:q} --edited {output.edited:q}"
        " --level-distribution {params.level_distribution:q} --action-selection {params.action_selection:q}"
        " --levels-seed {params.levels_seed} --levels {params.levels} --schemas {params.schemas:q}"
        " --output {output.table:q} 2>> {log:q}"
