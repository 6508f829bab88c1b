# One rule for each figure. Each reads tables only, so that drawing never recomputes a result.

FIGURE_CONFIG = {**config["figures"], **config["measures"]}
PAIRS_CONFIG = {"pairs": config["splices"]["pairs"]}
# The doses that were chosen on the tuning seeds.
TUNED_CONFIG = {"retargets": {key: config["retargets"][key] for key in ("target", "strength", "share")}}
# What figures of the ablations need of the configuration, and each reference's own values.
ABLATION_CONFIG = {
    "threshold": config["measures"]["threshold"],
    "settled_after": config["ablations"]["settled_after"],
    "recipes": {arm: ABLATIONS[arm] for arm, group in GROUPS.items() if group == study.REFERENCE},
}
# What each arm sees, by which figures call it.
SEEN = {arm: {key: RECIPES[arm][key] for key in ("encoding", "view_size", "grid_size")} for arm in ARMS}
# Figure: where the report has it, how it is called there, what its rule does, its tables, and what it needs to know.
DRAWN = {
    "world": (
        "World",
        "The world",
        "Draw the world as MiniGrid renders it.",
        [],
        {},
    ),
    "alternation": (
        "Learning",
        "Return while the objective alternates, one seed",
        "Draw the return of one seed against environment steps.",
        ["training", "references"],
        FIGURE_CONFIG,
    ),
    "seeds": (
        "Learning",
        "Return while the objective alternates, every seed",
        "Draw the same for every seed.",
        ["training", "references"],
        FIGURE_CONFIG,
    ),
    "learning": (
        "Learning",
        "How well and how fast each phase is learned",
        "Draw how well and how fast phases are learned.",
        ["phases_over_seeds", "measures", "summary", "references"],
        FIGURE_CONFIG,
    ),
    "choices": (
        "Goals",
        "Which key each checkpoint takes",
        "Draw which key the checkpoints take.",
        ["evaluation", "evaluation_over_seeds"],
        FIGURE_CONFIG,
    ),
    "layer_splices": (
        "Goals",
        "Which layers carry the choice",
        "Draw what splicing each set of layers does.",
        ["splices", "splices_over_seeds", "recoveries", "edit_effects"],
        FIGURE_CONFIG,
    ),
    "costs": (
        "Costs",
        "Time and memory of each stage",
        "Draw what each stage costs in time and memory.",
        ["benchmarks", "costs"],
        {},
    ),
    "leaderboard": (
        "Goals",
        "Custom edits among the study's own",
        "Draw custom edits among the study's own, ranked.",
        ["leaderboard", "leaderboard_entries"],
        {},
    ),
    "anatomy": (
        "Goals",
        "Where the weights change",
        "Draw where the weights change between neighbouring phases.",
        ["anatomy", "anatomy_over_seeds", "exchanges_over_seeds"],
        PAIRS_CONFIG,
    ),
    "directions": (
        "Goals",
        "Whether every switch goes the same way",
        "Draw whether every switch changes the weights in the same direction.",
        ["directions_over_seeds"],
        PAIRS_CONFIG,
    ),
    "inputs": (
        "Goals",
        "Which inputs of layer 1 carry the choice",
        "Draw which inputs of layer 1 carry the choice.",
        ["recoveries", "edit_effects"],
        FIGURE_CONFIG,
    ),
    "doses": (
        "Goals",
        "How many weights, units or dimensions carry the choice",
        "Draw how many weights, units or dimensions carry the choice.",
        ["recoveries", "edit_effects", "smallest_edits"],
        FIGURE_CONFIG,
    ),
    "path": (
        "Goals",
        "Between two checkpoints, and beyond",
        "Draw what lies on the path through two checkpoints.",
        ["recoveries", "edit_effects"],
        FIGURE_CONFIG,
    ),
    "transport": (
        "Goals",
        "A goal vector in other phases and runs",
        "Draw what a goal vector does in other phases and other runs.",
        ["transports", "transports_over_seeds"],
        FIGURE_CONFIG,
    ),
    "probes": (
        "Goals",
        "What linear probes read from each layer",
        "Draw what linear probes read from each layer.",
        ["probes", "probes_over_seeds"],
        FIGURE_CONFIG,
    ),
    "retargets": (
        "Yellow",
        "Edits that make the agent fetch yellow",
        "Draw which edits make the agent fetch yellow.",
        ["retargets", "retargets_over_seeds", "retarget_effects", "continued", "continued_over_seeds"],
        TUNED_CONFIG,
    ),
    "retarget_doses": (
        "Yellow",
        "How strong, and how few weights",
        "Draw the same against strength, and against how much of the network is edited.",
        ["retargets", "retargets_over_seeds"],
        {},
    ),
    "retarget_phases": (
        "Yellow",
        "When the handle appears",
        "Draw what the chosen edits do in the checkpoints of all phases.",
        ["retargets", "retargets_over_seeds"],
        {},
    ),
    "perception": (
        "Yellow",
        "Goal or perception",
        "Draw whether edited agents still tell the colours apart.",
        ["perceptions", "perceptions_over_seeds", "verdicts"],
        {},
    ),
    "behaviour": (
        "Yellow",
        "One level, unedited and edited",
        "Draw one level, played by the unedited and the edited agent.",
        ["behaviour"],
        {},
    ),
    "schedules": (
        "Ablations",
        "Schedules of the objective",
        "Draw what the schedule of the objective does to switching.",
        ["ablation_runs", "ablations"],
        ABLATION_CONFIG,
    ),
    "hyperparameters": (
        "Ablations",
        "Hyperparameters, one at a time",
        "Draw what one hyperparameter at a time does to switching.",
        ["ablation_runs", "ablations"],
        ABLATION_CONFIG,
    ),
    "world_changes": (
        "Ablations",
        "What makes early learning slow",
        "Draw what in the world makes early learning slow.",
        ["ablation_training", "ablation_runs", "ablations"],
        ABLATION_CONFIG,
    ),
    "plasticity": (
        "Ablations",
        "Whether learning gets worse over phases",
        "Draw what weight decay does to the ability to learn.",
        ["ablation_phases_over_seeds", "ablations"],
        ABLATION_CONFIG,
    ),
}

for figure, (category, label, what, tables, settings) in DRAWN.items():

    rule:
        """Draw a figure."""
        name:
            f"draw_{figure}"
        input:
            tables=expand("results/tables/{table}.parquet", table=tables),
        output:
            svg=report(
                f"results/figures/{figure}.svg",
                caption=f"../report/{figure}.rst",
                category=category,
                labels={"figure": label},
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
                config=json.dumps({**settings, "arms": SEEN}),
                published=PUBLISHED_DIGEST,
            ),
            learning_curve=PUBLISHED,
        shell:
            "python -m goalsplice.cli.draw --made {params.made:q} --figure {params.figure:q}"
            " --published {params.learning_curve:q} --tables {input.tables:q} --config {params.config:q}"
            " --outputs {output.svg:q} {output.png:q} 2> {log:q}"

    # `--list-rules` shows it.
    workflow.get_rule(f"draw_{figure}").docstring = what


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
