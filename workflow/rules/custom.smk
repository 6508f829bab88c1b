# Edits that the configuration brings (docs/edits.md).

_, CUSTOM_IMPORTS = plugin.sources(config["custom_edits"], PROJECT)


rule custom_edits:
    """Score the configuration's own edits of one run as the splices are scored."""
    input:
        checkpoints=lambda wildcards: checkpoints_of(wildcards.arm, wildcards.seed, SPLICED_PHASES[wildcards.arm]),
        other_checkpoints=other_checkpoints,
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
        **made_by(
            "goalsplice.cli.custom_edits",
            *CUSTOM_IMPORTS,
            recipe=recipe,
            splices=sections.Splices.passed(config),
            levels_seed=config["evaluation"]["seed"],
            phases=lambda wildcards: SPLICED_PHASES[wildcards.arm],
            other_seed=other_seed,
            # Functions' values are taken as they are. In a string, an edit's name such as {arm} would be a wildcard.
            edits=lambda wildcards: json.dumps(config["custom_edits"], sort_keys=True),
            files=plugin.digest(config["custom_edits"], PROJECT),
        ),
        project=project("."),
    message:
        "Scoring custom edits of arm {wildcards.arm}, seed {wildcards.seed}."
    shell:
        "python -m goalsplice.cli.custom_edits --made {params.made:q} --arm {wildcards.arm} --seed {wildcards.seed}"
        " --recipe {params.recipe:q} --splices {params.splices:q} --levels-seed {params.levels_seed}"
        " --phases {params.phases} --checkpoints {input.checkpoints:q} {params.other_seed} {input.other_checkpoints:q}"
        " --edits {params.edits:q} --files {params.files} --project {params.project:q} --output {output:q} 2> {log:q}"


rule leaderboard:
    """Rank custom edits beside the study's own, and say on the terminal which of them have no score."""
    input:
        splices="results/tables/splices.parquet",
        custom="results/tables/custom_edits.parquet",
    output:
        leaderboard="results/tables/leaderboard.parquet",
        entries="results/tables/leaderboard_entries.parquet",
    log:
        "results/logs/leaderboard.log",
    conda:
        "../../envs/study.yaml"
    params:
        **made_by(
            "goalsplice.cli.leaderboard",
            schema=schema_of("leaderboard", "leaderboard_entries"),
        ),
        schemas=SCHEMAS,
    shell:
        "python -m goalsplice.cli.leaderboard --made {params.made:q}"
        " --splices {input.splices:q} --custom {input.custom:q}"
        " --schemas {params.schemas:q} --leaderboard {output.leaderboard:q} --entries {output.entries:q} 2> {log:q}"
