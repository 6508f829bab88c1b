# What makes it switch: arms that differ in one thing each from a main arm, on seeds of their own. Apart from `all`.

ABLATION_FIGURES = REGISTRY.figures_of(ablations=True)


rule ablations:
    """The ablations: what schedules, hyperparameters and the world do to switching. An hour or two on two cores."""
    input:
        expand(
            "results/tables/{table}.parquet",
            table=REGISTRY.tables_of("ablation_run", "ablation_study"),
        ),
        expand("results/figures/{figure}.{format}", figure=ABLATION_FIGURES, format=["svg", "png"]),
    message:
        "The ablations are complete: see results/tables/ablations.parquet and results/figures."


rule plasticity:
    """Measure how able to learn a run's networks still are at the end of each phase."""
    input:
        checkpoints=lambda wildcards: checkpoints_of(wildcards.arm, wildcards.seed),
    output:
        "results/runs/arm={arm}/seed={seed}/plasticity.parquet",
    log:
        "results/logs/plasticity/arm={arm}/seed={seed}.log",
    wildcard_constraints:
        arm="|".join(ABLATIONS),
        seed="|".join(map(str, ABLATION_SEEDS)),
    conda:
        "../../envs/study.yaml"
    threads: 1
    params:
        **made_by(
            "goalsplice.cli.plasticity",
            recipe=recipe,
        ),
    message:
        "Measuring the plasticity of arm {wildcards.arm}, seed {wildcards.seed}."
    shell:
        "python -m goalsplice.cli.plasticity --made {params.made:q}"
        " --arm {wildcards.arm} --seed {wildcards.seed} --recipe {params.recipe:q}"
        " --checkpoints {input.checkpoints:q} --output {output:q} 2> {log:q}"


rule switches:
    """Measure a run's last switches: how far the weights travel, and how well its goal is spliced and retargeted."""
    input:
        checkpoints=lambda wildcards: checkpoints_of(wildcards.arm, wildcards.seed),
    output:
        switches="results/runs/arm={arm}/seed={seed}/switches.parquet",
        switch_retargeting="results/runs/arm={arm}/seed={seed}/switch_retargeting.parquet",
    log:
        "results/logs/switches/arm={arm}/seed={seed}.log",
    wildcard_constraints:
        arm="|".join(SWITCHED),
        seed="|".join(map(str, ABLATION_SEEDS)),
    conda:
        "../../envs/study.yaml"
    threads: 1
    params:
        **made_by(
            "goalsplice.cli.switches",
            recipe=recipe,
            ablations=sections.Ablations.passed(config),
            retargeting=sections.Retargeting.passed(config),
            levels_seed=config["evaluation"]["seed"],
        ),
    message:
        "Measuring the switches of arm {wildcards.arm}, seed {wildcards.seed}."
    shell:
        "python -m goalsplice.cli.switches --made {params.made:q}"
        " --arm {wildcards.arm} --seed {wildcards.seed} --recipe {params.recipe:q}"
        " --ablations {params.ablations:q} --retargeting {params.retargeting:q} --levels-seed {params.levels_seed}"
        " --checkpoints {input.checkpoints:q} --switches-output {output.switches:q} --switch-retargeting-output {output.switch_retargeting:q}"
        " 2> {log:q}"


rule combine_ablations:
    """Put the ablation runs' rows of a table together, and check them against the schema."""
    input:
        runs=lambda wildcards: ablation_runs(wildcards.table),
    output:
        "results/tables/ablation_{table}.parquet",
    log:
        "results/logs/combine_ablations/{table}.log",
    wildcard_constraints:
        table="|".join(REGISTRY.ablation_files()),
    conda:
        "../../envs/study.yaml"
    params:
        **made_by(
            "goalsplice.cli.combine",
            schema=lambda wildcards: schema_of(f"ablation_{wildcards.table}"),
            # Their order is the rows'. Snakemake compares sets.
            arms=list(ABLATIONS),
            seeds=ABLATION_SEEDS,
        ),
        schemas=SCHEMAS,
    shell:
        "python -m goalsplice.cli.combine --made {params.made:q}"
        " --table ablation_{wildcards.table} --schemas {params.schemas:q}"
        " --runs {input.runs:q} --output {output:q} 2> {log:q}"


rule measure_ablations:
    """Measure over seeds what each change of the recipe does."""
    input:
        training="results/tables/ablation_training.parquet",
        plasticity="results/tables/ablation_plasticity.parquet",
        switches="results/tables/ablation_switches.parquet",
        switch_retargeting="results/tables/ablation_switch_retargeting.parquet",
    output:
        runs="results/tables/ablation_runs.parquet",
        ablations="results/tables/ablations.parquet",
    log:
        "results/logs/measure_ablations.log",
    conda:
        "../../envs/study.yaml"
    params:
        **made_by(
            "goalsplice.cli.ablations",
            arms=json.dumps(study.ablation_arms(config)),
            threshold=config["measures"]["threshold"],
            burn_in=config["ablations"]["burn_in"],
            target=config["retargeting"]["target"],
            schema=schema_of("ablation_runs", "ablations"),
        ),
        schemas=SCHEMAS,
    shell:
        "python -m goalsplice.cli.ablations --made {params.made:q}"
        " --training {input.training:q} --plasticity {input.plasticity:q}"
        " --switches {input.switches:q} --switch-retargeting {input.switch_retargeting:q} --arms {params.arms:q} --threshold {params.threshold:q}"
        " --burn-in {params.burn_in:q} --target {params.target:q} --schemas {params.schemas:q}"
        " --runs-output {output.runs:q} --output {output.ablations:q} 2> {log:q}"


rule publish_ablations:
    """For maintainers: put the ablations' table and figures into docs/results, and its numbers into the pages."""
    input:
        table="results/tables/ablations.parquet",
        figures=expand("results/figures/{figure}.png", figure=ABLATION_FIGURES),
    log:
        "results/logs/publish_ablations.log",
    conda:
        "../../envs/study.yaml"
    params:
        **made_by(
            "goalsplice.cli.publish",
            "goalsplice.cli.verify",
        ),
        project=project("."),
    shell:
        "python -m goalsplice.cli.publish --made {params.made:q}"
        " --tables {input.table:q} --figures {input.figures:q} --project {params.project:q} 2> {log:q}"
        " && python -m goalsplice.cli.verify results --write --project {params.project:q} --part ablations"
        " 2>> {log:q}"
