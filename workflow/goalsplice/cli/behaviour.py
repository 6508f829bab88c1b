"""Play given levels with an unedited and an edited actor, and write down every step."""

from pathlib import Path

from goalsplice.agent.finetuning import load_actor
from goalsplice.cli import runs
from goalsplice.experiments.behaviour import record
from goalsplice.io.errors import run
from goalsplice.io.tables import write_table
from goalsplice.world.vocabulary import THIRD_KEY_COLOURS


def main() -> None:
    parser = runs.arguments(__doc__, levels_seed=True)
    parser.add_argument("--phase", type=int, required=True)
    parser.add_argument("--checkpoint", type=Path, required=True, help="the unedited agent's")
    parser.add_argument("--edited", type=Path, required=True, help="the edited actor, of the same run and phase")
    parser.add_argument("--level-distribution", choices=THIRD_KEY_COLOURS, required=True, help="of the levels")
    parser.add_argument("--levels", type=int, nargs="+", required=True, help="numbers of the levels, from 0")
    parser.add_argument("--action-selection", choices=["sampling", "greedy"], required=True, help="how actions follow")
    parser.add_argument("--schemas", required=True, help="workflow/schemas/tables.yaml")
    parser.add_argument("--output", required=True, help="where the behaviour table goes")
    options = runs.parse(parser)
    recipe, phase = options.recipe, options.phase

    unedited = runs.load(options, [options.checkpoint], [phase]).checkpoints[phase]
    edited, _ = load_actor(options.edited, recipe, arm=options.arm, seed=options.seed, phase=phase)
    actors = {"unedited": unedited.actor, "edited": edited}
    frame = record(
        actors, recipe, options.level_distribution, options.levels, options.levels_seed, options.action_selection
    )
    said = {"arm": options.arm, "seed": options.seed, "phase": phase, "wanted": unedited.objective}
    write_table(options.output, frame.assign(**said), options.schemas, "behaviour")


if __name__ == "__main__":
    run(main)
