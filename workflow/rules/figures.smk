# One rule for each figure. Each reads tables only, so that drawing never recomputes a result.

FIGURE_CONFIG = json.dumps({**config["figures"], **config["measures"]})


rule draw_world:
    """Draw the world as MiniGrid renders it."""
    input:
        code=code("goalsplice.stages.draw", "goalsplice.figures.world"),
    output:
        svg=report(
            "results/figures/world.svg",
            caption="../report/world.rst",
            category="World",
            labels={"figure": "The world"},
        ),
        png="results/figures/world.png",
    log:
        "results/logs/draw/world.log",
    conda:
        "../../envs/study.yaml"
    params:
        config="{}",
    shell:
        "python -m goalsplice.stages.draw --figure world --config {params.config:q}"
        " --outputs {output.svg:q} {output.png:q} 2> {log:q}"


rule draw_alternation:
    """Draw the return of one seed against environment steps."""
    input:
        tables=[
            "results/tables/training.parquet",
            "results/tables/references.parquet",
            project("workflow/resources/published_seed99.csv"),
        ],
        code=code("goalsplice.stages.draw", "goalsplice.figures.alternation"),
    output:
        svg=report(
            "results/figures/alternation.svg",
            caption="../report/alternation.rst",
            category="Learning",
            labels={"figure": "Return while the objective alternates, one seed"},
        ),
        png="results/figures/alternation.png",
    log:
        "results/logs/draw/alternation.log",
    conda:
        "../../envs/study.yaml"
    params:
        config=FIGURE_CONFIG,
    shell:
        "python -m goalsplice.stages.draw --figure alternation --tables {input.tables:q} --config {params.config:q}"
        " --outputs {output.svg:q} {output.png:q} 2> {log:q}"


rule draw_seeds:
    """Draw the same for every seed."""
    input:
        tables=[
            "results/tables/training.parquet",
            "results/tables/references.parquet",
        ],
        code=code("goalsplice.stages.draw", "goalsplice.figures.seeds"),
    output:
        svg=report(
            "results/figures/seeds.svg",
            caption="../report/seeds.rst",
            category="Learning",
            labels={"figure": "Return while the objective alternates, every seed"},
        ),
        png="results/figures/seeds.png",
    log:
        "results/logs/draw/seeds.log",
    conda:
        "../../envs/study.yaml"
    params:
        config=FIGURE_CONFIG,
    shell:
        "python -m goalsplice.stages.draw --figure seeds --tables {input.tables:q} --config {params.config:q}"
        " --outputs {output.svg:q} {output.png:q} 2> {log:q}"


rule draw_learning:
    """Draw how well and how fast phases are learned."""
    input:
        tables=[
            "results/tables/phases.parquet",
            "results/tables/measures.parquet",
            "results/tables/references.parquet",
        ],
        code=code("goalsplice.stages.draw", "goalsplice.figures.learning"),
    output:
        svg=report(
            "results/figures/learning.svg",
            caption="../report/learning.rst",
            category="Learning",
            labels={"figure": "How well and how fast each phase is learned"},
        ),
        png="results/figures/learning.png",
    log:
        "results/logs/draw/learning.log",
    conda:
        "../../envs/study.yaml"
    params:
        config=FIGURE_CONFIG,
    shell:
        "python -m goalsplice.stages.draw --figure learning --tables {input.tables:q} --config {params.config:q}"
        " --outputs {output.svg:q} {output.png:q} 2> {log:q}"


rule draw_choices:
    """Draw which key the checkpoints take."""
    input:
        tables=[
            "results/tables/evaluation.parquet",
        ],
        code=code("goalsplice.stages.draw", "goalsplice.figures.choices"),
    output:
        svg=report(
            "results/figures/choices.svg",
            caption="../report/choices.rst",
            category="Goals",
            labels={"figure": "Which key each checkpoint takes"},
        ),
        png="results/figures/choices.png",
    log:
        "results/logs/draw/choices.log",
    conda:
        "../../envs/study.yaml"
    params:
        config=FIGURE_CONFIG,
    shell:
        "python -m goalsplice.stages.draw --figure choices --tables {input.tables:q} --config {params.config:q}"
        " --outputs {output.svg:q} {output.png:q} 2> {log:q}"


