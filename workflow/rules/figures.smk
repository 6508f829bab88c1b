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
