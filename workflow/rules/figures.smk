# One rule for each figure of the registry. Each reads tables only, so that drawing never recomputes a result.

# What each arm sees, by which figures call it.
SEEN = {arm: {key: RECIPES[arm][key] for key in ("encoding", "view_size", "grid_size")} for arm in ARMS}
# What else figures need of the configuration, by the registry's name for it.
FIGURE_SETTINGS = {
    None: {},
    "measures": {**config["figures"], **config["measures"]},
    "pairs": {"pairs": config["splices"]["pairs"]},
    # The doses that were chosen on the tuning seeds.
    "tuned": {"retargeting": {key: config["retargeting"][key] for key in ("target", "strength", "weight_share")}},
    # And each reference's own values.
    "ablations": {
        "threshold": config["measures"]["threshold"],
        "burn_in": config["ablations"]["burn_in"],
        "recipes": {arm: ABLATIONS[arm] for arm, group in GROUPS.items() if group == study.REFERENCE},
    },
}

for figure, drawn in REGISTRY.figures.items():

    rule:
        """Draw a figure."""
        name:
            f"draw_{figure}"
        input:
            tables=expand("results/tables/{table}.parquet", table=drawn.tables),
        output:
            svg=report(
                f"results/figures/{figure}.svg",
                caption=f"../report/{figure}.rst",
                category=drawn.category,
                labels={"figure": drawn.label},
            ),
            png=f"results/figures/{figure}.png",
        log:
            f"results/logs/draw/{figure}.log",
        conda:
            "../../envs/study.yaml"
        params:
            **made_by(
                "goalsplice.cli.draw",
                f"goalsplice.figures.{figure}",
                figure=figure,
                config=json.dumps({**FIGURE_SETTINGS[drawn.settings], "arms": SEEN}),
                published=PUBLISHED_DIGEST,
            ),
            learning_curve=PUBLISHED,
        shell:
            "python -m goalsplice.cli.draw --made {params.made:q} --figure {params.figure:q}"
            " --published {params.learning_curve:q} --tables {input.tables:q} --config {params.config:q}"
            " --outputs {output.svg:q} {output.png:q} 2> {log:q}"

    # `--list-rules` shows it.
    workflow.get_rule(f"draw_{figure}").docstring = f"Draw {drawn.draws}."


rule animate_behaviour:
    """Animate the levels that were recorded."""
    input:
        behaviour="results/tables/behaviour.parquet",
    output:
        "results/figures/behaviour.gif",
    log:
        "results/logs/draw/behaviour_gif.log",
    conda:
        "../../envs/study.yaml"
    params:
        **made_by("goalsplice.cli.animate"),
    shell:
        "python -m goalsplice.cli.animate --made {params.made:q} --behaviour {input.behaviour:q} --output {output:q}"
        " 2> {log:q}"