rule draw_layer_splices:
    """Draw what splicing each set of layers does."""
    input:
        tables=[
            "results/tables/splices.parquet",
            "results/tables/recoveries.parquet",
            "results/tables/edit_effects.parquet",
        ],
        code=code("goalsplice.stages.draw", "goalsplice.figures.layer_splices"),
    output:
        svg=report(
            "results/figures/layer_splices.svg",
            caption="../report/layer_splices.rst",
            category="Goals",
            labels={"figure": "Which layers carry the choice"},
        ),
        png="results/figures/layer_splices.png",
    log:
        "results/logs/draw/layer_splices.log",
    conda:
        "../../envs/study.yaml"
    params:
        config=FIGURE_CONFIG,
    shell:
        "python -m goalsplice.stages.draw --figure layer_splices --tables {input.tables:q} --config {params.config:q}"
        " --outputs {output.svg:q} {output.png:q} 2> {log:q}"


rule draw_costs:
    """Draw what each stage costs in time and memory."""
    input:
        tables=[
            "results/tables/benchmarks.parquet",
        ],
        code=code("goalsplice.stages.draw", "goalsplice.figures.costs"),
    output:
        svg=report(
            "results/figures/costs.svg",
            caption="../report/costs.rst",
            category="Costs",
            labels={"figure": "Time and memory of each stage"},
        ),
        png="results/figures/costs.png",
    log:
        "results/logs/draw/costs.log",
    conda:
        "../../envs/study.yaml"
    params:
        config="{}",
    shell:
        "python -m goalsplice.stages.draw --figure costs --tables {input.tables:q} --config {params.config:q}"
        " --outputs {output.svg:q} {output.png:q} 2> {log:q}"


rule draw_leaderboard:
    """Draw custom edits among the study's own, ranked."""
    input:
        tables=[
            "results/tables/leaderboard.parquet",
            "results/tables/leaderboard_entries.parquet",
        ],
        code=code("goalsplice.stages.draw", "goalsplice.figures.leaderboard"),
    output:
        svg=report(
            "results/figures/leaderboard.svg",
            caption="../report/leaderboard.rst",
            category="Goals",
            labels={"figure": "Custom edits among the study's own"},
        ),
        png="results/figures/leaderboard.png",
    log:
        "results/logs/draw/leaderboard.log",
    conda:
        "../../envs/study.yaml"
    params:
        config="{}",
    shell:
        "python -m goalsplice.stages.draw --figure leaderboard --tables {input.tables:q} --config {params.config:q}"
        " --outputs {output.svg:q} {output.png:q} 2> {log:q}"


PAIRS_CONFIG = json.dumps({"pairs": config["splices"]["pairs"]})


rule draw_anatomy:
    """Draw where the weights change between neighbouring phases."""
    input:
        tables=[
            "results/tables/anatomy.parquet",
            "results/tables/exchanges.parquet",
        ],
        code=code("goalsplice.stages.draw", "goalsplice.figures.anatomy"),
    output:
        svg=report(
            "results/figures/anatomy.svg",
            caption="../report/anatomy.rst",
            category="Goals",
            labels={"figure": "Where the weights change"},
        ),
        png="results/figures/anatomy.png",
    log:
        "results/logs/draw/anatomy.log",
    conda:
        "../../envs/study.yaml"
    params:
        config=PAIRS_CONFIG,
    shell:
        "python -m goalsplice.stages.draw --figure anatomy --tables {input.tables:q} --config {params.config:q}"
        " --outputs {output.svg:q} {output.png:q} 2> {log:q}"


rule draw_directions:
    """Draw whether every switch changes the weights in the same direction."""
    input:
        tables=[
            "results/tables/directions.parquet",
            "results/tables/directions_between_runs.parquet",
        ],
        code=code("goalsplice.stages.draw", "goalsplice.figures.directions"),
    output:
        svg=report(
            "results/figures/directions.svg",
            caption="../report/directions.rst",
            category="Goals",
            labels={"figure": "Whether every switch goes the same way"},
        ),
        png="results/figures/directions.png",
    log:
        "results/logs/draw/directions.log",
    conda:
        "../../envs/study.yaml"
    params:
        config=PAIRS_CONFIG,
    shell:
        "python -m goalsplice.stages.draw --figure directions --tables {input.tables:q} --config {params.config:q}"
        " --outputs {output.svg:q} {output.png:q} 2> {log:q}"


