# What makes it switch: arms that differ in one thing each from a main arm, on seeds of their own. Apart from `all`.

ABLATION_FIGURES = {
    "schedules": ["ablation_runs", "ablations"],
    "hyperparameters": ["ablation_runs", "ablations"],
    "world_changes": ["ablation_training", "ablation_runs", "ablations"],
    "plasticity": ["ablation_training", "ablation_plasticity", "ablations"],
}
# What figures need of the configuration, and each reference's own values.
ABLATION_CONFIG = json.dumps(
    {
        "threshold": config["measures"]["threshold"],
        "settled_after": config["ablations"]["settled_after"],
        "recipes": {arm: ABLATIONS[arm] for arm, group in GROUPS.items() if group == study.REFERENCE},
    }
)
ABLATION_LABELS = {
    "schedules": "Schedules of the objective",
    "hyperparameters": "Hyperparameters, one at a time",
    "world_changes": "What makes early learning slow",
    "plasticity": "Whether learning gets worse over phases",
}


rule ablations:
    """The ablations: what schedules, hyperparameters and the world do to switching. An hour or two on two cores."""
    input:
        expand("results/tables/ablation_{table}.parquet", table=["training", "plasticity", "switches", "aims", "runs"]),
        "results/tables/ablations.parquet",
        expand("results/figures/{figure}.{format}", figure=ABLATION_FIGURES, format=["svg", "png"]),
    message:
        "The ablations are complete: see results/tables/ablations.parquet and results/figures."


rule measure_plasticity:
    """Measure how able to learn a run's networks still are at the end of each phase."""
    input:
        checkpoints=lambda wildcards: checkpoints(wildcards.arm, wildcards.seed),
        code=code("goalsplice.stages.plasticity"),
    output:
        "results/runs/arm={arm}/seed={seed}/plasticity.parquet",
    log:
        "results/logs/measure_plasticity/arm={arm}/seed={seed}.log",
    wildcard_constraints:
        arm="|".join(ABLATIONS),
        seed="|".join(map(str, ABLATION_SEEDS)),
    conda:
        "../../envs/study.yaml"
    threads: 1
    params:
        recipe=recipe,
    message:
        "Measuring the plasticity of arm {wildcards.arm}, seed {wildcards.seed}."
    shell:
        "python -m goalsplice.stages.plasticity --arm {wildcards.arm} --seed {wildcards.seed} --recipe {params.recipe:q}"
        " --checkpoints {input.checkpoints:q} --output {output:q} 2> {log:q}"


rule measure_switches:
    """Measure a run's last switches: how far the weights travel, and how well its goal is spliced and retargeted."""
    input:
        checkpoints=lambda wildcards: checkpoints(wildcards.arm, wildcards.seed),
        code=code("goalsplice.stages.switches"),
    output:
        switches="results/runs/arm={arm}/seed={seed}/switches.parquet",
        aims="results/runs/arm={arm}/seed={seed}/aims.parquet",
    log:
        "results/logs/measure_switches/arm={arm}/seed={seed}.log",
    wildcard_constraints:
        arm="|".join(SWITCHED),
        seed="|".join(map(str, ABLATION_SEEDS)),
    conda:
        "../../envs/study.yaml"
    threads: 1
    params:
        recipe=recipe,
        settings=json.dumps({key: config["ablations"][key] for key in ["switches", "levels", "draws"]}),
        retargets=json.dumps(config["retargets"]),
        levels_seed=config["evaluation"]["seed"],
    message:
        "Measuring the switches of arm {wildcards.arm}, seed {wildcards.seed}."
    shell:
        "python -m goalsplice.stages.switches --arm {wildcards.arm} --seed {wildcards.seed} --recipe {params.recipe:q}"
        " --settings {params.settings:q} --retargets {params.retargets:q} --levels-seed {params.levels_seed}"
        " --checkpoints {input.checkpoints:q} --switches-output {output.switches:q} --aims-output {output.aims:q}"
        " 2> {log:q}"


rule combine_ablations:
    """Put the ablation runs' rows of a table together, and check them against the schema."""
    input:
        runs=lambda wildcards: ablation_runs(wildcards.table),
        schemas=project("workflow/schemas/tables.yaml"),
        code=code("goalsplice.stages.combine"),
    output:
        "results/tables/ablation_{table}.parquet",
    log:
        "results/logs/combine_ablations/{table}.log",
    wildcard_constraints:
        table="training|plasticity|switches|aims",
    conda:
        "../../envs/study.yaml"
    shell:
        "python -m goalsplice.stages.combine --table ablation_{wildcards.table} --schemas {input.schemas:q}"
        " --runs {input.runs:q} --output {output:q} 2> {log:q}"


rule measure_ablations:
    """Measure over seeds what each change of the recipe does."""
    input:
        training="results/tables/ablation_training.parquet",
        plasticity="results/tables/ablation_plasticity.parquet",
        switches="results/tables/ablation_switches.parquet",
        aims="results/tables/ablation_aims.parquet",
        schemas=project("workflow/schemas/tables.yaml"),
        code=code("goalsplice.stages.ablations"),
    output:
        runs="results/tables/ablation_runs.parquet",
        ablations="results/tables/ablations.parquet",
    log:
        "results/logs/measure_ablations.log",
    conda:
        "../../envs/study.yaml"
    params:
        arms=json.dumps(study.ablation_arms(config)),
        threshold=config["measures"]["threshold"],
        settled_after=config["ablations"]["settled_after"],
        target=config["retargets"]["target"],
    shell:
        "python -m goalsplice.stages.ablations --training {input.training:q} --plasticity {input.plasticity:q}"
        " --switches {input.switches:q} --aims {input.aims:q} --arms {params.arms:q} --threshold {params.threshold:q}"
        " --settled-after {params.settled_after:q} --target {params.target:q} --schemas {input.schemas:q}"
        " --runs-output {output.runs:q} --output {output.ablations:q} 2> {log:q}"


for figure, tables in ABLATION_FIGURES.items():

    rule:
        """Draw a figure of the ablations."""
        name:
            f"draw_{figure}"
        input:
            tables=expand("results/tables/{table}.parquet", table=tables),
            published=project("workflow/resources/published_seed99.csv") if figure == "world_changes" else [],
            code=code("goalsplice.stages.draw", f"goalsplice.figures.{figure}"),
        output:
            svg=report(
                f"results/figures/{figure}.svg",
                caption=f"../report/{figure}.rst",
                category="Ablations",
                labels={"figure": ABLATION_LABELS[figure]},
            ),
            png=f"results/figures/{figure}.png",
        log:
            f"results/logs/draw/{figure}.log",
        conda:
            "../../envs/study.yaml"
        params:
            figure=figure,
            config=ABLATION_CONFIG,
        shell:
            "python -m goalsplice.stages.draw --figure {params.figure:q} --tables {input.tables:q} {input.published:q}"
            " --config {params.config:q} --outputs {output.svg:q} {output.png:q} 2> {log:q}"


rule publish_ablations:
    """For maintainers: put the ablations' table and figures into docs/results."""
    input:
        table="results/tables/ablations.parquet",
        figures=expand("results/figures/{figure}.png", figure=ABLATION_FIGURES),
        code=code("goalsplice.stages.to_csv"),
    log:
        "results/logs/publish_ablations.log",
    conda:
        "../../envs/study.yaml"
    params:
        output=project("docs/results/ablations.csv"),
        folder=project("docs/results"),
    shell:
        "python -m goalsplice.stages.to_csv --table {input.table:q} --output {params.output:q} 2> {log:q}"
        " && cp {input.figures:q} {params.folder:q} 2>> {log:q}"
