# One training rule for each main arm, and one for all ablation arms with as many phases: a rule's checkpoints are named.
TRAINED = {arm: ([arm], [*config["seeds"], *TUNING_SEEDS]) for arm in ARMS}
for arm, settings in ABLATIONS.items():
    name = f"{study.whole_phases(settings)}_phases"
    TRAINED.setdefault(name, ([], config["ablations"]["seeds"]))[0].append(arm)

for name, (arms, seeds) in TRAINED.items():

    rule:
        """Train one seed of an arm: checkpoints, and a row a rollout."""
        name:
            f"training_{name}"
        output:
            training="results/runs/arm={arm}/seed={seed}/training.parquet",
            timing="results/runs/arm={arm}/seed={seed}/timing.parquet",
            checkpoints=checkpoints_of("{arm}", "{seed}", range(study.whole_phases(ALL_RECIPES[arms[0]]))),
        log:
            "results/logs/training/arm={arm}/seed={seed}.log",
        benchmark:
            "results/benchmarks/training/arm={arm}/seed={seed}.tsv"
        wildcard_constraints:
            arm="|".join(arms),
            seed="|".join(map(str, seeds)),
        # What most waits for goes first, so that both cores have work to the end.
        priority: 3
        conda:
            "../../envs/study.yaml"
        threads: 1
        resources:
            # A resource, not a parameter: another number of rollouts between saves trains nothing anew.
            save_every=config["resume"]["save_every"],
        params:
            **made_by(
                "goalsplice.cli.training",
                recipe=recipe,
                device=config["device"],
                arithmetic=config["arithmetic"],
            ),
            # No output, or else Snakemake would delete it when the job fails.
            unfinished="results/runs/arm={arm}/seed={seed}/unfinished",
        message:
            "Training arm {wildcards.arm}, seed {wildcards.seed}. To follow it: tail -f {log}"
        shell:
            "python -m goalsplice.cli.training --made {params.made:q}"
            " --arm {wildcards.arm} --seed {wildcards.seed} --recipe {params.recipe:q}"
            " --device {params.device} --unfinished {params.unfinished:q} --save-every {resources.save_every}"
            " --training {output.training:q} --timing {output.timing:q} --checkpoints {output.checkpoints:q}"
            " 2> {log:q}"


rule combine:
    """Put all runs' rows of a table together, and check them against the schema."""
    input:
        runs=runs("results/runs/arm={arm}/seed={seed}/{{table}}.parquet"),
    output:
        "results/tables/{table}.parquet",
    log:
        "results/logs/combine/{table}.log",
    conda:
        "../../envs/study.yaml"
    params:
        **made_by(
            "goalsplice.cli.combine",
            schema=lambda wildcards: schema_of(wildcards.table),
            # Their order is the rows'. Snakemake compares sets.
            arms=ARMS,
            seeds=config["seeds"],
        ),
        schemas=SCHEMAS,
    shell:
        "python -m goalsplice.cli.combine --made {params.made:q} --table {wildcards.table} --schemas {params.schemas:q}"
        " --runs {input.runs:q} --output {output:q} 2> {log:q}"


rule summary:
    """Measure how well and how fast the runs learned, beside the published run."""
    input:
        training="results/tables/training.parquet",
    output:
        phases="results/tables/phases.parquet",
        measures="results/tables/measures.parquet",
        summary="results/tables/summary.parquet",
    log:
        "results/logs/summary.log",
    benchmark:
        "results/benchmarks/summary.tsv"
    conda:
        "../../envs/study.yaml"
    params:
        **made_by(
            "goalsplice.cli.summary",
            measures=sections.Measures.passed(config),
            schema=schema_of("phases", "measures", "summary"),
            published=PUBLISHED_DIGEST,
        ),
        schemas=SCHEMAS,
        learning_curve=PUBLISHED,
    shell:
        "python -m goalsplice.cli.summary --made {params.made:q}"
        " --training {input.training:q} --published {params.learning_curve:q}"
        " --measures {params.measures:q} --schemas {params.schemas:q} --phases-output {output.phases:q}"
        " --measures-output {output.measures:q} --summary-output {output.summary:q} 2> {log:q}"