rule draw_inputs:
    """Draw which inputs of layer 1 carry the choice."""
    input:
        tables=[
            "results/tables/recoveries.parquet",
            "results/tables/edit_effects.parquet",
        ],
        code=code("goalsplice.stages.draw", "goalsplice.figures.inputs"),
    output:
        svg=report(
            "results/figures/inputs.svg",
            caption="../report/inputs.rst",
            category="Goals",
            labels={"figure": "Which inputs of layer 1 carry the choice"},
        ),
        png="results/figures/inputs.png",
    log:
        "results/logs/draw/inputs.log",
    conda:
        "../../envs/study.yaml"
    params:
        config=FIGURE_CONFIG,
    shell:
        "python -m goalsplice.stages.draw --figure inputs --tables {input.tables:q} --config {params.config:q}"
        " --outputs {output.svg:q} {output.png:q} 2> {log:q}"


rule draw_doses:
    """Draw how many weights, units or dimensions carry the choice."""
    input:
        tables=[
            "results/tables/recoveries.parquet",
            "results/tables/edit_effects.parquet",
            "results/tables/smallest_edits.parquet",
        ],
        code=code("goalsplice.stages.draw", "goalsplice.figures.doses"),
    output:
        svg=report(
            "results/figures/doses.svg",
            caption="../report/doses.rst",
            category="Goals",
            labels={"figure": "How many weights, units or dimensions carry the choice"},
        ),
        png="results/figures/doses.png",
    log:
        "results/logs/draw/doses.log",
    conda:
        "../../envs/study.yaml"
    params:
        config=FIGURE_CONFIG,
    shell:
        "python -m goalsplice.stages.draw --figure doses --tables {input.tables:q} --config {params.config:q}"
        " --outputs {output.svg:q} {output.png:q} 2> {log:q}"


rule draw_path:
    """Draw what lies on the path through two checkpoints."""
    input:
        tables=[
            "results/tables/recoveries.parquet",
            "results/tables/edit_effects.parquet",
        ],
        code=code("goalsplice.stages.draw", "goalsplice.figures.path"),
    output:
        svg=report(
            "results/figures/path.svg",
            caption="../report/path.rst",
            category="Goals",
            labels={"figure": "Between two checkpoints, and beyond"},
        ),
        png="results/figures/path.png",
    log:
        "results/logs/draw/path.log",
    conda:
        "../../envs/study.yaml"
    params:
        config=FIGURE_CONFIG,
    shell:
        "python -m goalsplice.stages.draw --figure path --tables {input.tables:q} --config {params.config:q}"
        " --outputs {output.svg:q} {output.png:q} 2> {log:q}"


rule draw_transport:
    """Draw what a goal vector does in other phases and other runs."""
    input:
        tables=[
            "results/tables/transports.parquet",
        ],
        code=code("goalsplice.stages.draw", "goalsplice.figures.transport"),
    output:
        svg=report(
            "results/figures/transport.svg",
            caption="../report/transport.rst",
            category="Goals",
            labels={"figure": "A goal vector in other phases and runs"},
        ),
        png="results/figures/transport.png",
    log:
        "results/logs/draw/transport.log",
    conda:
        "../../envs/study.yaml"
    params:
        config=FIGURE_CONFIG,
    shell:
        "python -m goalsplice.stages.draw --figure transport --tables {input.tables:q} --config {params.config:q}"
        " --outputs {output.svg:q} {output.png:q} 2> {log:q}"


rule draw_probes:
    """Draw what linear probes read from each layer."""
    input:
        tables=[
            "results/tables/probes.parquet",
        ],
        code=code("goalsplice.stages.draw", "goalsplice.figures.probes"),
    output:
        svg=report(
            "results/figures/probes.svg",
            caption="../report/probes.rst",
            category="Goals",
            labels={"figure": "What linear probes read from each layer"},
        ),
        png="results/figures/probes.png",
    log:
        "results/logs/draw/probes.log",
    conda:
        "../../envs/study.yaml"
    params:
        config=FIGURE_CONFIG,
    shell:
        "python -m goalsplice.stages.draw --figure probes --tables {input.tables:q} --config {params.config:q}"
        " --outputs {output.svg:q} {output.png:q} 2> {log:q}"


