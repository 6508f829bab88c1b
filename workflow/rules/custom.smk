# Edits that the configuration brings (docs/edits.md).

CUSTOM_FILES, CUSTOM_IMPORTS = plugin.sources(config["custom_edits"], workflow.basedir)


rule custom_edits:
    """Score the configuration's own edits of one run as the splices are scored."""
    input:
        checkpoints=lambda wildcards: checkpoints(wildcards.arm, wildcards.seed, SPLICED_PHASES[wildcards.arm]),
        other_checkpoints=other_checkpoints,
        edits=[os.path.relpath(path) for path in CUSTOM_FILES],
        code=code("goalsplice.stages.custom_edits", *CUSTOM_IMPORTS),
    output:
        "results/runs/arm={arm}/seed={seed}/custom_edits.parquet",
    log:
        "results/logs/custom_edits/arm={arm}/seed={seed}.log",
    benchmark:
        "results/benchmarks/custom_edits/arm={arm}/seed={seed}.tsv"
    conda:
        "../../envs/study.yaml"
    threads: 1
    params:
        recipe=recipe,
        splices=json.dumps(config["splices"]),
        levels_seed=config["evaluation"]["seed"],
        phases=lambda wildcards: SPLICED_PHASES[wildcards.arm],
        other_seed=other_seed,
        # Functions' values are taken as they are. In a string, an edit's name such as {arm} would be a wildcard.
        edits=lambda wildcards: json.dumps(config["custom_edits"]),
        project=project("."),
    message:
        "Scoring custom edits of arm {wildcards.arm}, seed {wildcards.seed}."
    shell:
        "python -m goalsplice.stages.custom_edits --arm {wildcards.arm} --seed {wildcards.seed}"
        " --recipe {params.recipe:q} --splices {params.splices:q} --levels-seed {params.levels_seed}"
        " --phases {params.phases} --checkpoints {input.checkpoints:q} {params.other_seed} {input.other_checkpoints:q}"
        " --edits {params.edits:q} --project {params.project:q} --output {output:q} 2> {log:q}"


rule leaderboard:
    """Rank custom edits beside the study's own, and say on the terminal which of them have no score."""
    input:
        splices="results/tables/splices.parquet",
        custom="results/tables/custom_edits.parquet",
        schemas=project("workflow/schemas/tables.yaml"),
        code=code("goalsplice.stages.leaderboard"),
    output:
        leaderboard="results/tables/leaderboard.parquet",
        entries="results/tables/leaderboard_entries.parquet",
    log:
        "results/logs/leaderboard.log",
    conda:
        "../../envs/study.yaml"
    shell:
        "python -m goalsplice.stages.leaderboard --splices {input.splices:q} --custom {input.custom:q}"
        " --schemas {input.schemas:q} --leaderboard {output.leaderboard:q} --entries {output.entries:q} 2> {log:q}"
