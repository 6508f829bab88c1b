"""Save a checkpoint's actor with the chosen edit for the new colour, in a file like a checkpoint's."""

from pathlib import Path

from goalsplice.agent.finetuning import save_actor
from goalsplice.agent.network import Agent
from goalsplice.cli import runs
from goalsplice.edits.retargeting import preregistered
from goalsplice.experiments.retargeting import context_of
from goalsplice.io.errors import run
from goalsplice.settings.sections import Retargeting


def main() -> None:
    parser = runs.arguments(__doc__, Retargeting)
    parser.add_argument("--phase", type=int, required=True)
    parser.add_argument("--checkpoint", type=Path, required=True)
    parser.add_argument("--output", required=True, help="where the edited actor goes")
    options = runs.parse(parser)
    recipe, settings, phase = options.recipe, options.retargeting, options.phase
    this = runs.load(options, [options.checkpoint], [phase])
    edit = next(iter(preregistered(recipe.encoding, settings).values()))
    agent = Agent(recipe.world.inputs, recipe.hidden_size)
    agent.actor.load_state_dict(edit.make(context_of(this, phase, settings.level_distributions[0])))
    save_actor(options.output, agent, this.header(phase, settings.target))


if __name__ == "__main__":
    run(main)
