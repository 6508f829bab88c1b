# One training rule for each arm, since arms may differ in the number of their checkpoints; one job for each seed.

for arm in ARMS:

    rule:
        """Train one seed of the arm: checkpoints, and a row a rollout."""
        name:
            f"train_{arm}"
        input:
            code=code("goalsplice.stages.train"),
        output:
            training=f"results/runs/arm={arm}/seed={{seed}}/training.parquet",
            timing=f"results/runs/arm={arm}/seed={{seed}}/timing.parquet",
            checkpoints=checkpoints(arm, "{seed}"),
        log:
            f"results/logs/train/arm={arm}/seed={{seed}}.log",
        benchmark:
            f"results/benchmarks/train/arm={arm}/seed={{seed}}.tsv"
        conda:
            "../../envs/study.yaml"
        threads: 1
        resources:
            # A resource, not a parameter: another number of rollouts between saves trains nothing anew.
            save_every=config["resume"]["save_every"],
        params:
            arm=arm,
            recipe=json.dumps(RECIPES[arm], sort_keys=True),
            device=config["device"],
            # No output, or else Snakemake would delete it when the job fails.
            unfinished=f"results/runs/arm={arm}/seed={{seed}}/unfinished",
        message:
            "Training arm {params.arm}, seed {wildcards.seed}. To follow it: tail -f {log}"
        shell:
            "python -m goalsplice.stages.train --arm {params.arm} --seed {wildcards.seed} --recipe {params.recipe:q}"
            " --device {params.device} --unfinished {params.unfinished:q} --save-every {resources.save_every}"
            " --training {output.training:q} --timing {output.timing:q} --checkpoints {output.checkpoints:q}"
            " 2> {log:q}"


rule combine:
    """Put all runs' rows of a table together, and check them against the schema."""
    input:
        runs=runs("results/runs/arm={arm}/seed={seed}/{{table}}.parquet"),
        schemas=project("workflow/schemas/tables.yaml"),
        code=code("goalsplice.stages.combine"),
    output:
        "results/tables/{table}.parquet",
    log:
        "results/logs/combine/{table}.log",
    conda:
        "../../envs/study.yaml"
    shell:
        "python -m goalsplice.stages.combine --table {wildcards.table} --schemas {input.schemas:q}"
        " --runs {input.runs:q} --output {output:q} 2> {log:q}"


rule summarise:
    """Measure how well and how fast the runs learned, beside the published run."""
    input:
        training="results/tables/training.parquet",
        published=project("workflow/resources/published_seed99.csv"),
        schemas=project("workflow/schemas/tables.yaml"),
        code=code("goalsplice.stages.summarise"),
    output:
        phases="results/tables/phases.parquet",
        measures="results/tables/measures.parquet",
        summary="results/tables/summary.parquet",
    log:
        "results/logs/summarise.log",
    benchmark:
        "results/benchmarks/summarise.tsv"
    conda:
        "../../envs/study.yaml"
    params:
        measures=json.dumps(config["measures"]),
    shell:
        "python -m goalsplice.stages.summarise --training {input.training:q} --published {input.published:q}"
        " --measures {params.measures:q} --schemas {input.schemas:q} --phases-output {output.phases:q}"
        " --measures-output {output.measures:q} --summary-output {output.summary:q} 2> {log:q}"
