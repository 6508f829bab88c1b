# Large tables over seeds, from which figures and the published tables are taken.

for topic, summarised in REGISTRY.over_seeds().items():

    rule:
        """Put a table over seeds: each run's values, and their interquartile means with intervals."""
        name:
            f"over_seeds_{topic}"
        input:
            tables=expand("results/tables/{table}.parquet", table=summarised.of),
        output:
            f"results/tables/{topic}_over_seeds.parquet",
        log:
            f"results/logs/over_seeds/{topic}.log",
        conda:
            "../../envs/study.yaml"
        params:
            **made_by(
                "goalsplice.cli.over_seeds",
                f"goalsplice.analysis.summaries.{topic}",
                settings=json.dumps({"late": LATE_PHASES, "threshold": config["measures"]["threshold"]}),
                schema=schema_of(f"{topic}_over_seeds"),
                summary=topic,
            ),
            schemas=SCHEMAS,
        shell:
            "python -m goalsplice.cli.over_seeds --made {params.made:q} --summary {params.summary:q}"
            " --tables {input.tables:q} --settings {params.settings:q} --schemas {params.schemas:q}"
            " --output {output:q} 2> {log:q}"


rule verdicts:
    """Judge whether each edit changed what the agents want, or what they see."""
    input:
        perception="results/tables/perception.parquet",
    output:
        "results/tables/verdicts.parquet",
    log:
        "results/logs/verdicts.log",
    conda:
        "../../envs/study.yaml"
    params:
        **made_by(
            "goalsplice.cli.verdicts",
            schema=schema_of("verdicts"),
        ),
        schemas=SCHEMAS,
    shell:
        "python -m goalsplice.cli.verdicts --made {params.made:q} --perception {input.perception:q}"
        " --schemas {params.schemas:q} --output {output:q} 2> {log:q}"