rule draw_retargets:
    """Draw which edits make the agent fetch yellow."""
    input:
        tables=[
            "results/tables/retargets.parquet",
            "results/tables/continued.parquet",
        ],
        code=code("goalsplice.stages.draw", "goalsplice.figures.retargets"),
    output:
        svg=report(
            "results/figures/retargets.svg",
            caption="../report/retargets.rst",
            category="Yellow",
            labels={"figure": "Edits that make the agent fetch yellow"},
        ),
        png="results/figures/retargets.png",
    log:
        "results/logs/draw/retargets.log",
    conda:
        "../../envs/study.yaml"
    params:
        config="{}",
    shell:
        "python -m goalsplice.stages.draw --figure retargets --tables {input.tables:q} --config {params.config:q}"
        " --outputs {output.svg:q} {output.png:q} 2> {log:q}"


rule draw_retarget_doses:
    """Draw the same against strength, and against how much of the network is edited."""
    input:
        tables=[
            "results/tables/retargets.parquet",
        ],
        code=code("goalsplice.stages.draw", "goalsplice.figures.retarget_doses"),
    output:
        svg=report(
            "results/figures/retarget_doses.svg",
            caption="../report/retarget_doses.rst",
            category="Yellow",
            labels={"figure": "How strong, and how few weights"},
        ),
        png="results/figures/retarget_doses.png",
    log:
        "results/logs/draw/retarget_doses.log",
    conda:
        "../../envs/study.yaml"
    params:
        config="{}",
    shell:
        "python -m goalsplice.stages.draw --figure retarget_doses --tables {input.tables:q} --config {params.config:q}"
        " --outputs {output.svg:q} {output.png:q} 2> {log:q}"


rule draw_retarget_phases:
    """Draw what the chosen edits do in the checkpoints of all phases."""
    input:
        tables=[
            "results/tables/retargets.parquet",
        ],
        code=code("goalsplice.stages.draw", "goalsplice.figures.retarget_phases"),
    output:
        svg=report(
            "results/figures/retarget_phases.svg",
            caption="../report/retarget_phases.rst",
            category="Yellow",
            labels={"figure": "When the handle appears"},
        ),
        png="results/figures/retarget_phases.png",
    log:
        "results/logs/draw/retarget_phases.log",
    conda:
        "../../envs/study.yaml"
    params:
        config="{}",
    shell:
        "python -m goalsplice.stages.draw --figure retarget_phases --tables {input.tables:q} --config {params.config:q}"
        " --outputs {output.svg:q} {output.png:q} 2> {log:q}"


rule draw_perception:
    """Draw whether edited agents still tell the colours apart."""
    input:
        tables=[
            "results/tables/perceptions.parquet",
        ],
        code=code("goalsplice.stages.draw", "goalsplice.figures.perception"),
    output:
        svg=report(
            "results/figures/perception.svg",
            caption="../report/perception.rst",
            category="Yellow",
            labels={"figure": "Goal or perception"},
        ),
        png="results/figures/perception.png",
    log:
        "results/logs/draw/perception.log",
    conda:
        "../../envs/study.yaml"
    params:
        config="{}",
    shell:
        "python -m goalsplice.stages.draw --figure perception --tables {input.tables:q} --config {params.config:q}"
        " --outputs {output.svg:q} {output.png:q} 2> {log:q}"


rule draw_behaviour:
    """Draw one level, played by the unedited and the edited agent."""
    input:
        tables=[
            "results/tables/behaviour.parquet",
        ],
        code=code("goalsplice.stages.draw", "goalsplice.figures.behaviour"),
    output:
        svg=report(
            "results/figures/behaviour.svg",
            caption="../report/behaviour.rst",
            category="Yellow",
            labels={"figure": "One level, unedited and edited"},
        ),
        png="results/figures/behaviour.png",
    log:
        "results/logs/draw/behaviour.log",
    conda:
        "../../envs/study.yaml"
    params:
        config="{}",
    shell:
        "python -m goalsplice.stages.draw --figure behaviour --tables {input.tables:q} --config {params.config:q}"
        " --outputs {output.svg:q} {output.png:q} 2> {log:q}"


rule animate_behaviour:
    """Animate the levels that were recorded."""
    input:
        behaviour="results/tables/behaviour.parquet",
        code=code("goalsplice.stages.animate"),
    output:
        "results/figures/behaviour.gif",
    log:
        "results/logs/draw/behaviour_gif.log",
    conda:
        "../../envs/study.yaml"
    shell:
        "python -m goalsplice.stages.animate --behaviour {input.behaviour:q} --output {output:q} 2> {log:q}"
